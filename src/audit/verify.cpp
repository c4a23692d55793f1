#include "audit/verify.hpp"

#include <algorithm>
#include <chrono>
#include <istream>
#include <ostream>
#include <thread>

#include "audit/leaf.hpp"
#include "audit/sealer.hpp"
#include "kernel/problem.hpp"

namespace xinyi::audit {
namespace {
constexpr std::uint64_t kTile = 256;
constexpr std::uint64_t kPage = 20'480;  // whole tiles
constexpr std::string_view kExportStart = "xinyi log v1\n";

struct Sentence {
  std::string_view code, zh, en;
};
constexpr Sentence kSound{"sound", "审计日志完整,没有发现改动。", "The log is whole; no change was found."};
constexpr Sentence kGap{"gap", "审计日志少了事件,或顺序被打乱。",
                        "Events are missing from the log, or were reordered."};
constexpr Sentence kChanged{"changed", "有事件被改动过。", "An event was changed."};
constexpr Sentence kMalformed{"malformed", "有事件的格式不可能由本系统写出。",
                              "An event has a form that this program never writes."};
constexpr Sentence kTileBad{"tile", "一段事件与存下的校验值不一致。",
                            "A run of events differs from its stored check value."};
constexpr Sentence kHeadSignature{"head_signature", "树头的签名不是这所学校的日志密钥。",
                                  "A head does not bear this log's signature."};
constexpr Sentence kRoot{"root", "日志与签名的树头不一致:有事件被改写。",
                         "The log differs from a signed head: events were rewritten."};
constexpr Sentence kShort{
    "short", "日志比签名的树头短:有事件被删除,或整个日志被退回旧版本。",
    "The log is shorter than a signed head: events were removed, or the whole log was rolled back."};

void fail(Report& report, const Sentence& what, std::optional<std::uint64_t> first,
          std::optional<std::uint64_t> last = std::nullopt) {
  report.sound = false;
  report.code = what.code;
  report.zh = what.zh;
  report.en = what.en;
  report.first_bad = first;
  report.last_bad = last ? last : first;
}

struct Finding {
  const Sentence* what = nullptr;
  std::uint64_t leaf = 0;
};

/// Root of a whole tile; overwrites its leaves.
Hash tile_root(std::vector<Hash>& leaves) {
  for (std::size_t n = leaves.size(); n > 1; n /= 2)
    for (std::size_t i = 0; i < n; i += 2) leaves[i / 2] = node_hash(leaves[i], leaves[i + 1]);
  const Hash out = leaves[0];
  leaves.clear();
  return out;
}

/// One worker's part of the log: re-encodes and hashes rows [lo, hi), lo being the start of a tile.
class Scan {
 public:
  Scan(storage::Database& db, const SchoolId& school, std::uint64_t lo, std::uint64_t hi)
      : db_(db), school_(school), next_(lo), hi_(hi) {
    leaves_.reserve(kTile);
  }
  void run() noexcept {
    try {
      while (!found.what && next_ < hi_) {
        const auto before = next_;
        db_.read(school_, [&](storage::ReadTx& tx) { page(tx); });
        if (!found.what && next_ == before) found = {&kGap, next_};
      }
    } catch (const Bug&) {  // a stored value of another type or length
      found = {&kMalformed, next_};
    } catch (...) {
      error = std::current_exception();
    }
  }
  Finding found;
  std::exception_ptr error;
  std::vector<Hash> tiles;
  const std::vector<Hash>& rest() const { return leaves_; }  // leaves of an incomplete last tile
  std::uint64_t next() const { return next_; }

