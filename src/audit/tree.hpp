// The tree's arithmetic and its proofs. Pure: whoever verifies needs the public key, a head, the proof and the leaf.
#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "crypto/hash.hpp"
#include "crypto/pair.hpp"
#include "kernel/id.hpp"
#include "kernel/time.hpp"

namespace xinyi::audit {

using crypto::Hash;

Hash leaf_hash(View leaf_bytes);                      // SHA-256(0x00 || bytes)
Hash node_hash(const Hash& left, const Hash& right);  // SHA-256(0x01 || left || right)
/// SHA-256 of nothing.
Hash empty_root();

/// Grows by one leaf at a time and keeps only the roots of complete subtrees (at most 64).
class Frontier {
 public:
  /// Told of every subtree of 2^level leaves that became complete, the added one included.
  using Complete = std::function<void(int level, std::uint64_t position, const Hash& root)>;
  Frontier() = default;
  /// `peaks`: 32 bytes each, largest subtree first; nothing when their number does not fit `size`.
  static std::optional<Frontier> from(std::uint64_t size, View peaks);
  void add(const Hash& leaf, const Complete& complete = {});
  /// Adds a complete subtree of 2^level leaves; the size must be a multiple of 2^level.
  void add_subtree(int level, const Hash& hash, const Complete& complete = {});
  std::uint64_t size() const { return size_; }
  Hash root() const;
  Bytes peaks() const;

 private:
  std::uint64_t size_ = 0;
  std::vector<Hash> peaks_;
};

/// Where proofs find hashes: the root of the complete subtree of 2^level leaves at `position`. Asked for levels
/// 0, 8, 16, 24 … only.
using NodeSource = std::function<Hash(int level, std::uint64_t position)>;
Hash root_of(std::uint64_t size, const NodeSource& nodes);

/// 0x01 | leaf u64 | size u64 | count u8 | hashes. At most 18 + 32·64 bytes; 786 at ten million leaves.
Bytes prove_inclusion(std::uint64_t leaf, std::uint64_t size, const NodeSource& nodes);
/// 0x02 | old size u64 | new size u64 | count u8 | hashes.
Bytes prove_consistency(std::uint64_t old_size, std::uint64_t new_size, const NodeSource& nodes);

/// A signed statement of the log's state.
struct Head {
  SchoolId school;
  std::uint64_t size = 0;
  Hash root{};
  Instant at{};
  crypto::Signature signature{};
  bool operator==(const Head&) const = default;
};
/// "xinyi head v1" | size u64 | root | at i64 | school
Bytes head_message(const Head& head);
Head sign_head(const crypto::SignPair& log_key, const SchoolId& school, std::uint64_t size, const Hash& root,
               Instant at);
bool verify_head(const crypto::SignPublic& by, const Head& head);
bool verify_inclusion(const crypto::SignPublic& by, const Head& head, View proof, View leaf_bytes);
/// Both heads are checked too, and must be of one school. `newer` may equal `older`.
bool verify_consistency(const crypto::SignPublic& by, const Head& older, const Head& newer, View proof);

/// {"school":…,"size":…,"root":hex,"at":RFC 3339,"signature":base64}, one line without its end.
std::string to_json(const Head& head);
std::optional<Head> head_from_json(std::string_view line);

}  // namespace xinyi::audit
