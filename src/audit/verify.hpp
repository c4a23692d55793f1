// Verification of a whole log: needs the public key and, to catch a rolled-back or rewritten log, any earlier head that
// left the machine.
#pragma once
#include <iosfwd>
#include <optional>
#include <string>

#include "audit/tree.hpp"
#include "storage/database.hpp"

namespace xinyi::audit {

struct Report {
  bool sound = false;
  std::uint64_t events = 0;  // leaves read
  std::uint64_t sealed = 0;  // of these, covered by a verified head
  std::optional<Head> head;  // the newest verified head
  /// The first leaf that is known to be wrong. When the evidence names only a range (leaf hashes were recomputed by
  /// the forger), the first leaf of the range, and `last_bad` its last one.
  std::optional<std::uint64_t> first_bad, last_bad;
  std::string code;    // "sound", "gap", "changed", "tile", "head_signature", "root", "short", "malformed"
  std::string zh, en;  // one sentence for people
  double seconds = 0;
};

struct VerifyOptions {
  int threads = 2;
  bool compare_roots = true;  // a control for tests: without it, a careful forger is not found
};

/// Re-encodes and hashes every stored row, compares tiles, the newest stored head and `earlier`.
Report verify_log(storage::Database& db, const SchoolId& school, const crypto::SignPublic& log_public,
                  const std::optional<Head>& earlier, const VerifyOptions& options = {});

/// The log as a file that needs no database: "xinyi log v1\n", then u32 length + leaf bytes for each leaf. Pages by number.
void export_log(storage::Database& db, const SchoolId& school, std::ostream& out);
/// The same judgement over such a file against one head.
Report verify_export(std::istream& in, const crypto::SignPublic& log_public, const Head& head);

}  // namespace xinyi::audit
