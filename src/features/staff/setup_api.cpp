// Before and during set-up: what anybody may know, the director's claim, the room key.
#include "features/staff/entering.hpp"
#include "features/staff/me.hpp"

namespace xinyi::staff {
namespace {
using namespace identity;
using http::Call;
using storage::ReadTx;
using storage::WriteTx;

// National numbers: 12356 psychological help (since 2025), 110 police, 120 ambulance.
std::vector<HelpLine> help_lines() {
  return {{"全国统一心理援助热线", "National psychological help line", "12356"}, {"报警", "Police", "110"}, {"急救", "Ambulance", "120"}};
}

Task<About> about(Call& call) {
  co_await call.judge();
  const auto school = call.services().schools.named();
  About out;
  out.version = XINYI_VERSION;
  out.setup_needed = !school || !school->open;
  out.help.lines = help_lines();
  if (school) {
    out.school = facts_of(*school);
    out.demo = school->demo;
    out.help.place = school->help_place;
    out.help.hours = school->help_hours;
    out.help.people = school->help_people;
  }
  co_return out;
}

Task<Demo> demo(Call& call) {
  const auto school = call.services().schools.named();
  if (!school || !school->demo) throw Refusal(Code::not_found);
  call.for_school(school->id);
  co_return co_await call.read([&](ReadTx& tx) {
    Demo out;
    out.password = demo_password();
    for (const auto& person : demo_people(tx, call.data_key())) {
      const auto account = account_of(tx, call.data_key(), person);
      if (!account) continue;
      // The role by which a person is known: a director who also counsels is the director.
      const auto role = account->roles.has(Role::director) ? Role::director : list_of(account->roles).front();
      out.accounts.push_back({account->username, account->name, role, {}});
      if (account->totp_confirmed) out.accounts.back().totp_code = totp_code(totp_secret(tx, call.data_key(), person), call.now());
    }
    return out;
  });
}

Claimed claimed(const SchoolId& school, const PersonId& person, Roles roles, const crypto::Pair& pair, const vault::DataKey& key) {
  return {person, school, {Bytes(pair.box_public.bytes.begin(), pair.box_public.bytes.end())},
          {Bytes(pair.sign_public.bytes.begin(), pair.sign_public.bytes.end())}, {setup_challenge(key, person)}, to_text(roles)};
}

/// The same again for a page that was reloaded between the claim and the room key.
Task<Claimed> claimed_before(Call& call) {
  co_await call.judge();
  if (!call.who().roles.has(Role::director)) throw Refusal(Code::not_allowed);
  co_return claimed(call.school(), call.who().person, call.who().roles, call.unlocked().pair, call.data_key());
}

std::shared_ptr<const School> starting_school(Call& call) {
  auto school = call.services().schools.named();
  if (!school) throw Refusal(Code::setup_needed);
  if (school->open) throw Refusal(Code::setup_done);
  call.for_school(school->id);
  return school;
}

/// The same again for a director whose session ended between the claim and the room key: the start secret is used up, and
/// the password that took its place opens the person's key. Nobody but a director is admitted.
Task<Claimed> resume(Call& call, Resume in) {
  const auto school = starting_school(call);
  const auto entered = co_await enter(call, in.username.str(), in.password.str(), {}, [](const Account& a) { return a.roles.has(Role::director); });
  if (!entered.secret) throw Refusal(Code::key_locked);
  call.set_session_cookie(entered.token.to_cookie());
  co_return claimed(school->id, entered.account.person, entered.account.roles, crypto::derive(*entered.secret), school->data_key);
}

Task<Claimed> claim(Call& call, Claim in) {
  const auto school = starting_school(call);
  const auto& key = school->data_key;
  const std::string remote = call.incoming().remote;
  const auto account = co_await call.read([&](ReadTx& tx) -> std::optional<Account> {
    if (wait_seconds(tx, key, "set-up", remote, call.now()) > 0) throw Refusal(Code::slow_down);
    for (const auto& a : staff_accounts(tx, key))
      if (a.roles.has(Role::director) && start_secret_fits(tx, key, a.person, in.start_secret, call.now())) return a;
    return std::nullopt;
  });
  if (!account) {
    co_await call.write([&](WriteTx& tx) { note_failure(tx, key, "set-up", remote, call.now()); });
    throw Refusal(Code::start_secret_wrong, "start_secret", Code::start_secret_wrong);
  }
  check_password(in.password, *account, school->name);
  const auto secret = crypto::PersonSecret::random();
  const auto pair = crypto::derive(secret);
  const auto password = co_await call.services().passwords.run(call.executor(), [&] {
    return make_password(in.password, school->id, account->person, true, &secret);
  });
  std::optional<Token> token;
  co_await call.write([&](WriteTx& tx) {
    if (!start_secret_fits(tx, key, account->person, in.start_secret, call.now())) throw Refusal(Code::start_secret_wrong);
    rename(tx, key, account->person, in.username.str());
    const int generation = vault::add_person_key(tx, account->person, pair.box_public, pair.sign_public, to_text(account->roles));
    set_password(tx, key, account->person, password, generation);
    audit::append(tx, session_event(key, *account, audit::Act::setup_claimed, call.now()));
    token = open_session(tx, key, account->person, true, account->role_stamp, false, &secret, call.now());
  });
  call.set_session_cookie(token->to_cookie());
  co_return claimed(school->id, account->person, account->roles, pair, key);
}

Task<Me> room(Call& call, MakeRoom in) {
  if (!call.signed_in()) throw Refusal(Code::sign_in_needed);
  if (!call.who().roles.has(Role::director)) throw Refusal(Code::not_allowed);
  co_await call.write([&](WriteTx& tx) {
    make_room(tx, call.services().keys, call.data_key(), call.unlocked(), in, call.now(), call.services().random);
  });
  call.services().schools.forget(call.school());
  const auto token = Token::from_cookie(call.incoming().session_token);
  co_return co_await me_of(call, *token);
}
}  // namespace

void add_setup_routes(http::Routes& routes) {
  using enum http::Method;
  routes.add<http::Nothing, About>({get, "/api/v1/about", "The school's name, whether it is set up, and where help is.", Rule::anonymous(),
                                    http::no_object()}, about);
  routes.add<http::Nothing, Demo>({get, "/api/v1/demo", "Accounts of a demonstration school.", Rule::anonymous(), http::no_object()}, demo);
  routes.add<Claim, Claimed>({post, "/api/v1/setup/claim", "The director claims the account with the one-time start secret.", Rule::set_up(),
                              http::no_object(), {}, {Code::start_secret_wrong, Code::setup_done, Code::password_common}, "setup.claimed"}, claim);
  routes.add<http::Nothing, Claimed>({get, "/api/v1/setup/claim", "What the claim answered, for the director's session.", Rule::set_up(),
                                      http::no_object()}, claimed_before);
  routes.add<Resume, Claimed>({post, "/api/v1/setup/session", "The director who claimed the account signs in again, to finish the set-up.",
                               Rule::set_up(), http::no_object(), {}, {Code::sign_in_failed, Code::slow_down, Code::setup_done}, "session.opened"}, resume);
  routes.add<MakeRoom, Me>({post, "/api/v1/setup/room", "Stores the room's public halves and the director's sealed copies; opens the school.",
                            Rule::set_up(), http::no_object(), {}, {Code::cards_wrong, Code::setup_done}, "setup.room_made"}, room);
}
}  // namespace xinyi::staff
