#include "identity/accounts.hpp"

#include "kernel/json.hpp"

namespace xinyi::identity {
namespace {
constexpr Span kStartSecretLife = std::chrono::hours(24 * 7);
constexpr std::string_view kAlphabet = "23456789ABCDEFGHJKMNPQRSTVWXYZ";  // nothing that is mistaken for something else

template <class RowType>
Account read(const RowType& row) {
  Account a;
  a.person = row.template get<PersonId>(0);
  a.username = row.template get<std::string>(1);
  a.name = row.template get<std::string>(2);
  a.gender = row.template get<std::string>(3);
  a.roles = roles_from_text(row.template get<std::string_view>(4));
  const auto state = contract::enum_value<AccountState>(row.template get<std::string_view>(5));
  const auto cost = crypto::password_cost_from_text(row.template get<std::string_view>(7));
  invariant(state && cost, "unreadable account in storage");
  a.state = *state;
  a.salt = row.template get<Fixed<16>>(6);
  a.cost = *cost;
  if (!row.null(8)) a.verifier = row.template get<Bytes>(8);
  a.totp_confirmed = row.template get<bool>(9);
  a.role_stamp = row.template get<std::int64_t>(10);
  a.version = row.template get<std::int64_t>(11);
  return a;
}

std::string plain_secret(std::string_view typed) {
  std::string out;
  for (char c : typed) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    if (kAlphabet.find(c) != std::string_view::npos) out += c;
  }
  return out;
}

Fixed<16> start_verifier(const vault::DataKey& key, const PersonId& person, std::string_view secret) {
  Bytes value(person.bytes().begin(), person.bytes().end());
  const auto plain = plain_secret(secret);
  value.insert(value.end(), plain.begin(), plain.end());
  const auto out = key.keyed("start secret", value);
  crypto::wipe(value);
  return out;
}
}  // namespace

std::optional<Account> account_of(storage::ReadTx& tx, const PersonId& person) {
  auto row = tx.one("SELECT person_id, username, name, gender, roles, state, salt, cost, verifier, totp_confirmed, role_stamp, version "
                    "FROM accounts WHERE school_id = ?1 AND person_id = ?2", tx.school(), person);
  return row ? std::optional(read(*row)) : std::nullopt;
}

std::optional<Account> account_named(storage::ReadTx& tx, std::string_view username) {
  auto row = tx.one("SELECT person_id, username, name, gender, roles, state, salt, cost, verifier, totp_confirmed, role_stamp, version "
                    "FROM accounts WHERE school_id = ?1 AND username = ?2", tx.school(), username);
  return row ? std::optional(read(*row)) : std::nullopt;
}

std::vector<Account> staff_accounts(storage::ReadTx& tx) {
  std::vector<Account> out;
  for (auto row : tx.query("SELECT person_id, username, name, gender, roles, state, salt, cost, verifier, totp_confirmed, role_stamp, version "
                           "FROM accounts WHERE school_id = ?1 AND roles NOT IN ('student', 'guardian') ORDER BY name, username", tx.school()))
    out.push_back(read(row));
  return out;
}

void check_roles(Roles roles) {
  constexpr Roles kReaders = {Role::counsellor, Role::trainee, Role::director, Role::deputy, Role::crisis_team, Role::committee};
  // Reception reads no content, but sees who comes: that is closed to them too.
  const bool outsider = roles.any({Role::administrator, Role::bureau});
  const bool bad = roles.empty() || (outsider && (roles.any(kReaders) || roles.has(Role::reception))) ||
                   (roles.has(Role::principal) && roles.has(Role::director)) || (roles.has(Role::student) && roles.any(kStaff));
  if (bad) throw Refusal(Code::roles_conflict);
}

StartSecret make_start_secret(Random& random) {
  StartSecret out;
  while (out.text.size() < 19) {
    const auto b = random.bytes<1>()[0];
    if (b >= 240) continue;  // 8 x 30: every letter as likely as the others
    if (out.text.size() % 5 == 4) out.text += '-';
    out.text += kAlphabet[b % kAlphabet.size()];
  }
  return out;
}

