#include "identity/account_rows.hpp"

namespace xinyi::identity {
namespace {
constexpr Span kStartSecretLife = std::chrono::hours(24 * 7);
constexpr std::string_view kAlphabet = "23456789ABCDEFGHJKMNPQRSTVWXYZ";  // nothing that is mistaken for something else

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

void give_start_secret(AccountRow& row, const vault::DataKey& key, const StartSecret& secret, Instant now) {
  const auto verifier = start_verifier(key, row.account.person, secret.text);
  row.start_verifier.assign(verifier.begin(), verifier.end());
  row.start_expires_at = now + kStartSecretLife;
}

/// For a change: what is not believed is not made good by it.
AccountRow believed_row(storage::ReadTx& tx, const vault::DataKey& key, const PersonId& person) {
  auto row = row_of(tx, key, person);
  if (!row) throw Refusal(Code::not_found);
  return std::move(*row);
}
}  // namespace

std::optional<Account> account_of(storage::ReadTx& tx, const vault::DataKey& key, const PersonId& person) {
  auto row = row_of(tx, key, person);
  return row ? std::optional(std::move(row->account)) : std::nullopt;
}

std::optional<Account> account_named(storage::ReadTx& tx, const vault::DataKey& key, std::string_view username) {
  auto row = row_named(tx, key, username);
  return row ? std::optional(std::move(row->account)) : std::nullopt;
}

bool may_be_staff(storage::ReadTx& tx, const vault::DataKey& key, const PersonId& person) {
  const auto account = account_of(tx, key, person);
  return account ? account->roles.any(kStaff) : has_row(tx, person);
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
  AccountRow row;
  row.account = account;
  row.account.state = AccountState::invited;
  row.account.cost = account.key_holder() ? crypto::kVaultCost : crypto::kLightCost;
  give_start_secret(row, key, secret, now);
  row.created_at = now;
  try {
    insert_row(tx, key, row);
  } catch (const storage::ConstraintError&) {
    throw Refusal(Code::username_taken, "username", Code::username_taken);
  }
}

void invite_again(storage::WriteTx& tx, const vault::DataKey& key, const PersonId& person, const StartSecret& secret, Instant now) {
  auto row = row_of(tx, key, person);
  if (!row || row->account.state != AccountState::invited) throw Refusal(Code::not_found);
  give_start_secret(*row, key, secret, now);
  ++row->account.version;
  update_row(tx, key, *row);
}

bool keep_client_account(storage::WriteTx& tx, const vault::DataKey& key, const PersonId& person, Role role, std::string_view username,
                         std::string_view name, bool allowed, Instant now) {
  auto row = row_of(tx, key, person);
  try {
    if (!row) {
      if (has_row(tx, person)) return false;
      row.emplace();
      row->account.person = person;
      row->account.username = username;
      row->account.name = name;
      row->account.roles = {role};
      row->account.state = allowed ? AccountState::invited : AccountState::disabled;
      row->account.cost = crypto::kLightCost;
      row->created_at = now;
      insert_row(tx, key, *row);
      return true;
    }
    auto& a = row->account;
    const bool turned = (a.state != AccountState::disabled) != allowed;
    if (a.username == username && a.name == name && !turned) return true;
    if (turned) {
      ++a.role_stamp;
      a.state = !allowed ? AccountState::disabled : a.verifier.empty() ? AccountState::invited : AccountState::active;
    }
    a.username = username;
    a.name = name;
    ++a.version;
    update_row(tx, key, *row);
  } catch (const storage::ConstraintError&) {
    return false;
  }
  return true;
}

bool start_secret_fits(storage::ReadTx& tx, const vault::DataKey& key, const PersonId& person, std::string_view typed, Instant now) {
  const auto row = row_of(tx, key, person);
  if (!row || row->account.state != AccountState::invited || row->start_verifier.empty() || row->start_expires_at <= now) return false;
  return crypto::equal(row->start_verifier, start_verifier(key, person, typed));
}

void set_password(storage::WriteTx& tx, const vault::DataKey& key, const PersonId& person, const NewPassword& password, int key_generation) {
  auto row = believed_row(tx, key, person);
  auto& a = row.account;
  a.salt = password.salt;
  a.cost = password.cost;
  a.verifier = password.verifier;
  a.state = AccountState::active;
  ++a.version;
  row.start_verifier.clear();
  update_row(tx, key, row);
  if (!password.wrapped.empty())
    vault::save_person_secret(tx, person, {key_generation, password.wrapped, password.salt, password.cost});
}

void rename(storage::WriteTx& tx, const vault::DataKey& key, const PersonId& person, std::string_view username) {
  auto row = believed_row(tx, key, person);
  row.account.username = username;
  try {
    update_row(tx, key, row);
  } catch (const storage::ConstraintError&) {
    throw Refusal(Code::username_taken, "username", Code::username_taken);
  }
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

std::int64_t wait_left(std::int64_t failures, Instant last, Instant now) {
  constexpr Span kApart = std::chrono::minutes(1);
  if (last > now + kApart) return 0;
  const auto whole = wait_after(failures);
  const auto until = last + std::chrono::seconds(whole);
  return until <= now ? 0 : std::min<std::int64_t>(whole, ((until - now).count() + 999'999) / 1'000'000);
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
constexpr std::int64_t kEverywhereAllowance = 10;  // the account-wide counter bites this much later
}  // namespace

std::int64_t wait_seconds(storage::ReadTx& tx, const vault::DataKey& key, std::string_view username, std::string_view remote, Instant now) {
  const auto here = counter(tx, subject(key, username, remote));
  std::int64_t wait = here ? wait_left(here->tries, here->last, now) : 0;
  if (!here || !here->known)
    if (const auto all = counter(tx, subject(key, username, "*"))) wait = std::max(wait, wait_left(all->tries - kEverywhereAllowance, all->last, now));
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

void set_state(storage::WriteTx& tx, const vault::DataKey& key, const PersonId& person, AccountState state) {
  auto row = believed_row(tx, key, person);
  row.account.state = state;
  ++row.account.role_stamp;
  ++row.account.version;
  update_row(tx, key, row);
}

std::string name_of(storage::ReadTx& tx, const PersonId& person) {
  auto row = tx.one("SELECT name FROM accounts WHERE school_id = ?1 AND person_id = ?2", tx.school(), person);
  return row ? row->get<std::string>(0) : std::string{};
}
}  // namespace xinyi::identity
