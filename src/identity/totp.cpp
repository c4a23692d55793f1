// The second factor of staff (RFC 6238) through liboath.
#include <liboath/oath.h>

#include "identity/account_rows.hpp"

namespace xinyi::identity {
namespace {
constexpr std::int64_t kStep = 30;
constexpr unsigned kDigits = 6;
constexpr std::int64_t kTolerance = 1;  // steps before and after ours: phones' clocks are not exact

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
  // One in force is replaced by nothing but a reset in person: this one is then of no use.
  if (auto row = row_of(tx, key, person); row && !row->account.totp_confirmed) {
    row->totp = key.protect(View(secret), "accounts.totp", row_id(person));
    row->totp_use = {};
    update_row(tx, key, *row);
  }
  return Bytes(secret.begin(), secret.end());
}

namespace {
Bytes secret_of(const vault::DataKey& key, const AccountRow& row) {
  if (row.totp.empty()) return {};
  const auto plain = key.reveal(row.totp, "accounts.totp", row_id(row.account.person));
  return Bytes(plain.expose().begin(), plain.expose().end());
}
}  // namespace

Bytes totp_secret(storage::ReadTx& tx, const vault::DataKey& key, const PersonId& person) {
  const auto row = row_of(tx, key, person);
  return row ? secret_of(key, *row) : Bytes{};
}

std::optional<TotpUse> totp_after(const TotpUse& before, std::int64_t step, std::int64_t now_step) {
  if (step == before.ahead_step) return std::nullopt;
  if (before.last_step > now_step + kTolerance) return TotpUse{step, std::max(before.ahead_step, before.last_step)};
  if (step <= before.last_step) return std::nullopt;
  return TotpUse{step, before.ahead_step};
}

bool use_totp(storage::WriteTx& tx, const vault::DataKey& key, const PersonId& person, std::string_view code, Instant now) {
  auto row = row_of(tx, key, person);
  if (!row) return false;
  auto secret = secret_of(key, *row);
  if (secret.empty()) return false;
  std::optional<std::int64_t> shown;
  for (auto step = step_of(now) - kTolerance; step <= step_of(now) + kTolerance; ++step)
    if (crypto::equal(view(code_at(secret, step)), view(code))) shown = step;
  crypto::wipe(secret);
  const auto use = shown ? totp_after(row->totp_use, *shown, step_of(now)) : std::nullopt;
  if (!use) return false;
  row->totp_use = *use;
  update_row(tx, key, *row);
  return true;
}

void confirm_totp(storage::WriteTx& tx, const vault::DataKey& key, const PersonId& person) {
  auto row = row_of(tx, key, person);
  if (!row) throw Refusal(Code::not_found);
  row->account.totp_confirmed = true;
  ++row->account.version;
  update_row(tx, key, *row);
}
}  // namespace xinyi::identity
