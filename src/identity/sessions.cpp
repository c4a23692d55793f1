#include "identity/sessions.hpp"

#include "identity/account_rows.hpp"
#include "identity/declarations.hpp"

namespace xinyi::identity {
namespace {
constexpr SessionLimits kLimits;

Bytes place(const SchoolId& school, const Fixed<16>& lookup) {
  Bytes out(school.bytes().begin(), school.bytes().end());
  out.insert(out.end(), lookup.begin(), lookup.end());
  return out;
}

/// person 16 | role stamp 8 | secret 32 or nothing
struct Sealed {
  PersonId person;
  std::int64_t stamp = 0;
  std::optional<crypto::PersonSecret> secret;
};

Bytes seal(const crypto::Key& wrap, const SchoolId& school, const Fixed<16>& lookup, const PersonId& person, std::int64_t stamp,
           const crypto::PersonSecret* secret) {
  crypto::SecretBytes plain(16 + 8 + (secret ? 32 : 0));
  auto out = plain.writable();
  std::ranges::copy(person.bytes(), out.begin());
  for (std::size_t i = 0; i < 8; ++i) out[16 + i] = static_cast<std::uint8_t>(stamp >> (8 * i) & 0xff);
  if (secret) std::ranges::copy(secret->expose(), out.begin() + 24);
  return crypto::seal(wrap, plain.expose(), place(school, lookup));
}

std::optional<Sealed> unseal(const crypto::Key& wrap, const SchoolId& school, const Fixed<16>& lookup, View sealed) {
  const auto plain = crypto::open(wrap, sealed, place(school, lookup));
  if (!plain || (plain->size() != 24 && plain->size() != 56)) return std::nullopt;
  const auto in = plain->expose();
  Sealed out;
  out.person = *PersonId::from_bytes(in.first(16));
  for (std::size_t i = 0; i < 8; ++i) out.stamp |= static_cast<std::int64_t>(in[16 + i]) << (8 * i);
  if (in.size() == 56) out.secret.emplace(crypto::PersonSecret::from(in.subspan(24)));
  return out;
}

Span idle_of(bool staff) { return staff ? kLimits.staff_idle : kLimits.client_idle; }
Span absolute_of(bool staff) { return staff ? kLimits.staff_absolute : kLimits.client_absolute; }

/// Ends that lie further ahead than any session may last were written by a clock that was wrong: they do not count.
bool lives(const SessionRow& s, Instant now) {
  constexpr Span kApart = std::chrono::minutes(1);
  return s.idle_ends_at > now && s.ends_at > now && s.idle_ends_at <= now + kLimits.staff_idle + kApart &&
         s.ends_at <= now + kLimits.staff_absolute + kApart;
}

Fixed<16> owner_of(const vault::DataKey& key, const PersonId& person) { return key.keyed("session", person.bytes()); }

void add_needs(storage::ReadTx& tx, Principal& who) {
  if (!who.staff()) return;
  if (!who.has_totp) who.needs.push_back(Need::totp);
  if (!who.roles.any(kKeyHolders)) return;
  const auto key = tx.one("SELECT state FROM person_keys WHERE school_id = ?1 AND person_id = ?2 ORDER BY generation DESC LIMIT 1",
                          who.school, who.person);
  if (!key || key->get<std::string_view>(0) != "certified") who.needs.push_back(Need::certification);
  if (pledge_due(tx, who.person)) who.needs.push_back(Need::pledge);
}
}  // namespace

std::optional<Token> Token::from_cookie(std::string_view value) {
  const auto dot = value.find('.');
  if (dot == std::string_view::npos) return std::nullopt;
  const auto school = from_base64url(value.substr(0, dot)), secret = from_base64url(value.substr(dot + 1));
  if (!school || !secret || secret->size() != 32) return std::nullopt;
  const auto id = SchoolId::from_bytes(*school);
  if (!id) return std::nullopt;
  return Token{*id, crypto::Key::from(*secret)};
}

std::string Token::to_cookie() const { return to_base64url(school.bytes()) + "." + to_base64url(secret.expose()); }

Fixed<16> Token::lookup() const {
  const auto key = crypto::hkdf_sha256(secret.expose(), {}, "xinyi session lookup");
  Fixed<16> out;
  std::ranges::copy(key.expose().first(16), out.begin());
  return out;
}

crypto::Key Token::wrap(const vault::DataKey& data_key, const Fixed<16>& lookup) const {
  const auto ours = data_key.keyed("session key", lookup);
  return crypto::hkdf_sha256(secret.expose(), ours, "xinyi session wrap");
}

Token open_session(storage::WriteTx& tx, const vault::DataKey& data_key, const PersonId& person, bool staff, std::int64_t role_stamp,
                   bool totp_done, const crypto::PersonSecret* secret, Instant now) {
  Token token{tx.school(), crypto::Key::random()};
  const auto lookup = token.lookup();
  const SessionRow row{lookup, owner_of(data_key, person), totp_done, now + idle_of(staff), now + absolute_of(staff)};
  tx.exec("INSERT INTO sessions (school_id, lookup, owner, sealed, totp_done, idle_ends_at, ends_at, mac) VALUES (?1,?2,?3,?4,?5,?6,?7,?8)",
          tx.school(), lookup, row.owner, seal(token.wrap(data_key, lookup), tx.school(), lookup, person, role_stamp, secret), row.totp_done,
          row.idle_ends_at, row.ends_at, session_mac(data_key, row));
  return token;
}

void end_session(storage::WriteTx& tx, const Fixed<16>& lookup) {
  tx.exec("DELETE FROM sessions WHERE school_id = ?1 AND lookup = ?2", tx.school(), lookup);
}

void end_sessions_of(storage::WriteTx& tx, const vault::DataKey& data_key, const PersonId& person, const Fixed<16>* keep) {
  tx.exec("DELETE FROM sessions WHERE school_id = ?1 AND owner = ?2 AND lookup <> ?3", tx.school(), owner_of(data_key, person),
          keep ? *keep : Fixed<16>{});
}

void totp_shown(storage::WriteTx& tx, const vault::DataKey& data_key, const Principal& who) {
  if (auto session = session_of(tx, data_key, who.session)) {
    session->totp_done = true;
    tx.exec("UPDATE sessions SET totp_done = 1, mac = ?3 WHERE school_id = ?1 AND lookup = ?2", tx.school(), who.session, session_mac(data_key, *session));
  }
  end_sessions_of(tx, data_key, who.person, &who.session);
}

std::int64_t clear_ended_sessions(storage::WriteTx& tx, Instant now) {
  return tx.exec("DELETE FROM sessions WHERE school_id = ?1 AND (ends_at <= ?2 OR idle_ends_at <= ?2)", tx.school(), now);
}

void forget_sessions(storage::WriteTx& tx) {
  tx.exec("DELETE FROM sessions");
  tx.exec("DELETE FROM sign_in_failures");
}

std::optional<Principal> resolve(storage::ReadTx& tx, const vault::DataKey& data_key, const Token& token, Instant now) {
  const auto lookup = token.lookup();
  Bytes sealed;
  const auto session = session_of(tx, data_key, lookup, &sealed);
  if (!session || !lives(*session, now)) return std::nullopt;
  auto opened = unseal(token.wrap(data_key, lookup), tx.school(), lookup, sealed);
  if (!opened) return std::nullopt;

  auto account = account_of(tx, data_key, opened->person);
  if (!account || account->state != AccountState::active || account->role_stamp != opened->stamp) return std::nullopt;
  // A session from before the second factor was set up, by whoever knew the password, does not grow into a full one.
  if (account->totp_confirmed && !session->totp_done) return std::nullopt;
  Principal who;
  who.idle_ends_at = session->idle_ends_at;
  who.ends_at = session->ends_at;
  who.school = tx.school();
  who.person = opened->person;
  who.name = std::move(account->name);
  who.username = std::move(account->username);
  who.roles = account->roles;
  who.role_stamp = opened->stamp;
  who.has_totp = account->totp_confirmed;
  who.self = data_key.client_ref(who.person);
  who.session = lookup;
  add_needs(tx, who);
  // The key pair itself is derived only when a handler asks for it (Call::unlocked): most requests never do.
  if (opened->secret) who.secret = std::make_shared<const crypto::PersonSecret>(std::move(*opened->secret));
  return who;
}

void recheck(storage::ReadTx& tx, const vault::DataKey& data_key, const Principal& who, Instant now) {
  const auto session = session_of(tx, data_key, who.session);
  const auto account = session && lives(*session, now) ? account_of(tx, data_key, who.person) : std::nullopt;
  if (!account || account->state != AccountState::active || account->role_stamp != who.role_stamp) throw Refusal(Code::session_ended);
}

bool wants_touch(const Principal& who, Instant now) { return who.idle_ends_at < now + idle_of(who.staff()) - std::chrono::minutes(1); }

void touch(storage::WriteTx& tx, const vault::DataKey& data_key, const Principal& who, Instant now) {
  auto session = session_of(tx, data_key, who.session);
  if (!session || !lives(*session, now)) return;
  session->idle_ends_at = now + idle_of(who.staff());
  tx.exec("UPDATE sessions SET idle_ends_at = ?3, mac = ?4 WHERE school_id = ?1 AND lookup = ?2", tx.school(), who.session, session->idle_ends_at,
          session_mac(data_key, *session));
}
}  // namespace xinyi::identity
