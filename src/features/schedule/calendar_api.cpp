// Terms, rooms, duty shifts, and the slots that come of them.
#include "features/schedule/schedule.hpp"
#include "identity/accounts.hpp"

namespace xinyi::schedule {
namespace {
using namespace identity;
using http::Call;
using storage::ReadTx;
using storage::WriteTx;

constexpr int kLongestRange = 62;      // days in one list
constexpr std::size_t kMostSlots = 500;

/// The asked-for days as a span of the school's time; default: from today on.
Interval asked_range(const Call& call, int default_days) {
  const auto& zone = call.school_facts().zone;
  const auto from = call.query<SchoolDate>("from").value_or(zone.date_of(call.now()));
  const auto to = call.query<SchoolDate>("to").value_or(from.plus_days(default_days - 1));
  if (to < from || to.day_number() - from.day_number() >= kLongestRange) throw Refusal(Code::invalid_input, "to", Code::field_range);
  return {zone.at(from, {0}), zone.at(to.plus_days(1), {0})};
}

Task<Term> create_term(Call& call, NewTerm in) {
  if (in.ends_on < in.starts_on) throw Refusal(Code::invalid_input, "ends_on", Code::field_range);
  const Term term{call.services().random.id<TermId>(call.now()), in.name.str(), in.starts_on, in.ends_on, 1};
  const auto touched = co_await call.act([&](WriteTx& tx) {
    insert_term(tx, term);
    audit::append(tx, call.event(audit::Act::term_created, "term", term.id.bytes()));
    return http::Touched::of(term.id);
  });
  co_return co_await call.read([&](ReadTx& tx) {
    for (auto& t : terms(tx))
      if (t.id == touched.as<TermId>()) return t;
    throw Refusal(Code::not_found);
  });
}

Task<CounsellingRoom> create_room(Call& call, NewRoom in) {
  const CounsellingRoom room{call.services().random.id<RoomId>(call.now()), in.name.str(), in.function, in.capacity, 1};
  const auto touched = co_await call.act([&](WriteTx& tx) {
    insert_room(tx, room);
    audit::append(tx, call.event(audit::Act::room_created, "room", room.id.bytes()));
    return http::Touched::of(room.id);
  });
  co_return co_await call.read([&](ReadTx& tx) {
    for (auto& r : rooms(tx))
      if (r.id == touched.as<RoomId>()) return r;
    throw Refusal(Code::not_found);
  });
}

Task<Shift> create_shift(Call& call, NewShift in) {
  const auto span = interval_of(in, call.school_facts().zone);
  const Shift made{call.services().random.id<ShiftId>(call.now()), {in.counsellor_id, {}, {}}, {in.room_id, {}}, in.date, span.starts_at, span.ends_at,
                   in.slot_minutes, 0, 1};
  const auto touched = co_await call.act([&](WriteTx& tx) {
    if (!term_on(tx, in.date)) throw Refusal(Code::outside_term, "date", Code::outside_term);
    const auto people = counsellors(tx, call.data_key());
    if (std::ranges::none_of(people, [&](const Person& p) { return p.id == in.counsellor_id; }))
      throw Refusal(Code::invalid_input, "counsellor_id", Code::field_choice);
    const auto all = rooms(tx);
    if (std::ranges::none_of(all, [&](const CounsellingRoom& r) { return r.id == in.room_id; }))
      throw Refusal(Code::invalid_input, "room_id", Code::field_choice);
    insert_shift(tx, made);
    audit::append(tx, call.event(audit::Act::shift_created, "shift", made.id.bytes()));
    return http::Touched::of(made.id);
  });
  co_return co_await call.read([&](ReadTx& tx) {
    auto out = shift(tx, touched.as<ShiftId>());
    if (!out) throw Refusal(Code::not_found);
    return *out;
  });
}

http::Locator shift_locator() {
  return http::Locator([](ReadTx& tx, const Call& call) {
    const auto id = call.id<ShiftId>();
    const auto found = shift(tx, id);
    if (!found) return Facts::missing("shift", id.bytes());
    Facts out{true, {}, "shift", id.bytes(), {}};
    if (found->counsellor.id == call.who().person) out.relations.add(Relation::assigned);
    return out;
  });
}
}  // namespace

void add_calendar_routes(http::Routes& routes) {
  using enum http::Method;
  constexpr Roles kPlanners = {Role::director, Role::deputy};
  constexpr Roles kEverybody = {Role::student, Role::guardian, Role::teacher, Role::homeroom_teacher, Role::counsellor, Role::trainee, Role::director,
                                Role::deputy, Role::archivist, Role::crisis_team, Role::committee, Role::principal, Role::reception, Role::administrator};
  routes.add_read<Terms>({get, "/api/v1/terms", "Terms, newest first.", Rule::may(kStaff), http::no_object()},
                         [](Call&, ReadTx& tx) { return Terms{terms(tx)}; });
  routes.add<NewTerm, Term>({post, "/api/v1/terms", "Adds a term.", Rule::may(kPlanners), http::no_object(), {}, {}, "term.created"}, create_term, 201);
  routes.add_read<Rooms>({get, "/api/v1/rooms", "Rooms.", Rule::may(kStaff), http::no_object()},
                         [](Call&, ReadTx& tx) { return Rooms{rooms(tx)}; });
  routes.add<NewRoom, CounsellingRoom>({post, "/api/v1/rooms", "Adds a room.", Rule::may(kPlanners), http::no_object(), {}, {}, "room.created"},
                                       create_room, 201);
  routes.add_read<Counsellors>({get, "/api/v1/counsellors", "Members of staff who receive clients.", Rule::may(kEverybody), http::no_object()},
                               [](Call& call, ReadTx& tx) { return Counsellors{counsellors(tx, call.data_key())}; });
  routes.add_read<Shifts>({get, "/api/v1/shifts", "Duty shifts in a range of days.", Rule::may(kStaff), http::no_object(), {"from", "to"}},
                          [](Call& call, ReadTx& tx) { return Shifts{shifts(tx, asked_range(call, 7))}; });
  routes.add<NewShift, Shift>({post, "/api/v1/shifts", "Adds a duty shift; its slots are open at once.", Rule::may(kPlanners), http::no_object(), {},
                               {Code::outside_term, Code::shift_overlaps}, "shift.created"}, create_shift, 201);
  routes.add<http::Nothing, http::Nothing>({delete_, "/api/v1/shifts/{id}", "Removes a shift in which nobody is booked.", Rule::may(kPlanners),
                                            shift_locator(), {}, {Code::shift_booked}, "shift.removed"},
                                           [](Call& call) -> Task<http::Nothing> {
                                             const auto id = call.id<ShiftId>();
                                             co_await call.write([&](WriteTx& tx) {
                                               remove_shift(tx, id);
                                               audit::append(tx, call.event(audit::Act::shift_removed, "shift", id.bytes()));
                                             });
                                             co_return http::Nothing{};
                                           });
  routes.add_read<Slots>({get, "/api/v1/slots", "Free slots in a range of days, shift by shift; for a client without those that meet an own appointment.",
                          Rule::may(kEverybody), http::no_object(), {"from", "to", "counsellor_id"}},
                         [](Call& call, ReadTx& tx) {
                           Wish wish{asked_range(call, 14), call.query<PersonId>("counsellor_id"), {}};
                           if (!call.who().roles.any(kReception)) wish.client = call.who().self;
                           return Slots{free_slots(tx, call.data_key(), wish, call.now(), kMostSlots)};
                         });
}
}  // namespace xinyi::schedule
