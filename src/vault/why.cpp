#include "vault/why.hpp"

#include <algorithm>

namespace xinyi::vault {
namespace {
constexpr std::size_t kSalt = 16;

crypto::SecretBytes salted(std::string_view text) {
  crypto::SecretBytes out(kSalt + text.size());
  crypto::random_fill(out.writable().first(kSalt));
  std::ranges::copy(view(text), out.writable().begin() + kSalt);
  return out;
}

crypto::Key why_key(const CaseKey& key) { return crypto::hkdf_sha256(key.key, View{}, "xinyi why v1"); }
Bytes why_ad(const SchoolId& school, const CaseId& case_id) {
  return crypto::Encoder("xinyi why v1").raw(school.bytes()).raw(case_id.bytes()).take();
}

crypto::SecretBytes checked(const std::optional<crypto::SecretBytes>& opened, const Why& why) {
  if (!opened || opened->size() < kSalt || crypto::sha256(opened->expose()) != why.salted_hash)
    throw Refusal(Code::content_damaged, "a reason is not the one of its event");
  return crypto::SecretBytes::from(opened->expose().subspan(kSalt));
}
}  // namespace

Why seal_why(const CaseKey& key, const SchoolId& school, const CaseId& case_id, std::string_view text) {
  const auto plain = salted(text);
  return {crypto::sha256(plain.expose()), crypto::seal(why_key(key), plain.expose(), why_ad(school, case_id))};
}

Why seal_why_to_room(const RoomKey& room, std::string_view text) {
  const auto plain = salted(text);
  return {crypto::sha256(plain.expose()), crypto::seal_to(room.box_public, plain.expose())};
}

crypto::SecretBytes open_why(const CaseKey& key, const SchoolId& school, const CaseId& case_id, const Why& why) {
  return checked(crypto::open(why_key(key), why.sealed, why_ad(school, case_id)), why);
}

crypto::SecretBytes open_why_by_room(const crypto::Pair& room, const Why& why) {
  return checked(crypto::open_sealed(room, why.sealed), why);
}

}  // namespace xinyi::vault
