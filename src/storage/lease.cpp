#include "storage/lease.hpp"

namespace xinyi::storage {
namespace {

struct Row {
  Fixed<16> holder;
  std::int64_t fence;
  Instant ends_at;
};

std::optional<Row> stored(ReadTx& tx, std::string_view job) {
  const auto row =
      tx.one("SELECT holder, fence, ends_at FROM leases WHERE school_id = ?1 AND job = ?2", tx.school(), job);
  if (!row) return std::nullopt;
  return Row{row->get<Fixed<16>>(0), row->get<std::int64_t>(1), row->get<Instant>(2)};
}

/// Ours still, with the same number; otherwise taken anew under the next one.
Lease put(WriteTx& tx, std::string_view job, const Fixed<16>& holder, Span length, const std::optional<Row>& before,
          Instant now) {
  const bool ours = before && before->holder == holder && !lapsed(before->ends_at, now, length);
  const std::int64_t last = before ? before->fence : 0;
  const Lease out{std::string(job), holder, ours ? last : last + 1, length};
  tx.exec(
      "INSERT INTO leases (school_id, job, holder, fence, ends_at) VALUES (?1, ?2, ?3, ?4, ?5) "
      "ON CONFLICT (school_id, job) DO UPDATE SET holder = excluded.holder, fence = excluded.fence, "
      "ends_at = excluded.ends_at",
      tx.school(), job, holder, out.fence, now + length);
  return out;
}

}  // namespace

bool lease_is_free(ReadTx& tx, std::string_view job, const Fixed<16>& holder, Span length) {
  const auto now = stored(tx, job);
  return !now || now->holder == holder || lapsed(now->ends_at, tx.clock_now(), length);
}

std::optional<Lease> take_lease(WriteTx& tx, std::string_view job, const Fixed<16>& holder, Span length) {
  const auto before = stored(tx, job);
  const auto now = tx.clock_now();
  if (before && before->holder != holder && !lapsed(before->ends_at, now, length)) return std::nullopt;
  return put(tx, job, holder, length, before, now);
}

Lease seize_lease(WriteTx& tx, std::string_view job, const Fixed<16>& holder, Span length) {
  return put(tx, job, holder, length, stored(tx, job), tx.clock_now());
}

void hold_lease(WriteTx& tx, const Lease& lease) {
  const auto held =
      tx.exec("UPDATE leases SET ends_at = ?5 WHERE school_id = ?1 AND job = ?2 AND holder = ?3 AND fence = ?4",
              tx.school(), lease.job, lease.holder, lease.fence, tx.clock_now() + lease.length);
  if (held == 0) throw LeaseLost();
}

void release_lease(WriteTx& tx, const Lease& lease) {
  tx.exec("UPDATE leases SET ends_at = 0 WHERE school_id = ?1 AND job = ?2 AND holder = ?3 AND fence = ?4", tx.school(),
          lease.job, lease.holder, lease.fence);
}

std::optional<Fixed<16>> lease_holder(ReadTx& tx, std::string_view job) {
  const auto now = stored(tx, job);
  return now ? std::optional(now->holder) : std::nullopt;
}

void forget_leases(WriteTx& tx) { tx.exec("DELETE FROM leases"); }

}  // namespace xinyi::storage
