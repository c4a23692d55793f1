// Heads: signing the log's state, copying it out of the machine, proving from the stored tiles.
#pragma once
#include <exception>
#include <optional>
#include <string>
#include <vector>

#include "audit/tree.hpp"
#include "storage/lease.hpp"

namespace xinyi::audit {

/// The log is not what an earlier head says. Nothing was signed; the operator must look.
class Damaged : public std::exception {
 public:
  Damaged(std::string what, std::uint64_t leaf) : what_(std::move(what)), leaf_(leaf) {}
  const char* what() const noexcept override { return what_.c_str(); }
  std::uint64_t leaf() const { return leaf_; }  // the first leaf that cannot be right

 private:
  std::string what_;
  std::uint64_t leaf_;
};

/// Signs the committed prefix and stores the head; returns the newest head (the old one when nothing was added, nothing
/// when the log is empty). Throws Damaged when the log is smaller than, or inconsistent with, the last head or `known`
/// (the newest head that left the machine, when the caller has it). Reads in pages; blocks. The caller is the school's
/// sealer: the head is stored only under its lease, otherwise storage::LeaseLost and nothing is kept.
std::optional<Head> seal_head(storage::Database& db, const SchoolId& school, const crypto::SignPair& log_key,
                              const Clock& clock, const storage::Lease& sealer,
                              const std::optional<Head>& known = std::nullopt);

struct StoredHead : Head {
  std::optional<Instant> copied_at;
};
std::optional<StoredHead> newest_head(storage::ReadTx& tx);
std::optional<StoredHead> head_of_size(storage::ReadTx& tx, std::uint64_t size);

/// Appends the head as one JSON line and waits until it is on the disk. The file should lie on another disk or share.
/// Refusal(unavailable) with the reason inside when it cannot be written. Then call mark_copied.
void copy_head(const std::string& file, const Head& head);
void mark_copied(storage::WriteTx& tx, std::uint64_t size, Instant at);
/// The last whole line of such a file for this school.
std::optional<Head> last_copied_head(const std::string& file, const SchoolId& school);

/// Proofs against a stored head (sizes up to the newest head). Refusal(not_found) when leaf or size is outside.
Bytes inclusion_proof(storage::ReadTx& tx, std::uint64_t leaf, std::uint64_t head_size);
Bytes consistency_proof(storage::ReadTx& tx, std::uint64_t old_size, std::uint64_t new_size);
/// The bytes of a stored leaf, re-encoded from its row.
Bytes stored_leaf(storage::ReadTx& tx, std::uint64_t leaf);

}  // namespace xinyi::audit
