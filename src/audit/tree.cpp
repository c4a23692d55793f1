#include "audit/tree.hpp"

#include <algorithm>
#include <bit>
#include <boost/json.hpp>

#include "crypto/encode.hpp"
#include "kernel/problem.hpp"

namespace xinyi::audit {
namespace {
constexpr std::uint8_t kLeafPrefix[] = {0x00}, kNodePrefix[] = {0x01};
constexpr std::uint8_t kInclusion = 0x01, kConsistency = 0x02;
constexpr std::size_t kProofStart = 18;  // format, two numbers, count

// The tree over [lo, hi), lo being a multiple of the range's largest subtree.
Hash range_root(std::uint64_t lo, std::uint64_t hi, const NodeSource& nodes) {
  const std::uint64_t n = hi - lo;
  if (std::has_single_bit(n)) {
    const int level = std::countr_zero(n);
    if (level % 8 == 0) return nodes(level, lo >> level);
  }
  const std::uint64_t left = std::bit_floor(n - 1);
  return node_hash(range_root(lo, lo + left, nodes), range_root(lo + left, hi, nodes));
}

// RFC 9162 §2.1.3.1
void inclusion_path(std::uint64_t leaf, std::uint64_t lo, std::uint64_t hi, const NodeSource& nodes,
                    std::vector<Hash>& out) {
  if (hi - lo == 1) return;
  const std::uint64_t middle = lo + std::bit_floor(hi - lo - 1);
  if (leaf < middle) {
    inclusion_path(leaf, lo, middle, nodes, out);
    out.push_back(range_root(middle, hi, nodes));
  } else {
    inclusion_path(leaf, middle, hi, nodes, out);
    out.push_back(range_root(lo, middle, nodes));
  }
}

// RFC 9162 §2.1.4.1: `known` says that the subtree is the whole old tree, whose root the verifier has.
void consistency_path(std::uint64_t old_end, std::uint64_t lo, std::uint64_t hi, bool known, const NodeSource& nodes,
                      std::vector<Hash>& out) {
  if (old_end == hi) {
    if (!known) out.push_back(range_root(lo, hi, nodes));
    return;
  }
  const std::uint64_t middle = lo + std::bit_floor(hi - lo - 1);
  if (old_end <= middle) {
    consistency_path(old_end, lo, middle, known, nodes, out);
    out.push_back(range_root(middle, hi, nodes));
  } else {
    consistency_path(old_end, middle, hi, false, nodes, out);
    out.push_back(range_root(lo, middle, nodes));
  }
}

Bytes proof_bytes(std::uint8_t format, std::uint64_t a, std::uint64_t b, const std::vector<Hash>& hashes) {
  crypto::Encoder out;
  out.u8(format).u64(a).u64(b).u8(static_cast<std::uint8_t>(hashes.size()));
  for (const auto& hash : hashes) out.raw(hash);
  return out.take();
}

struct Proof {
  std::uint64_t a = 0, b = 0;
  std::vector<Hash> hashes;
};
std::uint64_t read_u64(View v) {
  std::uint64_t out = 0;
  for (const auto byte : v.first(8)) out = out << 8 | byte;
  return out;
}
std::optional<Proof> read_proof(std::uint8_t format, View bytes) {
  if (bytes.size() < kProofStart || bytes[0] != format || bytes[17] > 64) return std::nullopt;
  if (bytes.size() != kProofStart + std::size_t{bytes[17]} * 32) return std::nullopt;
  Proof out{read_u64(bytes.subspan(1)), read_u64(bytes.subspan(9)), std::vector<Hash>(bytes[17])};
  for (std::size_t i = 0; i < out.hashes.size(); ++i)
    std::ranges::copy(bytes.subspan(kProofStart + i * 32, 32), out.hashes[i].begin());
  return out;
}
}  // namespace

Hash leaf_hash(View bytes) { return crypto::sha256({View(kLeafPrefix), bytes}); }
Hash node_hash(const Hash& left, const Hash& right) { return crypto::sha256({View(kNodePrefix), left, right}); }
Hash empty_root() { return crypto::sha256(View{}); }

std::optional<Frontier> Frontier::from(std::uint64_t size, View peaks) {
  if (peaks.size() != static_cast<std::size_t>(std::popcount(size)) * 32) return std::nullopt;
  Frontier out;
  out.size_ = size;
  out.peaks_.resize(peaks.size() / 32);
  for (std::size_t i = 0; i < out.peaks_.size(); ++i)
    std::ranges::copy(peaks.subspan(i * 32, 32), out.peaks_[i].begin());
  return out;
}

void Frontier::add(const Hash& leaf, const Complete& complete) { add_subtree(0, leaf, complete); }

void Frontier::add_subtree(int level, const Hash& hash, const Complete& complete) {
  const std::uint64_t leaves = std::uint64_t{1} << level;
  invariant(size_ % leaves == 0, "audit: a subtree must start at a multiple of its size");
  Hash root = hash;
  std::uint64_t position = size_ >> level;
  if (complete) complete(level, position, root);
  while ((position & 1) != 0) {
    root = node_hash(peaks_.back(), root);
    peaks_.pop_back();
    position >>= 1;
    ++level;
    if (complete) complete(level, position, root);
  }
  peaks_.push_back(root);
  size_ += leaves;
}

Hash Frontier::root() const {
  if (peaks_.empty()) return empty_root();
  Hash out = peaks_.back();
  for (std::size_t i = peaks_.size() - 1; i-- > 0;) out = node_hash(peaks_[i], out);
  return out;
}

Bytes Frontier::peaks() const {
  Bytes out;
  for (const auto& peak : peaks_) out.insert(out.end(), peak.begin(), peak.end());
  return out;
}

Hash root_of(std::uint64_t size, const NodeSource& nodes) {
  return size == 0 ? empty_root() : range_root(0, size, nodes);
}

Bytes prove_inclusion(std::uint64_t leaf, std::uint64_t size, const NodeSource& nodes) {
  invariant(leaf < size, "audit: the leaf is not in the tree");
  std::vector<Hash> path;
  inclusion_path(leaf, 0, size, nodes, path);
  return proof_bytes(kInclusion, leaf, size, path);
}

Bytes prove_consistency(std::uint64_t old_size, std::uint64_t new_size, const NodeSource& nodes) {
  invariant(old_size <= new_size, "audit: the old tree is larger than the new one");
  std::vector<Hash> path;
  if (old_size != 0 && old_size != new_size) consistency_path(old_size, 0, new_size, true, nodes, path);
  return proof_bytes(kConsistency, old_size, new_size, path);
}

Bytes head_message(const Head& head) {
  return crypto::Encoder("xinyi head v1")
      .u64(head.size)
      .raw(head.root)
      .i64(head.at.micros)
      .raw(head.school.bytes())
      .take();
}

Head sign_head(const crypto::SignPair& log_key, const SchoolId& school, std::uint64_t size, const Hash& root,
               Instant at) {
  Head out{school, size, root, at, {}};
  out.signature = crypto::sign(log_key, head_message(out));
  return out;
}

bool verify_head(const crypto::SignPublic& by, const Head& head) {
  return crypto::verify(by, head_message(head), head.signature);
}

// RFC 9162 §2.1.3.2
bool verify_inclusion(const crypto::SignPublic& by, const Head& head, View proof_view, View leaf) {
  const auto proof = read_proof(kInclusion, proof_view);
  if (!proof || proof->b != head.size || proof->a >= head.size || !verify_head(by, head)) return false;
  std::uint64_t fn = proof->a, sn = head.size - 1;
  Hash root = leaf_hash(leaf);
  for (const auto& hash : proof->hashes) {
    if (sn == 0) return false;
    if ((fn & 1) != 0 || fn == sn) {
      root = node_hash(hash, root);
      while ((fn & 1) == 0 && fn != 0) fn >>= 1, sn >>= 1;
    } else {
      root = node_hash(root, hash);
    }
    fn >>= 1, sn >>= 1;
  }
  return sn == 0 && root == head.root;
}

// RFC 9162 §2.1.4.2
bool verify_consistency(const crypto::SignPublic& by, const Head& older, const Head& newer, View proof_view) {
  auto proof = read_proof(kConsistency, proof_view);
  if (!proof || proof->a != older.size || proof->b != newer.size || older.school != newer.school ||
      older.size > newer.size)
    return false;
  if (!verify_head(by, older) || !verify_head(by, newer)) return false;
  auto& path = proof->hashes;
  if (older.size == newer.size) return path.empty() && older.root == newer.root;
  if (older.size == 0) return path.empty() && older.root == empty_root();
  if (std::has_single_bit(older.size)) path.insert(path.begin(), older.root);
  if (path.empty()) return false;
  std::uint64_t fn = older.size - 1, sn = newer.size - 1;
  while ((fn & 1) != 0) fn >>= 1, sn >>= 1;
  Hash old_root = path[0], new_root = path[0];
  for (std::size_t i = 1; i < path.size(); ++i) {
    if (sn == 0) return false;
    if ((fn & 1) != 0 || fn == sn) {
      old_root = node_hash(path[i], old_root);
      new_root = node_hash(path[i], new_root);
      while ((fn & 1) == 0 && fn != 0) fn >>= 1, sn >>= 1;
    } else {
      new_root = node_hash(new_root, path[i]);
    }
    fn >>= 1, sn >>= 1;
  }
  return sn == 0 && old_root == older.root && new_root == newer.root;
}

std::string to_json(const Head& head) {
  return boost::json::serialize(boost::json::object{{"school", to_text(head.school)},
                                                    {"size", head.size},
                                                    {"root", to_hex(head.root)},
                                                    {"at", to_text(head.at)},
                                                    {"signature", to_base64(head.signature.bytes)}});
}

std::optional<Head> head_from_json(std::string_view line) {
  boost::json::error_code error;
  const auto value = boost::json::parse({line.data(), line.size()}, error);
  if (error || !value.is_object() || value.get_object().size() != 5) return std::nullopt;
  const auto& o = value.get_object();
  const auto text_of = [&](std::string_view name) -> std::string {
    const auto* v = o.if_contains({name.data(), name.size()});
    return v && v->is_string() ? std::string(v->get_string()) : std::string();
  };
  const auto school = id_from_text<SchoolIdTag>(text_of("school"));
  const auto* size = o.if_contains("size");
  const auto root = from_hex(text_of("root"));
  const auto at = instant_from_text(text_of("at"));
  const auto signature = crypto::signature_from(from_base64(text_of("signature")).value_or(Bytes{}));
  if (!school || !size || !size->is_int64() || size->get_int64() < 0 || !root || root->size() != 32 || !at ||
      !signature)
    return std::nullopt;
  Head out{*school, static_cast<std::uint64_t>(size->get_int64()), {}, *at, *signature};
  std::ranges::copy(*root, out.root.begin());
  return out;
}

}  // namespace xinyi::audit
