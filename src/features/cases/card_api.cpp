// One person, one card (SVC-8).
#include "features/cases/opening.hpp"
#include "features/people/people.hpp"
#include "identity/accounts.hpp"

namespace xinyi::cases {
namespace {
using namespace identity;
using http::Call;
using storage::ReadTx;
using storage::WriteTx;

Card picture(ReadTx& tx, const Call& call, const StoredCase& c) {
  const auto card = card_of(tx, c.client);
  if (!card) throw Refusal(Code::not_found);
  Card out;
  out.number = card_number(card->number);
  out.opened_on = card->opened_on;
  out.counsellor = {c.counsellor, name_of(tx, c.counsellor), {}};
  const auto facts = schedule::client_facts(tx, call.data_key(), c.client);
  out.client = {facts.name, facts.class_name, {}, {}, {}, true};
  if (const auto s = people::find_student(tx, facts.person)) {
    out.client.grade = s->grade ? std::optional<std::int64_t>(*s->grade) : std::nullopt;
    out.client.birth_date = s->birth_date;
    out.client.student_number = s->student_number;
    out.client.enrolled = s->enrolled;
    for (const auto& stay : people::class_history(tx, facts.person)) out.classes.push_back({stay.class_name, stay.from, stay.to});
  }
  for (const auto& each : cases_of_client(tx, c.client))
    for (const auto& r : records_of_case(tx, each.id)) out.sessions.push_back({r.session_on, r.state, case_number(each.year, each.serial)});
  out.appointments = static_cast<std::int64_t>(schedule::appointments_of_client(tx, c.client).size());
  return out;
}

Task<Card> show(Call& call, const std::optional<Text<2, 500>>& reason, audit::Act act) {
  const auto id = call.id<CaseId>();
  struct Found { OpenedCase opened; Card card; };
  auto found = co_await call.read([&](ReadTx& tx) {
    auto opened = open_case(tx, call, id, reason);
    auto card = picture(tx, call, opened.facts);
    return Found{std::move(opened), std::move(card)};
  });
  co_await call.write([&](WriteTx& tx) {
    note_opening(tx, call, found.opened, call.event(act, "card", id.bytes(), found.opened.facts.client));
  });
  co_return std::move(found.card);
}
}  // namespace

void add_card_routes(http::Routes& routes) {
  using enum http::Method;
  routes.add<Reading, Card>(http::vital({post, "/api/v1/cases/{id}/card/open", "The client's card: what is known, by right.", readers(), case_locator(), {},
                             {Code::reason_needed}, "card.opened"}),
                            [](Call& call, Reading in) -> Task<Card> { co_return co_await show(call, in.reason, audit::Act::card_opened); });
  routes.add<Reading, Card>(http::vital({post, "/api/v1/cases/{id}/card/print", "The same for the printer or an export; leaves its own event.", readers(),
                             case_locator(), {}, {Code::reason_needed}, "card.printed"}),
                            [](Call& call, Reading in) -> Task<Card> { co_return co_await show(call, in.reason, audit::Act::card_printed); });
}
}  // namespace xinyi::cases
