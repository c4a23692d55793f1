// The day of a counsellor, the reasons of its visits, and what is still unsigned.
#include "features/cases/opening.hpp"
#include "identity/accounts.hpp"

namespace xinyi::cases {
namespace {
using namespace identity;
using http::Call;
using storage::ReadTx;
using storage::WriteTx;

constexpr Roles kCounsellors = {Role::counsellor, Role::trainee};
constexpr Roles kHeads = {Role::director, Role::deputy};
constexpr Span kLookBack = std::chrono::hours(24 * 30);

DayAppointment picture(ReadTx& tx, const Call& call, const schedule::StoredAppointment& a, bool own) {
  auto client = schedule::client_facts(tx, call.data_key(), a.client);
  // A colleague who comes as a client stays unnamed to managers and reception (CARE-17).
  if (const auto account = own ? std::nullopt : account_of(tx, client.person); account && account->roles.any(kStaff)) client.name = "—";
  const auto seen = schedule::as_client_sees(tx, a);
  DayAppointment out{a.id, a.span.starts_at, a.span.ends_at, seen.room, a.state, a.walk_in, a.urgent, {client.name, client.class_name}, {}, {}, false,
                     a.version};
  if (!own) return out;  // reception sees who comes, not what it is about
  out.has_reason = a.reason_unit.has_value() || reason_of(tx, a.id).has_value();
  if (const auto c = running_case(tx, a.client); c && c->counsellor == call.who().person) out.case_id = c->id;
  if (const auto r = record_of_appointment(tx, a.id)) out.record = DayRecord{r->id, r->state};
  return out;
}

std::vector<Unsigned> unsigned_of(ReadTx& tx, const Call& call, const std::optional<PersonId>& counsellor) {
  std::vector<Unsigned> out;
  const auto& zone = call.school_facts().zone;
  const auto own_name = [&](const PersonId& author, const ClientRef& ref) -> std::optional<std::string> {
    if (author != call.who().person) return std::nullopt;
    return schedule::client_facts(tx, call.data_key(), ref).name;
  };
  for (const auto& r : unsigned_records(tx, counsellor)) {
    const auto c = case_of(tx, r.case_id);
    out.push_back({r.id, r.case_id, r.appointment, own_name(r.author, c->client), name_of(tx, r.author), r.session_on, r.due_at,
                   is_late(r.state, r.due_at, call.now())});
  }
  for (const auto& s : sessions_without_record(tx, counsellor, call.now() - kLookBack, call.now())) {
    const auto due = s.ends_at + kRecordDue;
    out.push_back({{}, {}, s.appointment, own_name(s.counsellor, s.client), name_of(tx, s.counsellor), zone.date_of(s.ends_at), due, call.now() > due});
  }
  std::ranges::sort(out, {}, &Unsigned::due_at);
  return out;
}

Task<Day> day(Call& call) {
  const auto& zone = call.school_facts().zone;
  const auto date = call.query<SchoolDate>("date").value_or(zone.date_of(call.now()));
  const auto me = call.who().person;
  const auto whose = call.query<PersonId>("counsellor_id").value_or(me);
  const bool own = whose == me;
  if (!own) {
    co_await call.write([&](WriteTx& tx) {
      if (!call.who().roles.any({Role::director, Role::deputy, Role::reception})) throw Refusal(Code::not_found);
      audit::append(tx, call.event(audit::Act::day_read, "person", whose.bytes()));
    });
  }
  co_return co_await call.read([&](ReadTx& tx) {
    const schedule::Interval span{zone.at(date, {0}), zone.at(date.plus_days(1), {0})};
    Day out;
    out.date = date;
    out.term = schedule::term_on(tx, date);
    out.counsellor = {whose, name_of(tx, whose), {}};
    out.shifts = schedule::shifts(tx, span, whose);
    for (const auto& a : schedule::appointments_of_counsellor(tx, whose, span)) out.appointments.push_back(picture(tx, call, a, own));
    out.free = schedule::free_slots(tx, call.data_key(), span, whose, call.now(), 100);
    if (own) out.unsigned_ = unsigned_of(tx, call, me);
    return out;
  });
}

Task<schedule::Reason> open_reason(Call& call) {
  const auto id = call.id<AppointmentId>();
  // The words are opened only after the event is durable.
  auto visit = co_await call.read([&](ReadTx& tx) { return *schedule::appointment(tx, id); });
  co_await call.write([&](WriteTx& tx) {
    audit::append(tx, call.event(audit::Act::appointment_reason_opened, "appointment", id.bytes(), visit.client));
  });
  co_return co_await call.read([&](ReadTx& tx) -> schedule::Reason {
    const auto& keys = call.services().keys;
    visit = *schedule::appointment(tx, id);
    if (visit.reason_unit) {
      const auto duty = vault::open_room_key(tx, keys, vault::RoomKeyKind::duty, call.unlocked());
      const auto words = vault::open_waiting(duty, vault::load_unit(tx, keys, *visit.reason_unit), {call.school(), {}, *visit.reason_unit, "reason", 1},
                                             visit.reason);
      return {std::string(words.expose_text())};
    }
    const auto kept = reason_of(tx, id);
    if (!kept) throw Refusal(Code::not_found);
    const auto key = vault::case_key_for(tx, keys, kept->case_id, call.unlocked(), call.now());
    const auto words = vault::open_content(vault::content_key(key, vault::load_unit(tx, keys, kept->unit)),
                                           {call.school(), kept->case_id, kept->unit, "reason", 1}, kept->content);
    return {std::string(words.expose_text())};
  });
}

Task<UnsignedList> unsigned_list(Call& call) {
  co_return co_await call.read([&](ReadTx& tx) {
    const bool all = call.who().roles.any(kHeads);
    const auto whose = all ? std::nullopt : std::optional(call.who().person);
    const auto figure = timeliness(tx, whose, call.now() - kLookBack, call.now());
    return UnsignedList{unsigned_of(tx, call, whose), figure.sessions, figure.in_time};
  });
}
}  // namespace

void add_day_routes(http::Routes& routes) {
  using enum http::Method;
  routes.add<http::Nothing, Day>(http::vital({get, "/api/v1/day", "A counsellor's day: shifts, visits, free slots, what is unsigned.",
                                  Rule::may({Role::counsellor, Role::trainee, Role::director, Role::deputy, Role::reception}).with_clients(), http::no_object(),
                                  {"date", "counsellor_id"}, {}, "day.read"}), day);
  routes.add<http::Nothing, schedule::Reason>(http::vital({post, "/api/v1/appointments/{id}/reason/open", "Opens the client's own words; leaves an event.",
                                               Rule::may(kCounsellors, {Relation::assigned}).with_content(), schedule::appointment_locator(), {}, {},
                                               "appointment.reason_opened"}), open_reason);
  routes.add<http::Nothing, UnsignedList>({get, "/api/v1/records/unsigned", "Sessions without a signed record; the director sees all, without names.",
                                           Rule::may({Role::counsellor, Role::trainee, Role::director, Role::deputy}).with_clients(), http::no_object()},
                                          unsigned_list);
}
}  // namespace xinyi::cases
