// Decisions of the schedule. No I/O.
#pragma once
#include <span>
#include <vector>

#include "features/schedule/model.hpp"
#include "identity/principal.hpp"

namespace xinyi::schedule {

struct Interval {
  Instant starts_at, ends_at;
  bool overlaps(const Interval& o) const { return starts_at < o.ends_at && o.starts_at < ends_at; }
  bool operator==(const Interval&) const = default;
};

/// The slots of a shift in order: whole slots only, a rest at the end stays free for notes.
std::vector<Interval> slots_of(const Interval& shift, std::int64_t slot_minutes);
/// Those that start after `now` and touch nothing that is taken (`taken` sorted by start).
std::vector<Interval> open_slots(const Interval& shift, std::int64_t slot_minutes, std::span<const Interval> taken, Instant now);
/// Whether `start` begins a slot of the shift.
std::optional<Interval> slot_at(const Interval& shift, std::int64_t slot_minutes, Instant start);

/// Roles that book for somebody else. Whoever has none of them books for nobody but themselves, and is offered only what
/// they could take.
constexpr identity::Roles kReception = {identity::Role::counsellor, identity::Role::trainee, identity::Role::director, identity::Role::deputy,
                                        identity::Role::reception};

/// What may follow what. A child can always cancel a booking that has not been used (CARE-14).
bool may_become(AppointmentState from, AppointmentState to);

/// A new shift in the school's wall clock; throws Refusal(invalid_input) when it ends before it starts, is longer than
/// 12 hours or too short for one slot.
Interval interval_of(const NewShift& shift, const Zone& zone);

}  // namespace xinyi::schedule
