#include "identity/sessions.hpp"

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

crypto::Key Token::wrap(const vault::DataKey& data_key) const {
  const auto ours = data_key.keyed("session key", lookup());
  return crypto::hkdf_sha256(secret.expose(), ours, "xinyi session wrap");
}

Token open_session(storage::WriteTx& tx, const vault::DataKey& data_key, const PersonId& person, bool staff, std::int64_t role_stamp,
                   bool totp_done, const crypto::PersonSecret* secret, Instant now) {
  Token token{tx.school(), crypto::Key::random()};
  const auto lookup = token.lookup();
  tx.exec("INSERT INTO sessions (school_id, lookup, owner, sealed, totp_done, idle_ends_at, ends_at) VALUES (?1,?2,?3,?4,?5,?6,?7)",
          tx.school(), lookup, owner_of(data_key, person), seal(token.wrap(data_key), tx.school(), lookup, person, role_stamp, secret),
          totp_done, now + (staff ? kLimits.staff_idle : kLimits.client_idle),
          now + (staff ? kLimits.staff_absolute : kLimits.client_absolute));
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
  tx.exec("UPDATE sessions SET totp_done = 1 WHERE school_id = ?1 AND lookup = ?2", tx.school(), who.session);
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
  auto session = tx.one("SELECT sealed, idle_ends_at, ends_at, totp_done FROM sessions WHERE school_id = ?1 AND lookup = ?2", tx.school(), lookup);
  if (!session) return std::nullopt;
  Principal who;
  who.idle_ends_at = session->get<Instant>(1);
  who.ends_at = session->get<Instant>(2);
  if (who.idle_ends_at <= now || who.ends_at <= now) return std::nullopt;
  auto opened = unseal(token.wrap(data_key), tx.school(), lookup, session->get<View>(0));
  if (!opened) return std::nullopt;

  auto account = tx.one("SELECT name, username, roles, state, role_stamp, totp_confirmed FROM accounts WHERE school_id = ?1 AND person_id = ?2",
                        tx.school(), opened->person);
  if (!account || account->get<std::string_view>(3) != "active" || account->get<std::int64_t>(4) != opened->stamp) return std::nullopt;
  // A session from before the second factor was set up, by whoever knew the password, does not grow into a full one.
  if (account->get<bool>(5) && !session->get<bool>(3)) return std::nullopt;
  who.school = tx.school();
  who.person = opened->person;
  who.name = account->get<std::string>(0);
  who.username = account->get<std::string>(1);
  who.roles = roles_from_text(account->get<std::string_view>(2));
  who.role_stamp = opened->stamp;
  who.has_totp = account->get<bool>(5);
  who.self = data_key.client_ref(who.person);
  who.session = lookup;
  add_needs(tx, who);
  // The key pair itself is derived only when a handler asks for it (Call::unlocked): most requests never do.
  if (opened->secret) who.secret = std::make_shared<const crypto::PersonSecret>(std::move(*opened->secret));
  return who;
}

void recheck(storage::ReadTx& tx, const Principal& who, Instant now) {
  auto row = tx.one("SELECT s.idle_ends_at, s.ends_at, a.state, a.role_stamp FROM sessions s JOIN accounts a ON a.school_id = s.school_id "
                    "WHERE s.school_id = ?1 AND s.lookup = ?2 AND a.person_id = ?3", tx.school(), who.session, who.person);
  if (!row || row->get<Instant>(0) <= now || row->get<Instant>(1) <= now || row->get<std::string_view>(2) != "active" ||
      row->get<std::int64_t>(3) != who.role_stamp)
    throw Refusal(Code::session_ended);
}

bool wants_touch(const Principal& who, Instant now) {
  const auto idle = who.staff() ? kLimits.staff_idle : kLimits.client_idle;
  return who.idle_ends_at < now + idle - std::chrono::minutes(1);
}

void touch(storage::WriteTx& tx, const Principal& who, Instant now) {
  tx.exec("UPDATE sessions SET idle_ends_at = ?3 WHERE school_id = ?1 AND lookup = ?2 AND idle_ends_at > ?4 AND ends_at > ?4", tx.school(),
          who.session, now + (who.staff() ? kLimits.staff_idle : kLimits.client_idle), now);
}
}  // namespace xinyi::identity