 private:
  void page(storage::ReadTx& tx) {
    const auto end = std::min(hi_, next_ + kPage);
    for (const auto row : tx.query("SELECT " XINYI_AUDIT_COLUMNS
                                   " FROM audit_events WHERE school_id = ?1 AND number >= ?2 AND number < ?3 "
                                   "ORDER BY number",
                                   school_, next_, end)) {
      const Raw raw = read_raw(row);
      if (raw.number != static_cast<std::int64_t>(next_)) {
        found = {&kGap, next_};
        return;
      }
      encoder_.clear();
      if (!encode_leaf(encoder_, school_, raw)) {
        found = {&kMalformed, next_};
        return;
      }
      leaves_.push_back(leaf_hash(encoder_.bytes()));
      if (!std::ranges::equal(raw.leaf, leaves_.back())) {
        found = {&kChanged, next_};
        return;
      }
      ++next_;
      if (leaves_.size() == kTile) tiles.push_back(tile_root(leaves_));
    }
  }
  storage::Database& db_;
  SchoolId school_;
  std::uint64_t next_, hi_;
  crypto::Encoder encoder_;
  std::vector<Hash> leaves_;
};

class Verifier {
 public:
  Verifier(storage::Database& db, const SchoolId& school, const crypto::SignPublic& key, const VerifyOptions& options)
      : db_(db), school_(school), key_(key), options_(options) {}

  Report run(const std::optional<Head>& earlier) {
    fail(report_, kSound, std::nullopt);
    report_.sound = true;
    look_at_size(earlier);
    scan_sealed();
    if (report_.sound) scan_tail();
    if (report_.sound) compare_nodes();
    if (options_.compare_roots) judge_heads(earlier);
    return std::move(report_);
  }

 private:
  void look_at_size(const std::optional<Head>& earlier) {
    db_.read(school_, [&](storage::ReadTx& tx) {
      const auto row = tx.one("SELECT min(number), max(number) FROM audit_events WHERE school_id = ?1", school_);
      if (row && !row->null(0)) {
        if (row->get<std::int64_t>(0) != 0) fail(report_, kGap, 0);
        size_ = static_cast<std::uint64_t>(std::max<std::int64_t>(row->get<std::int64_t>(1) + 1, 0));
      }
      stored_ = newest_head(tx);
    });
    // Only a head that bears the signature says how far the log must reach.
    for (const Head* head : {stored_ ? static_cast<const Head*>(&*stored_) : nullptr, earlier ? &*earlier : nullptr})
      if (head && head->school == school_ && verify_head(key_, *head)) sealed_ = std::max(sealed_, head->size);
    sealed_ = std::min(sealed_, size_);
  }

  void scan_sealed() {
    const auto workers = static_cast<std::uint64_t>(std::clamp(options_.threads, 1, 64));
    const auto share = (sealed_ / workers + kTile) / kTile * kTile;
    std::vector<Scan> parts;
    for (std::uint64_t lo = 0; lo < sealed_; lo += share)
      parts.emplace_back(db_, school_, lo, std::min(sealed_, lo + share));
    std::vector<std::thread> threads;
    for (std::size_t i = 1; i < parts.size(); ++i) threads.emplace_back([&part = parts[i]] { part.run(); });
    if (!parts.empty()) parts[0].run();
    for (auto& thread : threads) thread.join();
    for (auto& part : parts) {
      if (part.error) std::rethrow_exception(part.error);
      if (part.found.what) {
        if (report_.sound) fail(report_, *part.found.what, part.found.leaf);
        return;
      }
      report_.events = part.next();
      tiles_.insert(tiles_.end(), part.tiles.begin(), part.tiles.end());
      rest_ = part.rest();
    }
  }

  // What came after the last head is checked for its form only: nothing signed speaks for it yet.
  void scan_tail() {
    const auto start = sealed_ / kTile * kTile;
    Scan tail(db_, school_, start, size_);
    tail.run();
    if (tail.error) std::rethrow_exception(tail.error);
    if (tail.found.what) fail(report_, *tail.found.what, tail.found.leaf);
    report_.events = tail.next();
  }

