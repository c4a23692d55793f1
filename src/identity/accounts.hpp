// Accounts: who may sign in. Passwords, start secrets, second factor, slow-down.
// A row of accounts is believed only when its authenticator under the school's data key verifies; any other counts as no
// account, for every function here.
#pragma once
#include <optional>
#include <string>

#include "identity/principal.hpp"
#include "kernel/random.hpp"
#include "storage/database.hpp"
#include "vault/vault.hpp"

namespace xinyi::identity {

enum class AccountState { invited, active, disabled };
BOOST_DESCRIBE_ENUM(AccountState, invited, active, disabled)

struct Account {
  PersonId person;
  std::string username, name, gender;
  Roles roles;
  AccountState state = AccountState::invited;
  Fixed<16> salt{};
  crypto::PasswordCost cost;
  Bytes verifier;            // empty until the first sign-in
  bool totp_confirmed = false;
  std::int64_t role_stamp = 1;
  std::int64_t version = 1;
  bool key_holder() const { return roles.any(kKeyHolders); }
};

std::optional<Account> account_of(storage::ReadTx& tx, const vault::DataKey& key, const PersonId& person);
std::optional<Account> account_named(storage::ReadTx& tx, const vault::DataKey& key, std::string_view username);
std::vector<Account> staff_accounts(storage::ReadTx& tx, const vault::DataKey& key);
/// Staff, or an account of which nobody can say: for deciding whom to leave unnamed.
bool may_be_staff(storage::ReadTx& tx, const vault::DataKey& key, const PersonId& person);

/// How many rows are not believed. For `doctor`; reads all of them.
std::int64_t disbelieved_accounts(storage::ReadTx& tx, const vault::DataKey& key);
/// Gives the rows of a database from before rows had authenticators theirs: once for a school, in one transaction with its
/// audit event, never again. OperatorError when the database was put back to before that.
void authenticate_rows_once(storage::Database& db, vault::ServerKeys& keys, const SchoolId& school, Instant now);

/// Refusal(roles_conflict) for roles that may not meet in one person: the technical administrator with any role that
/// reads content, the principal with the director, clients' roles with each other's or with staff keys (CARE-7).
void check_roles(Roles roles);

// -- start secrets: one use, seven days
struct StartSecret {
  std::string text;  // "K7QF-2M9D-XH4T-W8PC", 80 bits, shown once
};
StartSecret make_start_secret(Random& random);
/// A new account waiting for its first sign-in. Refusal(username_taken).
void invite(storage::WriteTx& tx, const vault::DataKey& key, const Account& account, const StartSecret& secret, Instant now);
/// Replaces the start secret of an account that was not used yet.
void invite_again(storage::WriteTx& tx, const vault::DataKey& key, const PersonId& person, const StartSecret& secret, Instant now);
/// The account of a student or guardian on the roster: made when missing (waiting for a start secret), renamed, shut
/// when the roster no longer allows it, opened again when it does. False when the account name is somebody else's, or the
/// account there is not believed: it is left as it is.
bool keep_client_account(storage::WriteTx& tx, const vault::DataKey& key, const PersonId& person, Role role, std::string_view username,
                         std::string_view name, bool allowed, Instant now);
/// Forgives blanks, dashes and small letters.
bool start_secret_fits(storage::ReadTx& tx, const vault::DataKey& key, const PersonId& person, std::string_view typed, Instant now);

// -- passwords
/// Refusal(password_short / password_common). Length in characters; guessability by zxcvbn, with the person's own
/// names, the school's name and common Chinese choices as dictionary. No composition rules.
void check_password(std::string_view password, const Account& account, std::string_view school_name);
/// Everything that one Argon2id run yields for an account. Expensive parts only; no I/O.
struct NewPassword {
  Fixed<16> salt{};
  crypto::PasswordCost cost;
  Bytes verifier;
  Bytes wrapped;  // the person's secret; empty when there is none
};
NewPassword make_password(std::string_view password, const SchoolId& school, const PersonId& person, bool key_holder,
                          const crypto::PersonSecret* secret);
/// Stores it; the account becomes active, the start secret is used up.
void set_password(storage::WriteTx& tx, const vault::DataKey& key, const PersonId& person, const NewPassword& password, int key_generation);
/// Refusal(username_taken).
void rename(storage::WriteTx& tx, const vault::DataKey& key, const PersonId& person, std::string_view username);

/// What a password attempt found; made on a worker thread.
struct PasswordTry {
  bool right = false;
  std::optional<crypto::PersonSecret> secret;
};
/// `account` null: a decoy of the same cost, so that accounts cannot be told apart by time.
PasswordTry try_password(std::string_view password, const Account* account, const SchoolId& school, const std::optional<vault::StoredSecret>& stored,
                         const Fixed<16>& decoy_salt);

// -- second factor (RFC 6238: SHA-1, 30 s, 6 digits)
/// A new shared secret, not yet in force.
Bytes new_totp(storage::WriteTx& tx, const vault::DataKey& key, const PersonId& person, Random& random);
std::string totp_uri(std::string_view school, std::string_view username, View secret);
std::string to_base32(View bytes);
/// What is remembered of the codes that were used.
struct TotpUse {
  std::int64_t last_step = 0;   // the last one
  std::int64_t ahead_step = 0;  // the highest of a time when the clock was ahead of what it says now
  bool operator==(const TotpUse&) const = default;
};
/// Pure: what is remembered after a code of `step` is used while the clock says `now_step`; nothing when the code is spent.
/// Steps only rise. A last step that lies further ahead than any phone's clock was used while ours was wrong: it does not
/// keep the owner out until that day, and its own code stays spent.
std::optional<TotpUse> totp_after(const TotpUse& before, std::int64_t step, std::int64_t now_step);
/// True once per code: the time step is remembered. Accepts the neighbouring steps.
bool use_totp(storage::WriteTx& tx, const vault::DataKey& key, const PersonId& person, std::string_view code, Instant now);
void confirm_totp(storage::WriteTx& tx, const vault::DataKey& key, const PersonId& person);
/// The code of a moment; for the demonstration school's sign-in page only.
std::string totp_code(View secret, Instant now);
Bytes totp_secret(storage::ReadTx& tx, const vault::DataKey& key, const PersonId& person);

// -- slow-down (never locks the owner out: it counts by account *and* address)
/// Seconds to wait before the next try is looked at; 0: none.
std::int64_t wait_seconds(storage::ReadTx& tx, const vault::DataKey& key, std::string_view username, std::string_view remote, Instant now);
void note_failure(storage::WriteTx& tx, const vault::DataKey& key, std::string_view username, std::string_view remote, Instant now);
void note_success(storage::WriteTx& tx, const vault::DataKey& key, std::string_view username, std::string_view remote);
/// Pure: waiting time after n failures in a row. 0 for up to 4; then 30 s, doubling, at most 15 minutes.
std::int64_t wait_after(std::int64_t failures);
/// Pure: what is left of that wait after the last failure at `last`; never more than the wait itself. A failure that lies
/// further ahead than requests under way at once are apart was noted by a clock that was wrong: its pause is over.
std::int64_t wait_left(std::int64_t failures, Instant last, Instant now);

// -- changes
void set_state(storage::WriteTx& tx, const vault::DataKey& key, const PersonId& person, AccountState state);
/// Names only by which the audit page shows staff; of a row that decides nothing, whether it is believed or not.
std::string name_of(storage::ReadTx& tx, const PersonId& person);

}  // namespace xinyi::identity
