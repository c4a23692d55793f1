// Colleagues: invited, confirmed in person, disabled. Students' first codes.
#include "features/staff/me.hpp"

namespace xinyi::staff {
namespace {
using namespace identity;
using http::Call;
using storage::ReadTx;
using storage::WriteTx;

StaffState state_of(ReadTx& tx, const Account& a, std::optional<std::string>& code) {
  if (a.state == AccountState::invited) return StaffState::invited;
  if (a.state == AccountState::disabled) return StaffState::disabled;
  if (!a.key_holder()) return StaffState::active;
  const auto key = vault::newest_person_key(tx, a.person);
  if (key && key->state == vault::PersonKey::State::certified) return StaffState::active;
  if (key) code = vault::short_code(key->box_public, key->sign_public);
  return StaffState::uncertified;
}

Colleague picture(ReadTx& tx, const Account& a) {
  Colleague out{a.person, a.name, a.username, list_of(a.roles), {}, {}, a.version};
  out.state = state_of(tx, a, out.short_code);
  return out;
}

audit::Event about_colleague(const Call& call, audit::Act act, const PersonId& person) {
  auto e = own_event(call, act);
  e.object = audit::Object::of("person", person);
  return e;
}

http::Locator staff_member() {
  return http::Locator([](ReadTx& tx, const Call& call) {
    const auto id = call.id<PersonId>();
    const auto account = account_of(tx, call.data_key(), id);
    if (!account || !account->roles.any(kStaff)) return Facts::missing("person", id.bytes());
    return Facts{true, {}, "person", id.bytes(), {}};
  });
}

Task<Invited> invite_colleague(Call& call, Invite in) {
  Roles roles;
  for (auto r : in.roles) roles.add(r);
  check_roles(roles);
  if (!roles.any(kStaff)) throw Refusal(Code::invalid_input, "roles", Code::field_choice);
  const auto secret = make_start_secret(call.services().random);
  Account account;
  account.person = call.services().random.id<PersonId>(call.now());
  account.username = in.username.str();
  account.name = in.name.str();
  account.gender = in.gender ? std::string(contract::enum_name(*in.gender)) : std::string{};
  account.roles = roles;
  const auto touched = co_await call.act([&](WriteTx& tx) {
    invite(tx, call.data_key(), account, secret, call.now());
    audit::append(tx, about_colleague(call, audit::Act::staff_invited, account.person));
    return http::Touched::of(account.person);
  });
  // A repeat of the same request must not show a secret that was never stored.
  const bool mine = touched.as<PersonId>() == account.person;
  co_return Invited{touched.as<PersonId>(), account.username, mine ? secret.text : std::string{}};
}

Task<Invited> invite_anew(Call& call) {
  const auto id = call.id<PersonId>();
  const auto secret = make_start_secret(call.services().random);
  std::string username;
  co_await call.write([&](WriteTx& tx) {
    invite_again(tx, call.data_key(), id, secret, call.now());
    username = account_of(tx, call.data_key(), id)->username;
    audit::append(tx, about_colleague(call, audit::Act::staff_invited, id));
  });
  co_return Invited{id, username, secret.text};
}

http::Locator student_account() {
  return http::Locator([](ReadTx& tx, const Call& call) {
    const auto id = call.id<PersonId>();
    const auto account = account_of(tx, call.data_key(), id);
    // The event names no person: having an account says nothing about being a client, but nobody needs it there.
    if (!account || account->roles.any(kStaff)) return Facts::missing("account", {});
    return Facts{true, {}, "account", {}, {}};
  });
}

Task<Invited> invite_student(Call& call) {
  const auto id = call.id<PersonId>();
  const auto secret = make_start_secret(call.services().random);
  std::string username;
  co_await call.write([&](WriteTx& tx) {
    invite_again(tx, call.data_key(), id, secret, call.now());
    username = account_of(tx, call.data_key(), id)->username;
    auto e = own_event(call, audit::Act::staff_invited);
    e.object = {"account", call.data_key().keyed("account name", view(username))};
    audit::append(tx, e);
  });
  co_return Invited{id, username, secret.text};
}

Task<Colleague> certify_route(Call& call, Certify in) {
  const auto id = call.id<PersonId>();
  co_await call.act([&](WriteTx& tx) {
    certify_colleague(tx, call.services().keys, call.data_key(), call.unlocked(), id, in.short_code, call.now());
    auto e = about_colleague(call, audit::Act::staff_certified, id);
    e.why = vault::seal_why_to_room(vault::room_key(tx, call.services().keys, vault::RoomKeyKind::room), in.reason);
    audit::append(tx, e);
    return http::Touched::of(id);
  });
  co_return co_await call.read([&](ReadTx& tx) { return picture(tx, *account_of(tx, call.data_key(), id)); });
}

/// Takes the person's copies of the room's keys away, and renews what they held: with a copy that they may have kept
/// they open nothing that is written from now on. The room key itself changes only with new cards.
void take_keys_back(WriteTx& tx, const Call& call, const PersonId& id, const crypto::Seed& duty, const crypto::Seed& crisis) {
  const auto& keys = call.services().keys;
  for (auto kind : {vault::RoomKeyKind::duty, vault::RoomKeyKind::crisis, vault::RoomKeyKind::room}) {
    if (!vault::holds_room_key(tx, kind, id)) continue;
    vault::withdraw_room_key(tx, kind, id);
    audit::append(tx, about_colleague(call, audit::Act::key_withdrawn, id));
    if (kind == vault::RoomKeyKind::room) continue;
    vault::renew_room_key(tx, keys, kind, kind == vault::RoomKeyKind::duty ? duty : crisis, call.unlocked());
    auto e = own_event(call, audit::Act::key_rotated);
    e.object = audit::Object::of("school", tx.school());
    audit::append(tx, e);
  }
}

Task<Colleague> disable(Call& call, Because in) {
  const auto id = call.id<PersonId>();
  const auto duty = crypto::Seed::random(), crisis = crypto::Seed::random();
  co_await call.act([&](WriteTx& tx) {
    const auto account = account_of(tx, call.data_key(), id);
    if (account->roles.has(Role::director)) {
      int directors = 0;
      for (const auto& a : staff_accounts(tx, call.data_key())) directors += a.roles.has(Role::director) && a.state == AccountState::active ? 1 : 0;
      if (directors < 2) throw Refusal(Code::last_director);
    }
    set_state(tx, call.data_key(), id, AccountState::disabled);
    end_sessions_of(tx, call.data_key(), id, nullptr);
    vault::end_grants_of(tx, id, call.now());
    vault::retire_person_keys(tx, id);
    take_keys_back(tx, call, id, duty, crisis);
    auto e = about_colleague(call, audit::Act::staff_disabled, id);
    e.why = vault::seal_why_to_room(vault::room_key(tx, call.services().keys, vault::RoomKeyKind::room), in.reason);
    audit::append(tx, e);
    return http::Touched::of(id);
  });
  co_return co_await call.read([&](ReadTx& tx) { return picture(tx, *account_of(tx, call.data_key(), id)); });
}
}  // namespace

void add_staff_routes(http::Routes& routes) {
  using enum http::Method;
  constexpr Roles kHeads = {Role::director, Role::deputy};
  routes.add<http::Nothing, Colleagues>({get, "/api/v1/staff", "Colleagues and what is still open about their accounts.", Rule::may(kHeads),
                                         http::no_object()},
                                        [](Call& call) -> Task<Colleagues> {
                                          co_return co_await call.read([&](ReadTx& tx) {
                                            Colleagues out;
                                            for (const auto& a : staff_accounts(tx, call.data_key())) out.items.push_back(picture(tx, a));
                                            return out;
                                          });
                                        });
  routes.add<Invite, Invited>({post, "/api/v1/staff", "Invites a colleague; the start secret is shown once.", Rule::may({Role::director}),
                               http::no_object(), {}, {Code::username_taken, Code::roles_conflict}, "staff.invited"}, invite_colleague, 201);
  routes.add<http::Nothing, Invited>({post, "/api/v1/staff/{id}/invite-again", "A new start secret for an account that was not used yet.",
                                      Rule::may({Role::director}), staff_member(), {}, {}, "staff.invited"}, invite_anew);
  // Whoever holds a start secret may sign in as that child: not for homeroom teachers, who live beside the child.
  routes.add<http::Nothing, Invited>({post, "/api/v1/students/{id}/start-secret", "A one-time start secret for a student's first sign-in; shown once.",
                                      Rule::may({Role::director, Role::deputy, Role::reception}), student_account(), {}, {}, "staff.invited"},
                                     invite_student);
  routes.add<Certify, Colleague>({post, "/api/v1/staff/{id}/certify", "Confirms a colleague's key after comparing the short code in person.",
                                  Rule::may({Role::director}).with_content(), staff_member(), {}, {Code::short_code_wrong}, "staff.certified"},
                                 certify_route);
  routes.add<Because, Colleague>({post, "/api/v1/staff/{id}/disable", "Ends a colleague's access at once.", Rule::may({Role::director}).with_content(),
                                  staff_member(), {}, {Code::last_director}, "staff.disabled"}, disable);
}
}  // namespace xinyi::staff
