// Leases: which process does a periodic job of a school, so that one does it and, when that one dies, another goes on.
//
//   auto lease = db.write(school, [&](WriteTx& tx) { return take_lease(tx, "sealer", me); });   // nothing: another has it
//   db.write(school, [&](WriteTx& tx) { hold_lease(tx, *lease); … });                           // in every write of the job
//
// A lease has a fencing number that rises whenever the work changes hands. A process that was stopped, or cut off, and comes
// back late still believes in its lease; its writes do not match the number any more and are undone. So the end of a lease
// only decides how soon somebody else may begin, and a clock that jumps costs a change of hands, never two at work.
#pragma once
#include <optional>
#include <string>

#include "kernel/problem.hpp"
#include "storage/database.hpp"

namespace xinyi::storage {

/// Longer than the longest pause between two writes of a job that lives.
inline constexpr Span kLease = std::chrono::seconds(45);

struct Lease {
  std::string job;  // 1..32 of a-z and _
  Fixed<16> holder{};
  std::int64_t fence = 0;
  Span length{};
  bool operator==(const Lease&) const = default;
};

/// The work is another's by now; nothing of the transaction that met this stays.
class LeaseLost : public Refusal {
 public:
  LeaseLost() : Refusal(Code::unavailable, "the lease of this work is another process's by now") {}
};

/// Whether a lease that was to end then still binds. One that ends later than any lease taken now could was dated by a
/// clock that has been set back since: waiting for that end might take years, so it does not bind.
constexpr bool lapsed(Instant ends_at, Instant now, Span length) { return ends_at <= now || ends_at > now + length; }

/// Takes the work when nobody has it or its lease has lapsed; goes on with it when it is ours. Nothing while it is another's.
std::optional<Lease> take_lease(WriteTx& tx, std::string_view job, const Fixed<16>& holder, Span length = kLease);
/// Takes it whoever has it: for an operator's command, and where the former holder is known to be gone. What that one still
/// writes is refused.
Lease seize_lease(WriteTx& tx, std::string_view job, const Fixed<16>& holder, Span length = kLease);
/// First in every write of the job: moves the end of the lease forward. LeaseLost when it is another's.
void hold_lease(WriteTx& tx, const Lease& lease);
/// Somebody else may begin at once. Without effect when it is another's already.
void release_lease(WriteTx& tx, const Lease& lease);
/// Whether `holder` could take it now, without a write.
bool lease_is_free(ReadTx& tx, std::string_view job, const Fixed<16>& holder, Span length = kLease);
/// Who has it, lapsed or not.
std::optional<Fixed<16>> lease_holder(ReadTx& tx, std::string_view job);
/// All leases of all schools, for a copy that another server will run on.
void forget_leases(WriteTx& tx);

}  // namespace xinyi::storage