void invite(storage::WriteTx& tx, const vault::DataKey& key, const Account& account, const StartSecret& secret, Instant now) {
  try {
    tx.exec("INSERT INTO accounts (school_id, person_id, username, name, gender, roles, state, salt, cost, start_verifier, start_expires_at, created_at) "
            "VALUES (?1,?2,?3,?4,?5,?6,'invited',?7,?8,?9,?10,?11)",
            tx.school(), account.person, account.username, account.name, account.gender, to_text(account.roles), Fixed<16>{},
            crypto::to_text(account.key_holder() ? crypto::kVaultCost : crypto::kLightCost), start_verifier(key, account.person, secret.text),
            now + kStartSecretLife, now);
  } catch (const storage::ConstraintError&) {
    throw Refusal(Code::username_taken, "username", Code::username_taken);
  }
}

void invite_again(storage::WriteTx& tx, const vault::DataKey& key, const PersonId& person, const StartSecret& secret, Instant now) {
  const auto n = tx.exec("UPDATE accounts SET start_verifier = ?3, start_expires_at = ?4, version = version + 1 "
                         "WHERE school_id = ?1 AND person_id = ?2 AND state = 'invited'",
                         tx.school(), person, start_verifier(key, person, secret.text), now + kStartSecretLife);
  if (n == 0) throw Refusal(Code::not_found);
}

bool keep_client_account(storage::WriteTx& tx, const PersonId& person, Role role, std::string_view username, std::string_view name,
                         bool allowed, Instant now) {
  try {
    tx.exec("INSERT INTO accounts (school_id, person_id, username, name, roles, state, salt, cost, created_at) "
            "VALUES (?1,?2,?3,?4,?5,CASE WHEN ?6 = 1 THEN 'invited' ELSE 'disabled' END,?7,?8,?9) "
            "ON CONFLICT (school_id, person_id) DO UPDATE SET username = excluded.username, name = excluded.name, "
            "state = CASE WHEN ?6 = 0 THEN 'disabled' WHEN accounts.state <> 'disabled' THEN accounts.state "
            "WHEN accounts.verifier IS NULL THEN 'invited' ELSE 'active' END, "
            "role_stamp = accounts.role_stamp + CASE WHEN (accounts.state = 'disabled') = (?6 = 0) THEN 0 ELSE 1 END, "
            "version = accounts.version + 1 "
            "WHERE accounts.username <> excluded.username OR accounts.name <> excluded.name OR (accounts.state = 'disabled') <> (?6 = 0)",
            tx.school(), person, username, name, contract::enum_name(role), allowed, Fixed<16>{}, crypto::to_text(crypto::kLightCost), now);
  } catch (const storage::ConstraintError&) {
    return false;
  }
  return true;
}

bool start_secret_fits(storage::ReadTx& tx, const vault::DataKey& key, const PersonId& person, std::string_view typed, Instant now) {
  auto row = tx.one("SELECT start_verifier, start_expires_at FROM accounts WHERE school_id = ?1 AND person_id = ?2 AND state = 'invited'",
                    tx.school(), person);
  if (!row || row->null(0) || row->get<Instant>(1) <= now) return false;
  return crypto::equal(row->get<View>(0), start_verifier(key, person, typed));
}

void set_password(storage::WriteTx& tx, const PersonId& person, const NewPassword& password, int key_generation) {
  tx.exec("UPDATE accounts SET salt = ?3, cost = ?4, verifier = ?5, state = 'active', start_verifier = NULL, start_expires_at = NULL, "
          "version = version + 1 WHERE school_id = ?1 AND person_id = ?2",
          tx.school(), person, password.salt, crypto::to_text(password.cost), password.verifier);
  if (!password.wrapped.empty())
    vault::save_person_secret(tx, person, {key_generation, password.wrapped, password.salt, password.cost});
}

NewPassword make_password(std::string_view password, const SchoolId& school, const PersonId& person, bool key_holder,
                          const crypto::PersonSecret* secret) {
  NewPassword out;
  crypto::random_fill(out.salt);
  out.cost = key_holder ? crypto::kVaultCost : crypto::kLightCost;
  const auto key = crypto::password_key(password, out.salt, out.cost);
  const auto verifier = crypto::password_verifier(key);
  out.verifier.assign(verifier.expose().begin(), verifier.expose().end());
  if (secret) out.wrapped = vault::wrap_secret(crypto::password_wrap(key), school, person, "password", *secret);
  return out;
}

