#include "features/staff/me.hpp"

namespace xinyi::staff {
namespace {
Me picture(storage::ReadTx& tx, const identity::Principal& who, const identity::School& school) {
  Me out{who.person, who.name, who.username, list_of(who.roles), facts_of(school), school.demo, who.needs, who.idle_ends_at, who.ends_at, who.has_totp, {}};
  if (who.needs_now(Need::certification))
    if (const auto key = vault::newest_person_key(tx, who.person)) out.short_code = vault::short_code(key->box_public, key->sign_public);
  return out;
}
}  // namespace

SchoolFacts facts_of(const identity::School& school) { return {school.id, school.name, school.stages, school.zone.name()}; }

Task<Me> me_of(http::Call& call, const identity::Token& token) {
  // Not under the route's rule: the session was opened by this very request.
  co_return co_await call.services().db.read_task(token.school, call.executor(), [&](storage::ReadTx& tx) {
    const auto who = identity::resolve(tx, call.data_key(), token, call.now());
    if (!who) throw Refusal(Code::session_ended);
    return picture(tx, *who, call.school_facts());
  });
}

Task<Me> me_now(http::Call& call) {
  auto token = identity::Token::from_cookie(call.incoming().session_token);
  invariant(token.has_value(), "signed in without a token");
  co_await call.read([](storage::ReadTx&) { return 0; });
  co_return co_await me_of(call, *token);
}

audit::Actor actor_of(const vault::DataKey& key, const PersonId& person, identity::Roles roles) {
  return roles.any(identity::kStaff) ? audit::Actor::staff(person) : audit::Actor::client(key.client_ref(person));
}

audit::Event session_event(const vault::DataKey& key, const identity::Account& account, audit::Act act, Instant now) {
  audit::Event e{actor_of(key, account.person, account.roles), act};
  e.object = audit::Object::the("session");
  e.at = now;
  return e;
}

audit::Event own_event(const http::Call& call, audit::Act act) {
  audit::Event e{actor_of(call.data_key(), call.who().person, call.who().roles), act};
  e.object = audit::Object::the("session");
  e.at = call.now();
  return e;
}
}  // namespace xinyi::staff
