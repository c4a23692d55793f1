#include "features/schedule/rules.hpp"

#include <algorithm>

namespace xinyi::schedule {
namespace {
constexpr Span kLongestShift = std::chrono::hours(12);
Span slot_span(std::int64_t minutes) { return std::chrono::minutes(minutes); }
}  // namespace

std::vector<Interval> slots_of(const Interval& shift, std::int64_t slot_minutes) {
  std::vector<Interval> out;
  if (shift.ends_at > shift.starts_at) out.reserve(static_cast<std::size_t>((shift.ends_at - shift.starts_at) / slot_span(slot_minutes)));
  for (Instant t = shift.starts_at; t + slot_span(slot_minutes) <= shift.ends_at; t = t + slot_span(slot_minutes))
    out.push_back({t, t + slot_span(slot_minutes)});
  return out;
}

std::vector<Interval> open_slots(const Interval& shift, std::int64_t slot_minutes, std::span<const Interval> taken, Instant now) {
  auto slots = slots_of(shift, slot_minutes);
  std::erase_if(slots, [&](const Interval& s) {
    return s.starts_at <= now || std::ranges::any_of(taken, [&](const Interval& t) { return t.overlaps(s); });
  });
  return slots;
}

std::optional<Interval> slot_at(const Interval& shift, std::int64_t slot_minutes, Instant start) {
  const auto span = slot_span(slot_minutes);
  if (start < shift.starts_at || start + span > shift.ends_at) return std::nullopt;
  if ((start - shift.starts_at).count() % span.count() != 0) return std::nullopt;
  return Interval{start, start + span};
}

bool may_become(AppointmentState from, AppointmentState to) {
  using enum AppointmentState;
  switch (to) {
    case cancelled: return from == booked;
    case came: return from == booked || from == no_show;  // a late arrival undoes the no-show
    case no_show: return from == booked || from == came;
    case booked: return from == came || from == no_show;  // a slip of the finger, undone
  }
  return false;
}

Interval interval_of(const NewShift& shift, const Zone& zone) {
  const Interval out{zone.at(shift.date, shift.starts), zone.at(shift.date, shift.ends)};
  if (out.ends_at <= out.starts_at || out.ends_at - out.starts_at > kLongestShift) throw Refusal(Code::invalid_input, "ends", Code::field_range);
  if (slots_of(out, shift.slot_minutes).empty()) throw Refusal(Code::invalid_input, "slot_minutes", Code::field_range);
  return out;
}
}  // namespace xinyi::schedule
