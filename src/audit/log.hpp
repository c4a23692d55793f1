// The log of a school: an append-only Merkle tree (RFC 9162 §2.1), one leaf per event.
#pragma once
#include <cstdint>
#include <optional>
#include <vector>

#include "audit/event.hpp"
#include "storage/database.hpp"

namespace xinyi::audit {

struct Leaf {
  std::int64_t number = 0;  // from 0, gapless per school
  crypto::Hash hash{};
};
/// Writes the event in the caller's transaction, so that fact and event live or die together. An object kind outside
/// its form is a Bug.
Leaf append(storage::WriteTx& tx, const Event& event);

/// The leaf's bytes: a canonical encoding, in which no two different events look alike. `act` is the public code.
///   0x01 | school 16 | number u64 | at i64 | actor kind u8 | actor id 16 | act u8+text | object kind u8+text
///   | object id 16 | about u8 [16] | outcome u8 | why hash u8 [32] | content u8 [32]        (big-endian)
Bytes leaf_bytes(const SchoolId& school, std::int64_t number, const Event& event);

/// One line of the "who looked" page.
struct Seen {
  std::int64_t number = 0;
  Instant at{};
  Actor actor;
  Act act{};
  Object object;
  Outcome outcome = Outcome::done;
  std::optional<Why> why;
};
/// Newest first, only acts of kind `look` by somebody other than the client. `limit` 1..1000.
std::vector<Seen> who_looked(storage::ReadTx& tx, const ClientRef& about, int limit);

}  // namespace xinyi::audit
