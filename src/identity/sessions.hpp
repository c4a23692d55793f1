// Sessions: a 256-bit token in the browser's cookie, of which the server keeps a look-up id and the person's secret
// re-wrapped under a key that only the cookie yields. A server at rest can open nothing. What stands openly in the row,
// its ends and whether the second factor was shown, carries an authenticator under the school's data key.
#pragma once
#include "identity/principal.hpp"
#include "storage/database.hpp"

namespace xinyi::identity {

/// What the cookie's value says: whose school, and the token. "<school base64url>.<token base64url>".
struct Token {
  SchoolId school;
  crypto::Key secret;
  static std::optional<Token> from_cookie(std::string_view value);
  std::string to_cookie() const;
  Fixed<16> lookup() const;   // HKDF label "lookup"
  /// HKDF label "wrap", with the school's data key in the salt: whoever can only write rows makes no session. `lookup` is
  /// the token's own.
  crypto::Key wrap(const vault::DataKey& data_key, const Fixed<16>& lookup) const;
};

/// Opens a session: stores its row, returns the token for the cookie.
Token open_session(storage::WriteTx& tx, const vault::DataKey& data_key, const PersonId& person, bool staff,
                   std::int64_t role_stamp, bool totp_done, const crypto::PersonSecret* secret, Instant now);
void end_session(storage::WriteTx& tx, const Fixed<16>& lookup);
/// All of a person's sessions but `keep` (password change, disabling, loss of a role).
void end_sessions_of(storage::WriteTx& tx, const vault::DataKey& data_key, const PersonId& person, const Fixed<16>* keep);
/// The second factor was set up and shown in this session; the person's other sessions, which never showed it, end.
void totp_shown(storage::WriteTx& tx, const vault::DataKey& data_key, const Principal& who);
/// Removes what has ended. A job calls it.
std::int64_t clear_ended_sessions(storage::WriteTx& tx, Instant now);

/// All sessions and counted guesses of all schools: they belong to the running server, and a copy must not revive them.
void forget_sessions(storage::WriteTx& tx);

struct SessionLimits {
  Span staff_idle = std::chrono::minutes(30), staff_absolute = std::chrono::hours(10);
  Span client_idle = std::chrono::minutes(15), client_absolute = std::chrono::hours(2);
};

/// The live session behind a cookie, with the person's key opened if there is one. Nothing when the token is unknown,
/// expired, or the account disabled.
std::optional<Principal> resolve(storage::ReadTx& tx, const vault::DataKey& data_key, const Token& token, Instant now);
/// Inside a write transaction: the same session is still alive with the same roles and needs; else Refusal(session_ended).
void recheck(storage::ReadTx& tx, const vault::DataKey& data_key, const Principal& who, Instant now);
/// Moves the idle end forward; at most once a minute per session.
void touch(storage::WriteTx& tx, const vault::DataKey& data_key, const Principal& who, Instant now);
bool wants_touch(const Principal& who, Instant now);

}  // namespace xinyi::identity
