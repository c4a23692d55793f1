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

std::vector<DayAppointment> visits(ReadTx& tx, const Call& call, const PersonId& whose, const schedule::Interval& span) {
  const bool own = whose == call.who().person;
  const auto stored = schedule::appointments_of_counsellor(tx, whose, span);
  std::vector<ClientRef> refs;
  for (const auto& a : stored) refs.push_back(a.client);
  auto clients = schedule::client_facts(tx, call.data_key(), refs);
  const schedule::Names names(tx, stored);
  // Reception sees who comes, not what it is about.
  auto known = own ? visits_of(tx, whose, span) : std::map<AppointmentId, Visit>{};
  std::vector<DayAppointment> out;
  for (const auto& a : stored) {
    auto& client = clients[a.client];
    // A colleague who comes as a client stays unnamed to managers and reception (CARE-17).
    if (!own && may_be_staff(tx, call.data_key(), client.person)) client.name = "—";
    auto& visit = known[a.id];
    out.push_back({a.id, a.span.starts_at, a.span.ends_at, names.room(a.room), a.state, a.walk_in, a.urgent, {client.name, client.class_name},
                   visit.case_id, visit.record, own && (a.reason_unit.has_value() || visit.reason_kept), a.version});
  }
  return out;
}

std::vector<Unsigned> unsigned_of(ReadTx& tx, const Call& call, const std::optional<PersonId>& counsellor) {
  std::vector<Unsigned> out;
  const auto& zone = call.school_facts().zone;
  const auto me = call.who().person;
  const auto drafts = unsigned_records(tx, counsellor);
  const auto unbegun = sessions_without_record(tx, counsellor, call.now() - kLookBack, call.now());
  std::vector<ClientRef> refs;  // of one's own clients only: nobody else's are named
  std::vector<PersonId> authors;
  for (const auto& r : drafts) {
    if (r.author == me) refs.push_back(r.client);
    authors.push_back(r.author);
  }
  for (const auto& s : unbegun) {
    if (s.counsellor == me) refs.push_back(s.client);
    authors.push_back(s.counsellor);
  }
  auto clients = schedule::client_facts(tx, call.data_key(), refs);
  const schedule::Names names(tx, authors, {});
  const auto own_name = [&](const PersonId& author, const ClientRef& ref) {
    return author == me ? std::optional(clients[ref].name) : std::nullopt;
  };
  for (const auto& r : drafts)
    out.push_back({r.id, r.case_id, r.appointment, own_name(r.author, r.client), names.counsellor(r.author).name, r.session_on, r.due_at,
                   is_late(RecordState::draft, r.due_at, call.now())});
  for (const auto& s : unbegun) {
    const auto due = s.ends_at + kRecordDue;
    out.push_back({{}, {}, s.appointment, own_name(s.counsellor, s.client), names.counsellor(s.counsellor).name, zone.date_of(s.ends_at), due,
                   call.now() > due});
  }
  std::ranges::sort(out, {}, &Unsigned::due_at);
  return out;
}

PersonId whose_day(const Call& call) { return call.query<PersonId>("counsellor_id").value_or(call.who().person); }

http::Locator day_locator() {
  return http::Locator([](ReadTx& tx, const Call& call) {
    const auto whose = whose_day(call);
    if (whose == call.who().person) return Facts{true, {Relation::own}, "person", whose.bytes(), {}};
    // Whoever left, or whose account is in doubt, still has a day with children in it.
    if (!may_be_staff(tx, call.data_key(), whose)) return Facts::missing("person", whose.bytes());
    return Facts{true, {}, "person", whose.bytes(), {}};
  });
}

Task<Day> day(Call& call) {
  const auto& zone = call.school_facts().zone;
  const auto date = call.query<SchoolDate>("date").value_or(zone.date_of(call.now()));
  const auto me = call.who().person;
  const auto whose = whose_day(call);
  const bool own = whose == me;
  if (!own) co_await call.write([&](WriteTx& tx) { audit::append(tx, call.event(audit::Act::day_read, "person", whose.bytes())); });
  co_return co_await call.read([&](ReadTx& tx) {
    const schedule::Interval span{zone.at(date, {0}), zone.at(date.plus_days(1), {0})};
    Day out;
    out.date = date;
    out.term = schedule::term_on(tx, date);
    out.counsellor = {whose, name_of(tx, whose), {}};
    out.shifts = schedule::shifts(tx, span, whose);
    out.appointments = visits(tx, call, whose, span);
    out.free = schedule::free_slots(tx, call.data_key(), {span, whose, {}}, call.now(), 100);
    if (own) out.unsigned_ = unsigned_of(tx, call, me);
    return out;
  });
}

Task<schedule::Reason> open_reason(Call& call) {
  const auto id = call.id<AppointmentId>();
  // The words are opened only after the event is durable.
  auto visit = co_await call.read([&](ReadTx& tx) {
    const auto found = schedule::appointment(tx, id);
    if (!found->reason_unit && !reason_of(tx, id)) throw Refusal(Code::not_found);  // nothing is there to be opened
    return *found;
  });
  co_await call.write([&](WriteTx& tx) {
    audit::append(tx, call.event(audit::Act::appointment_reason_opened, "appointment", id.bytes(), visit.client));
  });
  co_return co_await call.read([&](ReadTx& tx) -> schedule::Reason {
    const auto& keys = call.services().keys;
    visit = *schedule::appointment(tx, id);
    if (visit.reason_unit) {
      const auto words = vault::open_waiting_as(tx, keys, call.unlocked(), vault::load_unit(tx, keys, *visit.reason_unit),
                                                {call.school(), {}, *visit.reason_unit, "reason", 1}, visit.reason);
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

UnsignedList unsigned_list(Call& call, ReadTx& tx) {
  const bool all = call.who().roles.any(kHeads);
  const auto whose = all ? std::nullopt : std::optional(call.who().person);
  const auto figure = timeliness(tx, whose, call.now() - kLookBack, call.now());
  return UnsignedList{unsigned_of(tx, call, whose), figure.sessions, figure.in_time};
}
}  // namespace

void add_day_routes(http::Routes& routes) {
  using enum http::Method;
  routes.add<http::Nothing, Day>(http::vital({get, "/api/v1/day", "A counsellor's day: shifts, visits, free slots, what is unsigned.",
                                  Rule::may({Role::counsellor, Role::trainee}, {Relation::own})
                                      .or_may({Role::director, Role::deputy, Role::reception}).with_clients(), day_locator(),
                                  {"date", "counsellor_id"}, {}, "day.read"}), day);
  routes.add<http::Nothing, schedule::Reason>(http::vital({post, "/api/v1/appointments/{id}/reason/open", "Opens the client's own words; leaves an event.",
                                               Rule::may(kCounsellors, {Relation::assigned}).with_content(), schedule::appointment_locator(), {}, {},
                                               "appointment.reason_opened"}), open_reason);
  routes.add_read<UnsignedList>({get, "/api/v1/records/unsigned", "Sessions without a signed record; the director sees all, without names.",
                                 Rule::may({Role::counsellor, Role::trainee, Role::director, Role::deputy}).with_clients(), http::no_object()},
                                unsigned_list);
}
}  // namespace xinyi::cases