  Frontier frontier_at(std::uint64_t size, const Frontier::Complete& complete = {}) {
    Frontier out;
    for (std::uint64_t t = 0; t < size / kTile; ++t) out.add_subtree(8, tiles_[t], complete);
    if (size % kTile == 0) return out;
    std::vector<Hash> leaves = rest_;
    if (size / kTile < tiles_.size()) {
      Scan again(db_, school_, size / kTile * kTile, size);
      again.run();
      leaves = again.rest();
    }
    for (std::size_t i = 0; i < size % kTile && i < leaves.size(); ++i) out.add(leaves[i]);
    return out;
  }

  void compare_nodes() {
    std::vector<std::pair<std::pair<int, std::uint64_t>, Hash>> stored;
    db_.read(school_, [&](storage::ReadTx& tx) {
      for (const auto row : tx.query(
               "SELECT level, position, hash FROM audit_nodes WHERE school_id = ?1 ORDER BY level, position", school_))
        if (const auto hash = row.get<View>(2); hash.size() == 32) {
          stored.push_back({{row.get<int>(0), row.get<std::uint64_t>(1)}, {}});
          std::ranges::copy(hash, stored.back().second.begin());
        }
    });
    std::optional<std::pair<std::uint64_t, std::uint64_t>> bad;
    frontier_at(stored_ ? std::min(stored_->size, sealed_) : 0,
                [&](int level, std::uint64_t position, const Hash& hash) {
                  if (level % 8 != 0 || bad) return;
                  const auto found = std::ranges::lower_bound(stored, std::pair(level, position), {},
                                                              [](const auto& entry) { return entry.first; });
                  if (found == stored.end() || found->first != std::pair(level, position) || found->second != hash)
                    bad = {position << level, ((position + 1) << level) - 1};
                });
    if (bad) fail(report_, kTileBad, bad->first, bad->second);
  }

  bool agrees(const Head& head) {
    return head.size <= report_.events && head.size <= sealed_ && verify_head(key_, head) &&
           frontier_at(head.size).root() == head.root;
  }

  void judge_heads(const std::optional<Head>& earlier) {
    if (!report_.sound && report_.code != kTileBad.code) return;  // an exact leaf is known already
    for (const Head* head : {earlier ? &*earlier : nullptr, stored_ ? static_cast<const Head*>(&*stored_) : nullptr}) {
      if (!head) continue;
      if (head->school != school_ || !verify_head(key_, *head)) return fail(report_, kHeadSignature, std::nullopt);
      if (head->size > size_) return fail(report_, kShort, size_, head->size - 1);
      if (frontier_at(head->size).root() != head->root) {
        if (!report_.sound) return;  // the tile names a narrower range
        const auto from = last_good_size(head->size);
        return fail(report_, kRoot, from, head->size - 1);
      }
    }
    if (!report_.sound) return;
    if (stored_) {
      report_.head = earlier && earlier->size > stored_->size ? *earlier : *stored_;
      report_.sealed = report_.head->size;
    } else if (earlier) {
      // Every sealed log keeps its heads.
      fail(report_, kHeadSignature, std::nullopt);
    }
  }

  // The forged part begins after the largest signed head that still agrees.
  std::uint64_t last_good_size(std::uint64_t below) {
    std::vector<std::uint64_t> sizes;
    db_.read(school_, [&](storage::ReadTx& tx) {
      for (const auto row :
           tx.query("SELECT size FROM audit_heads WHERE school_id = ?1 AND size < ?2 ORDER BY size", school_, below))
        sizes.push_back(row.get<std::uint64_t>(0));
    });
    const auto good = [&](std::uint64_t size) {
      const auto head = db_.read(school_, [&](storage::ReadTx& tx) { return head_of_size(tx, size); });
      return head && agrees(*head);
    };
    const auto first_bad = std::ranges::partition_point(sizes, good);
    return first_bad == sizes.begin() ? 0 : *(first_bad - 1);
  }

