#include "identity/account_rows.hpp"

#include "audit/log.hpp"
#include "kernel/json.hpp"
#include "kernel/log.hpp"

namespace xinyi::identity {
namespace {
using storage::ReadTx;
using storage::WriteTx;

/// The columns as they lie there, before anything is believed of them.
struct Columns {
  View person;
  std::string_view username, name, gender, roles, state, cost;
  View salt, verifier, totp, start_verifier;
  std::optional<std::int64_t> start_expires_at;
  std::int64_t totp_confirmed, totp_last_step, totp_ahead_step, role_stamp, version, created_at;
};

constexpr storage::Sql kByPerson =
    "SELECT person_id, username, name, gender, roles, state, cost, salt, verifier, totp, start_verifier, "
    "start_expires_at, totp_confirmed, "
    "totp_last_step, totp_ahead_step, role_stamp, version, created_at, mac FROM accounts WHERE school_id = ?1 AND "
    "person_id = ?2";
constexpr storage::Sql kByName =
    "SELECT person_id, username, name, gender, roles, state, cost, salt, verifier, totp, start_verifier, "
    "start_expires_at, totp_confirmed, "
    "totp_last_step, totp_ahead_step, role_stamp, version, created_at, mac FROM accounts WHERE school_id = ?1 AND "
    "username = ?2";
constexpr storage::Sql kStaffRows =
    "SELECT person_id, username, name, gender, roles, state, cost, salt, verifier, totp, start_verifier, "
    "start_expires_at, totp_confirmed, "
    "totp_last_step, totp_ahead_step, role_stamp, version, created_at, mac FROM accounts WHERE school_id = ?1 "
    "AND roles NOT IN ('student', 'guardian') ORDER BY name, username";
constexpr storage::Sql kAllRows =
    "SELECT person_id, username, name, gender, roles, state, cost, salt, verifier, totp, start_verifier, "
    "start_expires_at, totp_confirmed, "
    "totp_last_step, totp_ahead_step, role_stamp, version, created_at, mac FROM accounts WHERE school_id = ?1";

template <class RowType>
View blob(const RowType& row, int column) {
  return row.null(column) ? View{} : row.template get<View>(column);
}

template <class RowType>
Columns columns_of(const RowType& row) {
  const auto words = [&](int n) { return row.template get<std::string_view>(n); };
  const auto number = [&](int n) { return row.template get<std::int64_t>(n); };
  return {blob(row, 0), words(1),     words(2),      words(3),
          words(4),     words(5),     words(6),      blob(row, 7),
          blob(row, 8), blob(row, 9), blob(row, 10), row.template get<std::optional<std::int64_t>>(11),
          number(12),   number(13),   number(14),    number(15),
          number(16),   number(17)};
}

Fixed<16> mac_of(const vault::DataKey& key, const Columns& c) {
  crypto::Encoder out;
  for (const View part : {c.person, view(c.username), view(c.name), view(c.gender), view(c.roles), view(c.state),
                          view(c.cost), c.salt, c.verifier, c.totp, c.start_verifier})
    out.u32(static_cast<std::uint32_t>(part.size())).raw(part);
  out.u8(c.start_expires_at ? 1 : 0).i64(c.start_expires_at.value_or(0));
  for (const auto n : {c.totp_confirmed, c.totp_last_step, c.totp_ahead_step, c.role_stamp, c.version, c.created_at})
    out.i64(n);
  return key.authenticate("accounts", out.bytes());
}

constexpr int kMacColumn = 18;

template <class RowType>
bool believed(const RowType& row, const vault::DataKey& key, const Columns& columns) {
  return crypto::equal(blob(row, kMacColumn), mac_of(key, columns));
}

/// Only of a row that was verified: what is unreadable in it is our own mistake.
AccountRow parsed(const Columns& c) {
  AccountRow out;
  auto& a = out.account;
  const auto person = PersonId::from_bytes(c.person);
  const auto state = contract::enum_value<AccountState>(c.state);
  const auto cost = crypto::password_cost_from_text(c.cost);
  invariant(person && state && cost && c.salt.size() == a.salt.size(), "unreadable account in storage");
  a.person = *person;
  a.username = c.username;
  a.name = c.name;
  a.gender = c.gender;
  a.roles = roles_from_text(c.roles);
  a.state = *state;
  std::ranges::copy(c.salt, a.salt.begin());
  a.cost = *cost;
  a.verifier.assign(c.verifier.begin(), c.verifier.end());
  a.totp_confirmed = c.totp_confirmed != 0;
  a.role_stamp = c.role_stamp;
  a.version = c.version;
  out.totp.assign(c.totp.begin(), c.totp.end());
  out.totp_use = {c.totp_last_step, c.totp_ahead_step};
  out.start_verifier.assign(c.start_verifier.begin(), c.start_verifier.end());
  out.start_expires_at = Instant{c.start_expires_at.value_or(0)};
  out.created_at = Instant{c.created_at};
  return out;
}

template <class RowType>
std::optional<AccountRow> believe(const RowType& row, const vault::DataKey& key) {
  const auto columns = columns_of(row);
  if (believed(row, key, columns)) return parsed(columns);
  // Said at once, though a transaction is running: whoever repeats it only says it again, and most of its readers roll
  // nothing back.
  log::write(log::Message::account_not_believed);
  return std::nullopt;
}

/// The texts that a row's columns point into.
struct Texts {
  explicit Texts(const Account& a) : roles(to_text(a.roles)), cost(crypto::to_text(a.cost)) {}
  std::string roles, cost;
};
Columns columns_of(const AccountRow& row, const Texts& texts) {
  const auto& a = row.account;
  return {a.person.bytes(),
          a.username,
          a.name,
          a.gender,
          texts.roles,
          contract::enum_name(a.state),
          texts.cost,
          a.salt,
          a.verifier,
          row.totp,
          row.start_verifier,
          row.start_verifier.empty() ? std::nullopt : std::optional(row.start_expires_at.micros),
          a.totp_confirmed ? 1 : 0,
          row.totp_use.last_step,
          row.totp_use.ahead_step,
          a.role_stamp,
          a.version,
          row.created_at.micros};
}
std::optional<View> or_null(View v) { return v.empty() ? std::nullopt : std::optional(v); }
}  // namespace

std::optional<AccountRow> row_of(ReadTx& tx, const vault::DataKey& key, const PersonId& person) {
  const auto row = tx.one(kByPerson, tx.school(), person);
  return row ? believe(*row, key) : std::nullopt;
}

std::optional<AccountRow> row_named(ReadTx& tx, const vault::DataKey& key, std::string_view username) {
  const auto row = tx.one(kByName, tx.school(), username);
  return row ? believe(*row, key) : std::nullopt;
}

bool has_row(ReadTx& tx, const PersonId& person) {
  return tx.one("SELECT 1 FROM accounts WHERE school_id = ?1 AND person_id = ?2", tx.school(), person).has_value();
}

std::vector<Account> staff_accounts(ReadTx& tx, const vault::DataKey& key) {
  std::vector<Account> out;
  for (auto row : tx.query(kStaffRows, tx.school()))
    if (auto each = believe(row, key)) out.push_back(std::move(each->account));
  return out;
}

void insert_row(WriteTx& tx, const vault::DataKey& key, const AccountRow& row) {
  const Texts texts(row.account);
  const auto c = columns_of(row, texts);
  tx.exec(
      "INSERT INTO accounts (school_id, person_id, username, name, gender, roles, state, cost, salt, verifier, totp, "
      "start_verifier, "
      "start_expires_at, totp_confirmed, totp_last_step, totp_ahead_step, role_stamp, version, created_at, mac) "
      "VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,?16,?17,?18,?19,?20)",
      tx.school(), c.person, c.username, c.name, c.gender, c.roles, c.state, c.cost, c.salt, or_null(c.verifier),
      or_null(c.totp), or_null(c.start_verifier), c.start_expires_at, c.totp_confirmed, c.totp_last_step,
      c.totp_ahead_step, c.role_stamp, c.version, c.created_at, mac_of(key, c));
}

void update_row(WriteTx& tx, const vault::DataKey& key, const AccountRow& row) {
  const Texts texts(row.account);
  const auto c = columns_of(row, texts);
  tx.exec(
      "UPDATE accounts SET username = ?3, name = ?4, gender = ?5, roles = ?6, state = ?7, cost = ?8, salt = ?9, "
      "verifier = ?10, totp = ?11, "
      "start_verifier = ?12, start_expires_at = ?13, totp_confirmed = ?14, totp_last_step = ?15, totp_ahead_step = "
      "?16, role_stamp = ?17, "
      "version = ?18, mac = ?19 WHERE school_id = ?1 AND person_id = ?2",
      tx.school(), c.person, c.username, c.name, c.gender, c.roles, c.state, c.cost, c.salt, or_null(c.verifier),
      or_null(c.totp), or_null(c.start_verifier), c.start_expires_at, c.totp_confirmed, c.totp_last_step,
      c.totp_ahead_step, c.role_stamp, c.version, mac_of(key, c));
}

std::int64_t disbelieved_accounts(ReadTx& tx, const vault::DataKey& key) {
  std::int64_t out = 0;
  for (auto row : tx.query(kAllRows, tx.school())) out += believed(row, key, columns_of(row)) ? 0 : 1;
  return out;
}

void authenticate_rows_once(storage::Database& db, vault::ServerKeys& keys, const SchoolId& school, Instant now) {
  const auto done = db.read(school, [&](ReadTx& tx) { return vault::rows_authenticated(tx, keys); });
  if (!done) return;  // no data key that opens: whoever needs it says so
  if (!*done && keys.rows_noted(school))
    throw storage::OperatorError(
        "The accounts in this database carry no authenticators, although this server has seen them carry some: "
        "somebody put the "
        "database back to an older state. If that was you, with a backup that you trust, remove the file " +
        keys.rows_file() + " and start again; if not, keep everything as it is and tell the director.");
  if (!*done) {
    std::int64_t count = 0;
    db.write(school, [&](WriteTx& tx) {
      count = 0;
      if (vault::rows_authenticated(tx, keys).value_or(true)) return;  // another process was quicker
      const auto key = vault::load_data_key(tx, keys);
      std::vector<std::pair<PersonId, Fixed<16>>> macs;
      for (auto row : tx.query(kAllRows, tx.school()))
        macs.emplace_back(row.get<PersonId>(0), mac_of(*key, columns_of(row)));
      for (const auto& [person, mac] : macs)
        tx.exec("UPDATE accounts SET mac = ?3 WHERE school_id = ?1 AND person_id = ?2", tx.school(), person, mac);
      vault::rewrap_data_key(tx, keys, *key);
      audit::Event e{audit::Actor::operator_(), audit::Act::accounts_authenticated};
      e.object = audit::Object::of("school", tx.school());
      e.at = now;
      audit::append(tx, e);
      count = static_cast<std::int64_t>(macs.size());
    });
    log::write(log::Message::accounts_authenticated, {{"accounts", count}});
  }
  keys.note_rows(school);  // after the commit: noted too early, a power cut in between would lock everybody out
}

Fixed<16> session_mac(const vault::DataKey& key, const SessionRow& s) {
  return key.authenticate("sessions", crypto::Encoder()
                                          .raw(s.lookup)
                                          .raw(s.owner)
                                          .u8(s.totp_done ? 1 : 0)
                                          .i64(s.idle_ends_at.micros)
                                          .i64(s.ends_at.micros)
                                          .bytes());
}

std::optional<SessionRow> session_of(ReadTx& tx, const vault::DataKey& key, const Fixed<16>& lookup, Bytes* sealed) {
  const auto row = tx.one(
      "SELECT owner, totp_done, idle_ends_at, ends_at, mac, sealed FROM sessions WHERE school_id = ?1 AND lookup = ?2",
      tx.school(), lookup);
  if (!row) return std::nullopt;
  SessionRow out{lookup, {}, row->get<std::int64_t>(1) != 0, row->get<Instant>(2), row->get<Instant>(3)};
  const auto owner = row->get<View>(0);
  if (owner.size() != out.owner.size()) return std::nullopt;
  std::ranges::copy(owner, out.owner.begin());
  if (!crypto::equal(blob(*row, 4), session_mac(key, out))) return std::nullopt;
  if (sealed) *sealed = row->get<Bytes>(5);
  return out;
}
}  // namespace xinyi::identity
