// Signing in and out, the second factor, one's own password.
#include "features/staff/entering.hpp"
#include "features/staff/me.hpp"

namespace xinyi::staff {
namespace {
using namespace identity;
using http::Call;
using storage::ReadTx;
using storage::WriteTx;

SchoolId school_meant(Call& call, const std::optional<Text<1, 40>>& code) {
  const auto school = call.services().schools.named(code ? code->str() : std::string_view{});
  if (!school) throw Refusal(Code::sign_in_failed);
  call.for_school(school->id);
  return school->id;
}

Task<Me> sign_in(Call& call, SignIn in) {
  school_meant(call, in.school);
  const auto entered = co_await enter(call, in.username.str(), in.password.str(), in.totp, [](const Account&) { return true; });
  call.set_session_cookie(entered.token.to_cookie());
  co_return co_await me_of(call, entered.token);
}

Task<Me> first_sign_in(Call& call, FirstSignIn in) {
  const auto school = school_meant(call, in.school);
  const auto& key = call.data_key();
  const std::string remote = call.incoming().remote;
  const auto account = co_await call.read([&](ReadTx& tx) -> std::optional<Account> {
    if (const auto wait = wait_seconds(tx, key, in.username, remote, call.now()); wait > 0) refuse_for(wait);
    auto a = account_named(tx, key, in.username);
    if (!a || !start_secret_fits(tx, key, a->person, in.start_secret, call.now())) return std::nullopt;
    return a;
  });
  if (!account) {
    co_await call.write([&](WriteTx& tx) {
      note_failure(tx, key, in.username, remote, call.now());
      audit::append(tx, refused_try(call, in.username.str()));
    });
    throw Refusal(Code::start_secret_wrong);
  }
  check_password(in.password, *account, call.school_facts().name);
  std::optional<crypto::PersonSecret> secret;
  if (account->key_holder()) secret.emplace(crypto::PersonSecret::random());
  const auto password = co_await call.services().passwords.run(call.executor(), [&] {
    return make_password(in.password, school, account->person, account->key_holder(), secret ? &*secret : nullptr);
  });
  std::optional<Token> token;
  co_await call.write([&](WriteTx& tx) {
    if (!start_secret_fits(tx, key, account->person, in.start_secret, call.now())) throw Refusal(Code::start_secret_wrong);
    int generation = 0;
    if (secret) {
      const auto pair = crypto::derive(*secret);
      generation = vault::add_person_key(tx, account->person, pair.box_public, pair.sign_public, to_text(account->roles));
    }
    set_password(tx, key, account->person, password, generation);
    note_success(tx, key, in.username, remote);
    audit::append(tx, session_event(key, *account, audit::Act::password_set, call.now()));
    token = open_session(tx, key, account->person, account->roles.any(kStaff), account->role_stamp, false, secret ? &*secret : nullptr, call.now());
  });
  call.set_session_cookie(token->to_cookie());
  co_return co_await me_of(call, *token);
}

Task<TotpSecret> begin_totp(Call& call) {
  Bytes secret;
  co_await call.write([&](WriteTx& tx) {
    if (call.who().has_totp) throw Refusal(Code::not_allowed);  // a second one only after a reset in person
    secret = new_totp(tx, call.data_key(), call.who().person, call.services().random);
  });
  TotpSecret out{to_base32(secret), totp_uri(call.school_facts().name, call.who().username, secret)};
  crypto::wipe(secret);
  co_return out;
}

Task<Me> confirm_totp_route(Call& call, TotpCode in) {
  co_await call.write([&](WriteTx& tx) {
    if (!use_totp(tx, call.data_key(), call.who().person, in.code.str(), call.now())) throw Refusal(Code::totp_wrong);
    confirm_totp(tx, call.data_key(), call.who().person);
    totp_shown(tx, call.data_key(), call.who());
    audit::append(tx, own_event(call, audit::Act::totp_set));
  });
  co_return co_await me_now(call);
}

Task<Me> change_password(Call& call, ChangePassword in) {
  const auto& who = call.who();
  const auto& remote = call.incoming().remote;
  struct Present { Account account; std::optional<vault::StoredSecret> stored; };
  const auto present = co_await call.read([&](ReadTx& tx) {
    // Who finds a session left open must not guess the password through it.
    if (const auto wait = wait_seconds(tx, call.data_key(), who.username, remote, call.now()); wait > 0) refuse_for(wait);
    return Present{*account_of(tx, call.data_key(), who.person), vault::person_secret(tx, who.person)};
  });
  check_password(in.replacement, present.account, call.school_facts().name);
  struct Made { bool right = false; NewPassword password; };
  const auto made = co_await call.services().passwords.run(call.executor(), [&] {
    auto tried = try_password(in.current, &present.account, call.school(), present.stored, Fixed<16>{});
    if (!tried.right) return Made{};
    return Made{true, make_password(in.replacement, call.school(), who.person, present.account.key_holder(), tried.secret ? &*tried.secret : nullptr)};
  });
  const bool done = co_await call.write([&](WriteTx& tx) {
    if (const auto wait = wait_seconds(tx, call.data_key(), who.username, remote, call.now()); wait > 0) refuse_for(wait);
    if (!made.right) {
      note_failure(tx, call.data_key(), who.username, remote, call.now());
      return false;
    }
    set_password(tx, call.data_key(), who.person, made.password, present.stored ? present.stored->generation : 0);
    end_sessions_of(tx, call.data_key(), who.person, &who.session);
    audit::append(tx, own_event(call, audit::Act::password_changed));
    return true;
  });
  if (!done) throw Refusal(Code::sign_in_failed, "current", Code::sign_in_failed);
  co_return co_await me_now(call);
}

Task<http::Nothing> sign_out(Call& call) {
  co_await call.write([&](WriteTx& tx) {
    end_session(tx, call.who().session);
    audit::append(tx, own_event(call, audit::Act::session_ended));
  });
  call.clear_session_cookie();
  co_return http::Nothing{};
}
}  // namespace

void add_session_routes(http::Routes& routes) {
  using enum http::Method;
  routes.add<SignIn, Me>(http::vital({post, "/api/v1/session", "Sign in.", Rule::anonymous(), http::no_object(), {},
                          {Code::sign_in_failed, Code::totp_needed, Code::totp_wrong, Code::slow_down}, "session.opened"}), sign_in);
  routes.add<http::Nothing, Me>({get, "/api/v1/session", "Who is signed in, and what is still owed.", Rule::signed_in(), http::no_object()},
                                [](Call& call) -> Task<Me> { co_return co_await me_now(call); });
  routes.add<http::Nothing, http::Nothing>(http::vital({delete_, "/api/v1/session", "Sign out.", Rule::signed_in(), http::no_object(), {}, {}, "session.ended"}),
                                           sign_out);
  routes.add<FirstSignIn, Me>(http::vital({post, "/api/v1/session/first", "First sign-in with a start secret; sets the password.", Rule::anonymous(),
                               http::no_object(), {}, {Code::start_secret_wrong, Code::password_common, Code::password_short, Code::slow_down},
                               "password.set"}), first_sign_in);
  routes.add<http::Nothing, TotpSecret>(http::vital({post, "/api/v1/account/totp", "A new secret for one's authenticator, not yet in force.", Rule::signed_in(),
                                         http::no_object(), {}, {}, "totp.set"}), begin_totp);
  routes.add<TotpCode, Me>(http::vital({put, "/api/v1/account/totp", "Puts the authenticator in force.", Rule::signed_in(), http::no_object(), {},
                            {Code::totp_wrong}, "totp.set"}), confirm_totp_route);
  routes.add<ChangePassword, Me>({put, "/api/v1/account/password", "Changes one's own password; ends one's other sessions.", Rule::signed_in(),
                                  http::no_object(), {}, {Code::sign_in_failed, Code::password_common, Code::password_short}, "password.changed"},
                                 change_password);
}
}  // namespace xinyi::staff
