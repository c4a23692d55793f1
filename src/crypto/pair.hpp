// Key pairs: X25519 to seal to somebody, Ed25519 to sign. Both come from one 32-byte seed, the same way in the browser.
#pragma once
#include <compare>
#include <optional>

#include "crypto/secret.hpp"

namespace xinyi::crypto {

/// X25519 public half. Public values are compared and stored freely (`bytes`).
struct BoxPublic {
  Fixed<32> bytes{};
  auto operator<=>(const BoxPublic&) const = default;
};
/// Ed25519 public half.
struct SignPublic {
  Fixed<32> bytes{};
  auto operator<=>(const SignPublic&) const = default;
};
struct Signature {
  Fixed<64> bytes{};
  auto operator<=>(const Signature&) const = default;
};
/// From stored or received bytes; nothing when the length is wrong.
std::optional<BoxPublic> box_public_from(View bytes);
std::optional<SignPublic> sign_public_from(View bytes);
std::optional<Signature> signature_from(View bytes);

/// The 32 bytes from which a pair comes: a person's, or the room's, duty or crisis key's.
class Seed {
 public:
  explicit Seed(Secret<32>&& bytes) : bytes_(std::move(bytes)) {}
  static Seed random() { return Seed(Secret<32>::random()); }
  static Seed from(View bytes) { return Seed(Secret<32>::from(bytes)); }
  Seed clone() const { return Seed(bytes_.clone()); }
  View expose() const { return bytes_.expose(); }

 private:
  Secret<32> bytes_;
};
using PersonSecret = Seed;

/// The signing half alone (the log key).
struct SignPair {
  SignPublic sign_public;
  Secret<64> sign_secret;
};
/// Straight from an Ed25519 seed of 32 bytes.
SignPair sign_pair_from_seed(View seed);

struct Pair : SignPair {
  BoxPublic box_public;
  Secret<32> box_secret;
};
/// X25519 secret = HKDF(seed, info "xinyi box"), Ed25519 seed = HKDF(seed, info "xinyi sign"), both with empty salt.
Pair derive(const Seed& seed);

/// crypto_box_seal: anyone can write, only the holder of the pair reads; says nothing about who wrote. 48 bytes longer.
Bytes seal_to(const BoxPublic& to, View plain);
std::optional<SecretBytes> open_sealed(const Pair& pair, View sealed);

Signature sign(const SignPair& pair, View message);
/// False also for keys of small order and signatures in non-canonical form.
bool verify(const SignPublic& by, View message, const Signature& signature);

}  // namespace xinyi::crypto
