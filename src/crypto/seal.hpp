// Authenticated encryption under a shared key: XChaCha20-Poly1305 (IETF) with a random nonce.
#pragma once
#include <optional>

#include "crypto/secret.hpp"

namespace xinyi::crypto {

/// 0x01 | nonce (24) | ciphertext and tag. 41 bytes longer than `plain`.
/// `ad` is authenticated, not stored: the opener must say the same.
Bytes seal(const Key& key, View plain, View ad);
constexpr std::size_t kSealOverhead = 41;

/// Nothing when key, ad or bytes are not exactly those of seal().
std::optional<SecretBytes> open(const Key& key, View sealed, View ad);

}  // namespace xinyi::crypto
