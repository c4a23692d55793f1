// The second factor of staff (RFC 6238) through liboath.
#include <liboath/oath.h>

#include "identity/accounts.hpp"

namespace xinyi::identity {
namespace {
constexpr std::int64_t kStep = 30;
constexpr unsigned kDigits = 6;

Bytes row_id(const PersonId& person) { return Bytes(person.bytes().begin(), person.bytes().end()); }
std::int64_t step_of(Instant t) { return t.micros / 1'000'000 / kStep; }

std::string code_at(View secret, std::int64_t step) {
  std::string out(kDigits + 1, '\0');
  const int rc = oath_totp_generate(reinterpret_cast<const char*>(secret.data()), secret.size(), static_cast<time_t>(step * kStep),
                                    static_cast<unsigned>(kStep), 0, kDigits, out.data());
  invariant(rc == OATH_OK, "liboath failed");
  out.resize(kDigits);
  return out;
}
}  // namespace

std::string to_base32(View bytes) {
  constexpr std::string_view kLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  std::string out;
  std::uint32_t bits = 0;
  int have = 0;
  for (auto b : bytes) {
    bits = bits << 8 | b;
    have += 8;
    while (have >= 5) {
      have -= 5;
      out += kLetters[bits >> have & 31];
    }
  }
  if (have > 0) out += kLetters[bits << (5 - have) & 31];
  return out;
}

std::string totp_uri(std::string_view school, std::string_view username, View secret) {
  const auto escape = [](std::string_view t) {
    constexpr std::string_view kHex = "0123456789ABCDEF";
    std::string out;
    for (unsigned char c : t) {
      if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) out += static_cast<char>(c);
      else { out += '%'; out += kHex[c >> 4]; out += kHex[c & 15]; }
    }
    return out;
  };
  return "otpauth://totp/" + escape(school) + ":" + escape(username) + "?secret=" + to_base32(secret) + "&issuer=" + escape(school);
}

std::string totp_code(View secret, Instant now) { return code_at(secret, step_of(now)); }

Bytes new_totp(storage::WriteTx& tx, const vault::DataKey& key, const PersonId& person, Random& random) {
  const auto secret = random.bytes<20>();
  tx.exec("UPDATE accounts SET totp = ?3, totp_last_step = 0 WHERE school_id = ?1 AND person_id = ?2 AND totp_confirmed = 0", tx.school(),
          person, key.protect(View(secret), "accounts.totp", row_id(person)));
  return Bytes(secret.begin(), secret.end());
}

Bytes totp_secret(storage::ReadTx& tx, const vault::DataKey& key, const PersonId& person) {
  auto row = tx.one("SELECT totp FROM accounts WHERE school_id = ?1 AND person_id = ?2", tx.school(), person);
  if (!row || row->null(0)) return {};
  const auto plain = key.reveal(row->get<View>(0), "accounts.totp", row_id(person));
  return Bytes(plain.expose().begin(), plain.expose().end());
}

bool use_totp(storage::WriteTx& tx, const vault::DataKey& key, const PersonId& person, std::string_view code, Instant now) {
  auto secret = totp_secret(tx, key, person);
  if (secret.empty()) return false;
  std::int64_t used = 0;
  for (auto step = step_of(now) - 1; step <= step_of(now) + 1; ++step)
    if (crypto::equal(view(code_at(secret, step)), view(code))) used = step;
  crypto::wipe(secret);
  if (used == 0) return false;
  return tx.exec("UPDATE accounts SET totp_last_step = ?3 WHERE school_id = ?1 AND person_id = ?2 AND totp_last_step < ?3", tx.school(), person,
                 used) == 1;
}

void confirm_totp(storage::WriteTx& tx, const PersonId& person) {
  tx.exec("UPDATE accounts SET totp_confirmed = 1, version = version + 1 WHERE school_id = ?1 AND person_id = ?2", tx.school(), person);
}
}  // namespace xinyi::identity
