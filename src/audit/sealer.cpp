#include "audit/sealer.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>
#include <fstream>

#include "audit/leaf.hpp"
#include "kernel/problem.hpp"

namespace xinyi::audit {
namespace {
constexpr std::uint64_t kTile = 256;
constexpr std::int64_t kPage = 10'000;

struct Node {
  int level;
  std::uint64_t position;
  Hash hash;
};

struct LastState {
  std::optional<StoredHead> head;
  Frontier frontier;
};

template <class R>
StoredHead read_head(const SchoolId& school, const R& row) {
  StoredHead out;
  out.school = school;
  out.size = row.template get<std::uint64_t>(0);
  out.root = row.template get<Hash>(1);
  out.at = row.template get<Instant>(2);
  out.signature.bytes = row.template get<Fixed<64>>(3);
  out.copied_at = row.template get<std::optional<Instant>>(4);
  return out;
}

Hash stored_node(storage::ReadTx& tx, int level, std::uint64_t position) {
  auto row = level == 0
                 ? tx.one("SELECT leaf FROM audit_events WHERE school_id = ?1 AND number = ?2", tx.school(), position)
                 : tx.one("SELECT hash FROM audit_nodes WHERE school_id = ?1 AND level = ?2 AND position = ?3",
                          tx.school(), level, position);
  if (!row) throw Damaged("a part of the audit log is missing", position << level);
  return row->get<Hash>(0);
}
NodeSource stored_nodes(storage::ReadTx& tx) {
  return [&tx](int level, std::uint64_t position) { return stored_node(tx, level, position); };
}

LastState last_state(storage::ReadTx& tx, const crypto::SignPublic& log_public) {
  LastState out{newest_head(tx), {}};
  const auto row = tx.one("SELECT size, peaks FROM audit_frontier WHERE school_id = ?1", tx.school());
  if (!out.head) {
    if (row) throw Damaged("the signed heads of the audit log are gone", 0);
    return out;
  }
  if (!verify_head(log_public, *out.head))
    throw Damaged("the last head of the audit log does not bear the log key's signature", 0);
  auto frontier = row ? Frontier::from(row->get<std::uint64_t>(0), row->get<View>(1)) : std::nullopt;
  if (!frontier || frontier->size() != out.head->size || frontier->root() != out.head->root)
    throw Damaged("the audit log's state is not that of its last head", 0);
  out.frontier = std::move(*frontier);
  return out;
}

void require_known(storage::ReadTx& tx, const LastState& last, const crypto::SignPublic& log_public,
                   const Head& known) {
  if (known.school != tx.school() || !verify_head(log_public, known))
    throw Damaged("the copied head is not one of this log", 0);
  if (!last.head || last.head->size < known.size)
    throw Damaged("the audit log is shorter than a head that was copied out", last.frontier.size());
  if (root_of(known.size, stored_nodes(tx)) != known.root)
    throw Damaged("the audit log differs from a head that was copied out", 0);
}

// Goes on from the last complete tile, so that the leaves of the incomplete one are looked at once more.
class Growth {
 public:
  Growth(const SchoolId& school, const LastState& last) : school_(school), last_(last) {
    const auto start = last.frontier.size() / kTile * kTile;
    const auto peaks = last.frontier.peaks();
    const auto kept = static_cast<std::size_t>(std::popcount(start)) * 32;
    frontier_ = *Frontier::from(start, View(peaks).first(kept));
  }
  /// False when there was nothing more to read.
  bool page(storage::ReadTx& tx) {
    std::int64_t rows = 0;
    for (const auto row :
         tx.query("SELECT " XINYI_AUDIT_COLUMNS " FROM audit_events WHERE school_id = ?1 AND number >= ?2 "
                  "ORDER BY number LIMIT ?3",
                  school_, frontier_.size(), kPage)) {
      add(read_raw(row));
      ++rows;
    }
    return rows == kPage;
  }
  void require_last() const {
    if (frontier_.size() < last_.frontier.size())
      throw Damaged("the audit log is shorter than its last head", frontier_.size());
  }
  const Frontier& frontier() const { return frontier_; }
  const std::vector<Node>& nodes() const { return nodes_; }

