#include "features/cases/opening.hpp"

namespace xinyi::cases {
namespace {
using namespace identity;
using http::Call;
using storage::ReadTx;
using storage::WriteTx;
constexpr Roles kCounsellors = {Role::counsellor, Role::trainee};
constexpr Roles kHeads = {Role::director, Role::deputy};
}  // namespace

Facts case_facts(ReadTx& tx, const Call& call, const CaseId& id) {
  const auto c = case_of(tx, id);
  if (!c) return Facts::missing("case", id.bytes());
  Facts out{true, {}, "case", id.bytes(), c->client};
  const auto& me = call.who().person;
  // Nobody reads or runs their own file through the staff's door (CARE-17).
  if (c->client == call.who().self) return out;
  if (c->counsellor == me) out.relations.add(Relation::assigned);
  if (vault::has_live_grant(tx, id, me, call.now())) out.relations.add(Relation::granted);
  if (vault::holds_room_key(tx, vault::RoomKeyKind::room, me)) out.relations.add(Relation::room_key);
  return out;
}

http::Locator case_locator() {
  return http::Locator([](ReadTx& tx, const Call& call) { return case_facts(tx, call, call.id<CaseId>()); });
}

http::Locator record_locator() {
  return http::Locator([](ReadTx& tx, const Call& call) {
    const auto id = call.id<RecordId>();
    const auto r = record_of(tx, id);
    if (!r) return Facts::missing("record", id.bytes());
    auto out = case_facts(tx, call, r->case_id);
    out.kind = "record";
    out.id = id.bytes();
    return out;
  });
}

Rule readers() {
  return Rule::may(kCounsellors, {Relation::granted}).or_may(kHeads, {Relation::granted, Relation::room_key}).with_content();
}
Rule writers() { return Rule::may(kCounsellors, {Relation::assigned}).with_content(); }

OpenedCase open_case(ReadTx& tx, const Call& call, const CaseId& id, const std::optional<Text<2, 500>>& reason) {
  auto facts = case_of(tx, id);
  if (!facts) throw Refusal(Code::not_found);
  const auto& keys = call.services().keys;
  const bool by_room_key = !call.facts().relations.has(Relation::granted);
  if (by_room_key && !reason) throw Refusal(Code::reason_needed, "reason", Code::reason_needed);
  auto key = by_room_key ? vault::case_key_by_room(tx, keys, id, call.unlocked(), call.now())
                         : vault::case_key_for(tx, keys, id, call.unlocked(), call.now());
  OpenedCase out{*facts, std::move(key), by_room_key, {}};
  if (reason) out.why = vault::seal_why(out.key, call.school(), id, *reason);
  return out;
}

void note_opening(WriteTx& tx, const Call& call, const OpenedCase& opened, audit::Event event) {
  if (!opened.by_room_key && !vault::has_live_grant(tx, opened.facts.id, call.who().person, call.now())) throw Refusal(Code::not_found);
  if (opened.by_room_key) {
    auto use = call.event(audit::Act::room_key_used, "case", opened.facts.id.bytes(), opened.facts.client);
    use.why = opened.why;
    audit::append(tx, use);
  }
  event.why = opened.why;
  audit::append(tx, event);
}

vault::Place place_of(const SchoolId& school, const StoredRecord& r, std::string field, std::int64_t version) {
  return {school, r.case_id, r.unit, std::move(field), version};
}

Bytes seal_fields(const vault::ContentKey& key, const vault::Place& place, const RecordFields& fields) {
  auto plain = boost::json::serialize(contract::write(fields));
  auto sealed = vault::seal_content(key, place, view(plain));
  crypto::wipe({reinterpret_cast<std::uint8_t*>(plain.data()), plain.size()});
  return sealed;
}

RecordFields open_fields(const vault::ContentKey& key, const vault::Place& place, View sealed) {
  const auto plain = vault::open_content(key, place, sealed);
  RecordFields out;
  contract::Faults faults;
  boost::json::error_code ec;
  const auto value = boost::json::parse(plain.expose_text(), ec);
  if (ec || !contract::read(value, out, "", faults)) throw Refusal(Code::content_damaged);
  return out;
}
}  // namespace xinyi::cases
