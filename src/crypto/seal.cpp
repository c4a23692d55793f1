#include "crypto/seal.hpp"

#include <sodium.h>

#include "crypto/pointer.hpp"

namespace xinyi::crypto {
namespace {
constexpr std::uint8_t kFormat = 0x01;
constexpr std::size_t kNonce = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
constexpr std::size_t kTag = crypto_aead_xchacha20poly1305_ietf_ABYTES;
static_assert(1 + kNonce + kTag == kSealOverhead);
}  // namespace

Bytes seal(const Key& key, View plain, View ad) {
  Bytes out(kSealOverhead + plain.size());
  out[0] = kFormat;
  std::uint8_t* const nonce = out.data() + 1;
  randombytes_buf(nonce, kNonce);
  crypto_aead_xchacha20poly1305_ietf_encrypt(nonce + kNonce, nullptr, pointer(plain), plain.size(), pointer(ad),
                                             ad.size(), nullptr, nonce, key.expose().data());
  return out;
}

std::optional<SecretBytes> open(const Key& key, View sealed, View ad) {
  if (sealed.size() < kSealOverhead || sealed[0] != kFormat) return std::nullopt;
  const auto nonce = sealed.subspan(1, kNonce);
  const auto body = sealed.subspan(1 + kNonce);
  SecretBytes out(body.size() - kTag);
  if (crypto_aead_xchacha20poly1305_ietf_decrypt(pointer(out.writable()), nullptr, nullptr, body.data(), body.size(),
                                                 pointer(ad), ad.size(), nonce.data(), key.expose().data()) != 0)
    return std::nullopt;
  return out;
}

}  // namespace xinyi::crypto
