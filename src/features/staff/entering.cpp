#include "features/staff/entering.hpp"

#include "features/staff/me.hpp"

namespace xinyi::staff {
namespace {
using namespace identity;
using http::Call;
using storage::ReadTx;
using storage::WriteTx;

enum class Outcome { in, failed, totp_needed, totp_wrong, slow_down };

struct Attempt {
  std::optional<Account> account;
  std::optional<vault::StoredSecret> stored;
  std::int64_t wait = 0;
};
}  // namespace

audit::Event refused_try(const Call& call, std::string_view username) {
  audit::Event e{audit::Actor::anonymous(), audit::Act::session_refused};
  e.object = {"account", call.data_key().keyed("account name", view(username))};
  e.outcome = audit::Outcome::refused;
  e.at = call.now();
  return e;
}

void refuse_for(std::int64_t seconds) {
  Problem p;
  p.code = Code::slow_down;
  p.extra["retry_after_s"] = seconds;
  throw Refusal(std::move(p));
}

Task<Entered> enter(Call& call, std::string username, std::string password, std::optional<Text<6, 6>> totp,
                    bool (*admits)(const Account&)) {
  const auto& key = call.data_key();
  const std::string remote = call.incoming().remote;
  auto attempt = co_await call.read([&](ReadTx& tx) {
    Attempt a;
    a.wait = wait_seconds(tx, key, username, remote, call.now());
    a.account = account_named(tx, key, username);
    if (a.account && (a.account->state != AccountState::active || !admits(*a.account))) a.account.reset();
    if (a.account) a.stored = vault::person_secret(tx, a.account->person);
    return a;
  });
  if (attempt.wait > 0) refuse_for(attempt.wait);
  const auto decoy = key.keyed("decoy salt", view(username));
  auto found = co_await call.services().passwords.run(call.executor(), [&] {
    return try_password(password, attempt.account ? &*attempt.account : nullptr, call.school(), attempt.stored, decoy);
  });
  crypto::wipe({reinterpret_cast<std::uint8_t*>(password.data()), password.size()});

  std::optional<Token> token;
  std::optional<Account> account;
  const auto outcome = co_await call.write([&](WriteTx& tx) {
    token.reset();
    // Many tries sent at once all found no wait at their start: those beyond the allowance learn nothing.
    attempt.wait = wait_seconds(tx, key, username, remote, call.now());
    if (attempt.wait > 0) return Outcome::slow_down;
    const auto fail = [&](Outcome why) {
      note_failure(tx, key, username, remote, call.now());
      audit::append(tx, refused_try(call, username));
      return why;
    };
    // Judged again here: the account may have changed while the password was being hashed.
    account = found.right ? account_of(tx, key, attempt.account->person) : std::nullopt;
    if (!account || account->state != AccountState::active || !admits(*account) ||
        account->verifier != attempt.account->verifier)
      return fail(Outcome::failed);
    if (account->totp_confirmed) {
      if (!totp) return Outcome::totp_needed;
      if (!use_totp(tx, key, account->person, totp->str(), call.now())) return fail(Outcome::totp_wrong);
    }
    note_success(tx, key, username, remote);
    token = open_session(tx, key, account->person, account->roles.any(kStaff), account->role_stamp,
                         account->totp_confirmed, found.secret ? &*found.secret : nullptr, call.now());
    audit::append(tx, session_event(key, *account, audit::Act::session_opened, call.now()));
    return Outcome::in;
  });
  if (outcome == Outcome::slow_down) refuse_for(attempt.wait);
  if (outcome == Outcome::failed) throw Refusal(Code::sign_in_failed);
  if (outcome == Outcome::totp_needed) throw Refusal(Code::totp_needed);
  if (outcome == Outcome::totp_wrong) throw Refusal(Code::totp_wrong);
  co_return Entered{std::move(*token), std::move(*account), std::move(found.secret)};
}
}  // namespace xinyi::staff