  storage::Database& db_;
  SchoolId school_;
  crypto::SignPublic key_;
  VerifyOptions options_;
  Report report_;
  std::optional<StoredHead> stored_;
  std::uint64_t size_ = 0, sealed_ = 0;
  std::vector<Hash> tiles_, rest_;
};

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

std::optional<std::uint32_t> read_length(std::istream& in) {
  Fixed<4> b;
  if (!in.read(reinterpret_cast<char*>(b.data()), 4)) return std::nullopt;
  return std::uint32_t{b[0]} << 24 | std::uint32_t{b[1]} << 16 | std::uint32_t{b[2]} << 8 | b[3];
}

// 0x01 | school | number: the start of every leaf of this log.
Bytes leaf_start(const SchoolId& school, std::uint64_t number) {
  return crypto::Encoder().u8(0x01).raw(school.bytes()).u64(number).take();
}
}  // namespace

Report verify_log(storage::Database& db, const SchoolId& school, const crypto::SignPublic& log_public,
                  const std::optional<Head>& earlier, const VerifyOptions& options) {
  const auto start = std::chrono::steady_clock::now();
  auto report = Verifier(db, school, log_public, options).run(earlier);
  report.seconds = seconds_since(start);
  return report;
}

void export_log(storage::Database& db, const SchoolId& school, std::ostream& out) {
  out << kExportStart;
  crypto::Encoder leaf;
  for (std::uint64_t next = 0, before = 1; next != before;) {
    before = next;
    db.read(school, [&](storage::ReadTx& tx) {
      for (const auto row :
           tx.query("SELECT " XINYI_AUDIT_COLUMNS " FROM audit_events WHERE school_id = ?1 AND number >= ?2 "
                    "ORDER BY number LIMIT ?3",
                    school, next, kPage)) {
        const Raw raw = read_raw(row);
        leaf.clear();
        if (!encode_leaf(leaf, school, raw)) throw Damaged("an event of the audit log has a form that cannot be", next);
        const auto length = crypto::Encoder().u32(static_cast<std::uint32_t>(leaf.bytes().size())).take();
        out << text(length) << text(leaf.bytes());
        next = static_cast<std::uint64_t>(raw.number) + 1;
      }
    });
  }
  if (!out.flush()) throw Refusal(Code::storage_full, "the log could not be written out");
}

Report verify_export(std::istream& in, const crypto::SignPublic& log_public, const Head& head) {
  const auto begin = std::chrono::steady_clock::now();
  Report report;
  fail(report, kSound, std::nullopt);
  report.sound = true;
  std::string start(kExportStart.size(), '\0');
  Frontier frontier;
  Bytes leaf;
  std::optional<Hash> root = head.size == 0 ? std::optional(empty_root()) : std::nullopt;
  if (!verify_head(log_public, head)) {
    fail(report, kHeadSignature, std::nullopt);
  } else if (!in.read(start.data(), static_cast<std::streamsize>(start.size())) || start != kExportStart) {
    fail(report, kMalformed, 0);
  }
  while (report.sound) {
    const auto length = read_length(in);
    if (!length && in.gcount() == 0) break;
    leaf.resize(length.value_or(0) <= 1024 ? length.value_or(0) : 0);
    const auto expected = leaf_start(head.school, frontier.size());
    if (leaf.size() < expected.size() ||
        !in.read(reinterpret_cast<char*>(leaf.data()), static_cast<std::streamsize>(leaf.size()))) {
      fail(report, kMalformed, frontier.size());
    } else if (!std::equal(expected.begin(), expected.end(), leaf.begin())) {
      fail(report, kGap, frontier.size());
    } else {
      frontier.add(leaf_hash(leaf));
      if (frontier.size() == head.size) root = frontier.root();
    }
  }
  report.events = frontier.size();
  if (report.sound && !root)
    fail(report, kShort, frontier.size(), head.size - 1);
  else if (report.sound && *root != head.root)
    fail(report, kRoot, 0, head.size - 1);
  if (report.sound) {
    report.head = head;
    report.sealed = head.size;
  }
  report.seconds = seconds_since(begin);
  return report;
}

}  // namespace xinyi::audit
