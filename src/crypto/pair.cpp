#include "crypto/pair.hpp"

#include <sodium.h>

#include <algorithm>

#include "crypto/hash.hpp"
#include "crypto/pointer.hpp"
#include "kernel/problem.hpp"

namespace xinyi::crypto {
namespace {
template <class T>
std::optional<T> fixed_from(View bytes) {
  T out;
  if (bytes.size() != out.bytes.size()) return std::nullopt;
  std::copy(bytes.begin(), bytes.end(), out.bytes.begin());
  return out;
}
}  // namespace

std::optional<BoxPublic> box_public_from(View bytes) { return fixed_from<BoxPublic>(bytes); }
std::optional<SignPublic> sign_public_from(View bytes) { return fixed_from<SignPublic>(bytes); }
std::optional<Signature> signature_from(View bytes) { return fixed_from<Signature>(bytes); }

SignPair sign_pair_from_seed(View seed) {
  if (seed.size() != crypto_sign_SEEDBYTES) wrong_length();
  SignPublic pub;
  auto secret = Secret<64>::made(
      [&](std::span<std::uint8_t, 64> out) { crypto_sign_seed_keypair(pub.bytes.data(), out.data(), seed.data()); });
  return {pub, std::move(secret)};
}

Pair derive(const Seed& seed) {
  auto box_secret = hkdf_sha256(seed.expose(), View{}, "xinyi box");
  const auto sign_seed = hkdf_sha256(seed.expose(), View{}, "xinyi sign");
  BoxPublic box_public;
  invariant(crypto_scalarmult_base(box_public.bytes.data(), box_secret.expose().data()) == 0, "X25519 failed");
  return {sign_pair_from_seed(sign_seed.expose()), box_public, std::move(box_secret)};
}

Bytes seal_to(const BoxPublic& to, View plain) {
  Bytes out(crypto_box_SEALBYTES + plain.size());
  // Fails only for a public half of small order, which would let anybody read.
  if (crypto_box_seal(out.data(), pointer(plain), plain.size(), to.bytes.data()) != 0)
    throw Refusal(Code::invalid_input, "public key of small order");
  return out;
}

std::optional<SecretBytes> open_sealed(const Pair& pair, View sealed) {
  if (sealed.size() < crypto_box_SEALBYTES) return std::nullopt;
  SecretBytes out(sealed.size() - crypto_box_SEALBYTES);
  if (crypto_box_seal_open(pointer(out.writable()), sealed.data(), sealed.size(), pair.box_public.bytes.data(),
                           pair.box_secret.expose().data()) != 0)
    return std::nullopt;
  return out;
}

Signature sign(const SignPair& pair, View message) {
  Signature out;
  crypto_sign_detached(out.bytes.data(), nullptr, pointer(message), message.size(), pair.sign_secret.expose().data());
  return out;
}

bool verify(const SignPublic& by, View message, const Signature& signature) {
  return crypto_sign_verify_detached(signature.bytes.data(), pointer(message), message.size(), by.bytes.data()) == 0;
}

}  // namespace xinyi::crypto