 private:
  void add(const Raw& raw) {
    const auto expected = frontier_.size();
    if (raw.number != static_cast<std::int64_t>(expected))
      throw Damaged("an event is missing in the audit log", expected);
    encoder_.clear();
    if (!encode_leaf(encoder_, school_, raw))
      throw Damaged("an event of the audit log has a form that cannot be", expected);
    const auto hash = leaf_hash(encoder_.bytes());
    if (!std::ranges::equal(raw.leaf, hash)) throw Damaged("an event of the audit log was changed", expected);
    frontier_.add(hash, [this](int level, std::uint64_t position, const Hash& root) {
      if (level > 0 && level % 8 == 0) nodes_.push_back({level, position, root});
    });
    if (frontier_.size() == last_.frontier.size() && frontier_.root() != last_.frontier.root())
      throw Damaged("the newest events of the audit log are not those of its last head",
                    frontier_.size() / kTile * kTile);
  }
  SchoolId school_;
  const LastState& last_;
  Frontier frontier_;
  std::vector<Node> nodes_;
  crypto::Encoder encoder_;
};

void store(storage::WriteTx& tx, const Head& head, const Frontier& frontier, const std::vector<Node>& nodes) {
  for (const auto& node : nodes)
    tx.exec("INSERT INTO audit_nodes (school_id, level, position, hash) VALUES (?1, ?2, ?3, ?4)", tx.school(),
            node.level, node.position, node.hash);
  tx.exec("INSERT INTO audit_heads (school_id, size, root, at, signature) VALUES (?1, ?2, ?3, ?4, ?5)", tx.school(),
          head.size, head.root, head.at, head.signature.bytes);
  tx.exec(
      "INSERT INTO audit_frontier (school_id, size, peaks) VALUES (?1, ?2, ?3) ON CONFLICT (school_id) DO UPDATE SET "
      "size = excluded.size, peaks = excluded.peaks",
      tx.school(), frontier.size(), frontier.peaks());
}

std::uint64_t newest_size(storage::ReadTx& tx) {
  const auto head = newest_head(tx);
  return head ? head->size : 0;
}
}  // namespace

std::optional<StoredHead> newest_head(storage::ReadTx& tx) {
  const auto row = tx.one(
      "SELECT size, root, at, signature, copied_at FROM audit_heads WHERE school_id = ?1 ORDER BY size DESC LIMIT 1",
      tx.school());
  return row ? std::optional(read_head(tx.school(), *row)) : std::nullopt;
}

std::optional<StoredHead> head_of_size(storage::ReadTx& tx, std::uint64_t size) {
  const auto row =
      tx.one("SELECT size, root, at, signature, copied_at FROM audit_heads WHERE school_id = ?1 AND size = ?2",
             tx.school(), size);
  return row ? std::optional(read_head(tx.school(), *row)) : std::nullopt;
}

std::optional<Head> seal_head(storage::Database& db, const SchoolId& school, const crypto::SignPair& log_key,
                              const Clock& clock, const storage::Lease& sealer, const std::optional<Head>& known) {
  const auto last = db.read(school, [&](storage::ReadTx& tx) {
    auto state = last_state(tx, log_key.sign_public);
    if (known) require_known(tx, state, log_key.sign_public, *known);
    return state;
  });
  Growth growth(school, last);
  while (db.read(school, [&](storage::ReadTx& tx) { return growth.page(tx); })) {
  }
  growth.require_last();
  const auto size = growth.frontier().size();
  if (size == last.frontier.size()) return last.head ? std::optional<Head>(*last.head) : std::nullopt;
  const auto head = sign_head(log_key, school, size, growth.frontier().root(), clock.now());
  const auto sign = [&](storage::WriteTx& tx) -> std::optional<Head> {
    storage::hold_lease(tx, sealer);
    const auto now = newest_size(tx);
    if (now < last.frontier.size()) throw Damaged("signed heads of the audit log have disappeared", now);
    // The holder's own other thread sealed meanwhile (an operator's command): that head stands, the next turn goes on from it.
    if (now > last.frontier.size()) return *newest_head(tx);
    store(tx, head, growth.frontier(), growth.nodes());
    return head;
  };
  return db.write(school, sign, storage::Weight::vital);
}

void copy_head(const std::string& file, const Head& head) {
  const auto line = to_json(head) + "\n";
  const int fd = ::open(file.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
  bool ok = fd >= 0;
  // One write, so that a line is whole or (after a power cut) visibly cut off and skipped by the reader.
  ok = ok && ::write(fd, line.data(), line.size()) == static_cast<ssize_t>(line.size());
  ok = ok && ::fsync(fd) == 0;
  const auto why = ok ? std::string() : std::string(std::strerror(errno));
  if (fd >= 0) ::close(fd);
  if (!ok) throw Refusal(Code::unavailable, fmt::format("the head could not be copied to {}: {}", file, why));
}

void mark_copied(storage::WriteTx& tx, std::uint64_t size, Instant at) {
  tx.exec("UPDATE audit_heads SET copied_at = ?3 WHERE school_id = ?1 AND size = ?2", tx.school(), size, at);
}

std::optional<Head> last_copied_head(const std::string& file, const SchoolId& school) {
  std::ifstream in(file);
  std::optional<Head> out;
  for (std::string line; std::getline(in, line);)
    if (auto head = head_from_json(line); head && head->school == school && (!out || head->size >= out->size))
      out = std::move(head);
  return out;
}

Bytes inclusion_proof(storage::ReadTx& tx, std::uint64_t leaf, std::uint64_t head_size) {
  if (leaf >= head_size || head_size > newest_size(tx)) throw Refusal(Code::not_found, "no such leaf under this head");
  return prove_inclusion(leaf, head_size, stored_nodes(tx));
}

Bytes consistency_proof(storage::ReadTx& tx, std::uint64_t old_size, std::uint64_t new_size) {
  if (old_size > new_size || new_size > newest_size(tx)) throw Refusal(Code::not_found, "no such heads");
  return prove_consistency(old_size, new_size, stored_nodes(tx));
}

Bytes stored_leaf(storage::ReadTx& tx, std::uint64_t leaf) {
  for (const auto row :
       tx.query("SELECT " XINYI_AUDIT_COLUMNS " FROM audit_events WHERE school_id = ?1 AND number = ?2", tx.school(),
                leaf)) {
    crypto::Encoder out;
    if (!encode_leaf(out, tx.school(), read_raw(row)))
      throw Damaged("an event of the audit log has a form that cannot be", leaf);
    return out.take();
  }
  throw Refusal(Code::not_found, "no such leaf");
}

}  // namespace xinyi::audit