PasswordTry try_password(std::string_view password, const Account* account, const SchoolId& school,
                         const std::optional<vault::StoredSecret>& stored, const Fixed<16>& decoy_salt) {
  PasswordTry out;
  if (account == nullptr || account->verifier.empty()) {
    (void)crypto::password_key(password, decoy_salt, decoy_salt[0] % 2 == 0 ? crypto::kVaultCost : crypto::kLightCost);
    return out;
  }
  const auto key = crypto::password_key(password, account->salt, account->cost);
  out.right = crypto::equal(crypto::password_verifier(key).expose(), account->verifier);
  if (out.right && stored)
    out.secret = vault::unwrap_secret(crypto::password_wrap(key), school, account->person, "password", stored->wrapped);
  return out;
}

std::int64_t wait_after(std::int64_t failures) {
  if (failures < 5) return 0;
  return failures >= 10 ? 900 : std::min<std::int64_t>(900, 30LL << (failures - 5));
}

namespace {
/// Two counters: this address on this account, and this account from everywhere. An address that has signed in before
/// is judged by the first alone, so a stranger's guessing never keeps the owner out.
Fixed<16> subject(const vault::DataKey& key, std::string_view username, std::string_view remote) {
  return key.keyed("sign-in", view(std::string(username) + "\n" + std::string(remote)));
}
struct Counter {
  bool known = false;
  std::int64_t tries = 0;
  Instant last;
};
std::optional<Counter> counter(storage::ReadTx& tx, const Fixed<16>& subject) {
  auto row = tx.one("SELECT known, tries, last_at FROM sign_in_failures WHERE school_id = ?1 AND subject = ?2", tx.school(), subject);
  if (!row) return std::nullopt;
  return Counter{row->get<bool>(0), row->get<std::int64_t>(1), row->get<Instant>(2)};
}
std::int64_t left(const Counter& c, std::int64_t failures, Instant now) {
  const auto until = c.last + std::chrono::seconds(wait_after(failures));
  return until <= now ? 0 : ((until - now).count() + 999'999) / 1'000'000;
}
constexpr std::int64_t kEverywhereAllowance = 10;  // the account-wide counter bites this much later
}  // namespace

std::int64_t wait_seconds(storage::ReadTx& tx, const vault::DataKey& key, std::string_view username, std::string_view remote, Instant now) {
  const auto here = counter(tx, subject(key, username, remote));
  std::int64_t wait = here ? left(*here, here->tries, now) : 0;
  if (!here || !here->known)
    if (const auto all = counter(tx, subject(key, username, "*"))) wait = std::max(wait, left(*all, all->tries - kEverywhereAllowance, now));
  return wait;
}

void note_failure(storage::WriteTx& tx, const vault::DataKey& key, std::string_view username, std::string_view remote, Instant now) {
  for (auto where : {remote, std::string_view("*")})
    tx.exec("INSERT INTO sign_in_failures (school_id, subject, known, tries, last_at) VALUES (?1,?2,0,1,?3) "
            "ON CONFLICT (school_id, subject) DO UPDATE SET tries = CASE WHEN sign_in_failures.last_at < ?4 THEN 1 "
            "ELSE sign_in_failures.tries + 1 END, last_at = ?3",
            tx.school(), subject(key, username, where), now, now - std::chrono::hours(1));
}

void note_success(storage::WriteTx& tx, const vault::DataKey& key, std::string_view username, std::string_view remote) {
  tx.exec("INSERT INTO sign_in_failures (school_id, subject, known, tries, last_at) VALUES (?1,?2,1,0,0) "
          "ON CONFLICT (school_id, subject) DO UPDATE SET known = 1, tries = 0", tx.school(), subject(key, username, remote));
}

void set_state(storage::WriteTx& tx, const PersonId& person, AccountState state) {
  tx.exec("UPDATE accounts SET state = ?3, role_stamp = role_stamp + 1, version = version + 1 WHERE school_id = ?1 AND person_id = ?2",
          tx.school(), person, contract::enum_name(state));
}

std::string name_of(storage::ReadTx& tx, const PersonId& person) {
  auto row = tx.one("SELECT name FROM accounts WHERE school_id = ?1 AND person_id = ?2", tx.school(), person);
  return row ? row->get<std::string>(0) : std::string{};
}
}  // namespace xinyi::identity
