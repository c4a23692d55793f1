// Opening a case from a visit, reading it, one's list, who looked.
#include "features/cases/opening.hpp"
#include "features/people/people.hpp"
#include "identity/accounts.hpp"

namespace xinyi::cases {
namespace {
using namespace identity;
using http::Call;
using storage::ReadTx;
using storage::WriteTx;

constexpr Roles kCounsellors = {Role::counsellor, Role::trainee};
constexpr Roles kClients = {Role::student, Role::guardian, Role::teacher, Role::homeroom_teacher, Role::counsellor, Role::trainee, Role::director,
                            Role::deputy, Role::archivist, Role::principal, Role::reception};

CaseLine line(ReadTx& tx, const Call& call, const StoredCase& c) {
  const auto client = schedule::client_facts(tx, call.data_key(), c.client);
  return {c.id, case_number(c.year, c.serial), {client.name, client.class_name}, c.state, c.opened_on, {c.counsellor, name_of(tx, c.counsellor), {}}, c.version};
}

Case picture(ReadTx& tx, const Call& call, const StoredCase& c) {
  Case out{line(tx, call, c), {}};
  for (const auto& r : records_of_case(tx, c.id))
    out.records.push_back({r.id, record_number(c.year, c.serial, r.session_number), r.session_number, r.session_on, r.state, r.signed_at,
                           r.state == RecordState::signed_ && amended(tx, r.id), is_late(r.state, r.due_at, call.now())});
  return out;
}

/// A waiting reason, taken out of the duty key's keeping and put under the case's.
std::optional<StoredReason> adopt_reason(ReadTx& tx, const Call& call, const schedule::StoredAppointment& a, const CaseId& case_id,
                                         const vault::CaseKey& key) {
  if (!a.reason_unit) return std::nullopt;
  const auto& keys = call.services().keys;
  const auto unit = vault::load_unit(tx, keys, *a.reason_unit);
  const auto words = vault::open_waiting_as(tx, keys, call.unlocked(), unit, {call.school(), {}, *a.reason_unit, "reason", 1}, a.reason);
  return StoredReason{case_id, *a.reason_unit,
                      vault::seal_content(vault::content_key(key, unit), {call.school(), case_id, *a.reason_unit, "reason", 1}, words.expose())};
}

void store_reason(WriteTx& tx, const AppointmentId& id, const std::optional<StoredReason>& reason) {
  if (!reason) return;
  insert_reason(tx, id, *reason);
  schedule::drop_reason(tx, id);
}

struct Prepared {
  schedule::StoredAppointment visit;
  std::optional<StoredCase> running;
  StoredCase fresh;
  std::vector<vault::Grant> grants;
  std::optional<StoredReason> reason;
};

/// The expensive part: keys and signatures, outside the writer.
Prepared prepare_case(ReadTx& tx, const Call& call, const AppointmentId& id, const CaseId& new_id) {
  Prepared out;
  auto visit = schedule::appointment(tx, id);
  // "Not yours" and "not there" are one answer; nobody opens a case about themselves.
  if (!visit || visit->counsellor != call.who().person || visit->client == call.who().self) throw Refusal(Code::not_found);
  out.visit = *visit;
  out.running = running_case(tx, visit->client);
  const auto& keys = call.services().keys;
  if (out.running) {
    if (!vault::has_live_grant(tx, out.running->id, call.who().person, call.now())) throw Refusal(Code::case_exists);
    if (out.visit.reason_unit)
      out.reason = adopt_reason(tx, call, out.visit, out.running->id, vault::case_key_for(tx, keys, out.running->id, call.unlocked(), call.now()));
    return out;
  }
  const auto me = vault::certified_key(tx, keys, call.who().person);
  if (!me) throw Refusal(Code::certification_needed);
  const auto key = vault::make_case_key();
  const auto today = call.school_facts().zone.date_of(call.now());
  out.fresh = {new_id, school_year_of(today), 0, visit->client, call.who().person, CaseState::running, today, 1};
  out.grants = vault::opening_grants(call.school(), new_id, key, *me, vault::room_key(tx, keys, vault::RoomKeyKind::room),
                                     vault::room_key(tx, keys, vault::RoomKeyKind::crisis), call.unlocked(), call.now(), call.services().random);
  out.reason = adopt_reason(tx, call, out.visit, new_id, key);
  return out;
}

Task<Case> open_from_visit(Call& call, OpenCase in) {
  const auto new_id = call.services().random.shuffled_id<CaseId>();
  auto prepared = co_await call.read([&](ReadTx& tx) { return prepare_case(tx, call, in.appointment_id, new_id); });
  const auto touched = co_await call.act([&](WriteTx& tx) {
    const auto now_running = running_case(tx, prepared.visit.client);
    if (now_running.has_value() != prepared.running.has_value()) throw Refusal(Code::case_exists);
    const auto visit = schedule::appointment(tx, in.appointment_id);
    const bool still_waiting = visit && visit->reason_unit.has_value();
    if (prepared.running) {
      if (still_waiting) store_reason(tx, in.appointment_id, prepared.reason);
      return http::Touched::of(prepared.running->id);
    }
    auto fresh = prepared.fresh;
    insert_case(tx, fresh);
    vault::insert_grants(tx, prepared.grants);
    keep_card(tx, fresh.client, fresh.opened_on);
    if (still_waiting) store_reason(tx, in.appointment_id, prepared.reason);
    audit::append(tx, call.event(audit::Act::case_opened, "case", fresh.id.bytes(), fresh.client));
    return http::Touched::of(fresh.id);
  });
  co_return co_await call.read([&](ReadTx& tx) {
    const auto c = case_of(tx, touched.as<CaseId>());
    if (!c) throw Refusal(Code::not_found);
    return picture(tx, call, *c);
  });
}

Task<Case> read_case(Call& call, Reading in) {
  const auto id = call.id<CaseId>();
  struct Found { OpenedCase opened; Case picture; };
  auto found = co_await call.read([&](ReadTx& tx) {
    auto opened = open_case(tx, call, id, in.reason);
    auto p = picture(tx, call, opened.facts);
    return Found{std::move(opened), std::move(p)};
  });
  co_await call.write([&](WriteTx& tx) {
    note_opening(tx, call, found.opened, call.event(audit::Act::case_read, "case", id.bytes(), found.opened.facts.client));
  });
  co_return std::move(found.picture);
}

Task<Cases> list_cases(Call& call) {
  co_return co_await call.read([&](ReadTx& tx) {
    Cases out;
    for (const auto& c : cases_of_counsellor(tx, call.who().person)) out.items.push_back(line(tx, call, c));
    return out;
  });
}

std::string actor_name(ReadTx& tx, const Call& call, const audit::Actor& actor, const ClientRef& about) {
  switch (actor.kind) {
    case audit::Actor::Kind::staff: return name_of(tx, PersonId(actor.id));
    case audit::Actor::Kind::client:
      return actor.id == about.bytes() ? schedule::client_facts(tx, call.data_key(), about).name : std::string("—");
    case audit::Actor::Kind::system: return "系统 System";
    case audit::Actor::Kind::operator_: return "服务器操作员 Operator";
    case audit::Actor::Kind::anonymous: return "未登录 Not signed in";
  }
  return {};
}

WhoLooked looked(ReadTx& tx, const Call& call, const ClientRef& about, const std::function<std::optional<std::string>(const audit::Why&)>& why) {
  WhoLooked out;
  for (const auto& seen : audit::who_looked(tx, about, 200)) {
    const auto& act = audit::catalogue(seen.act);
    Looked l{seen.at, actor_name(tx, call, seen.actor, about), std::string(act.code), {std::string(act.zh), std::string(act.en)},
             seen.outcome == audit::Outcome::refused, {}};
    if (seen.why) l.why = why(*seen.why);
    out.items.push_back(std::move(l));
  }
  return out;
}

Task<WhoLooked> who_looked_at_case(Call& call) {
  const auto id = call.id<CaseId>();
  auto opened = co_await call.read([&](ReadTx& tx) -> std::optional<OpenedCase> {
    // A director without a grant sees who looked, not the sealed reasons.
    if (!call.facts().relations.has(Relation::granted)) return std::nullopt;
    return open_case(tx, call, id, {});
  });
  co_await call.write([&](WriteTx& tx) {
    audit::append(tx, call.event(audit::Act::who_looked_read, "case", id.bytes(), call.facts().about));
  });
  co_return co_await call.read([&](ReadTx& tx) {
    return looked(tx, call, *call.facts().about, [&](const audit::Why& why) -> std::optional<std::string> {
      if (!opened) return std::nullopt;
      try {
        return std::string(vault::open_why(opened->key, call.school(), id, why).expose_text());
      } catch (const Refusal&) {
        return std::nullopt;  // a reason under another key of the same client
      }
    });
  });
}

Task<WhoLooked> who_looked_at_me(Call& call) {
  co_return co_await call.read([&](ReadTx& tx) {
    return looked(tx, call, call.who().self, [](const audit::Why&) { return std::optional<std::string>{}; });
  });
}
}  // namespace

void add_case_routes(http::Routes& routes) {
  using enum http::Method;
  routes.add<OpenCase, Case>({post, "/api/v1/cases", "Opens a case from one's own visit; its key is made.", Rule::may(kCounsellors).with_content(),
                              http::no_object(), {}, {Code::case_exists, Code::not_found}, "case.opened"}, open_from_visit, 201);
  routes.add<http::Nothing, Cases>({get, "/api/v1/cases", "One's own cases.", Rule::may(kCounsellors).with_content(), http::no_object()}, list_cases);
  routes.add<Reading, Case>(http::vital({post, "/api/v1/cases/{id}/open", "Reads a case; leaves an event. A reason is needed when one is not responsible.", readers(),
                             case_locator(), {}, {Code::reason_needed}, "case.read"}), read_case);
  routes.add<http::Nothing, WhoLooked>(http::vital({post, "/api/v1/cases/{id}/who-looked", "Everybody who looked at this client's file.", readers(), case_locator(), {},
                                        {}, "who_looked.read"}), who_looked_at_case);
  routes.add<http::Nothing, WhoLooked>({get, "/api/v1/me/who-looked", "Everybody who looked at one's own file.", Rule::may(kClients), http::no_object()},
                                       who_looked_at_me);
}
}  // namespace xinyi::cases
