// SHA-256, HMAC and HKDF, through OpenSSL, which uses the processor's SHA instructions. Nothing of a key or message stays behind.
#pragma once
#include <initializer_list>
#include <string_view>

#include "crypto/secret.hpp"

namespace xinyi::crypto {

using Hash = Fixed<32>;

Hash sha256(View data);
/// Hash of the parts one after the other. The caller makes sure that the parts cannot be cut differently.
Hash sha256(std::initializer_list<View> parts);

Hash hmac_sha256(View key, std::initializer_list<View> parts);
inline Hash hmac_sha256(View key, View data) { return hmac_sha256(key, {data}); }

/// RFC 5869 with SHA-256 and 32 bytes of output. `info` is a label that names the purpose.
Key hkdf_sha256(View ikm, View salt, View info);
inline Key hkdf_sha256(View ikm, View salt, std::string_view info) { return hkdf_sha256(ikm, salt, view(info)); }
inline Key hkdf_sha256(const Key& ikm, View salt, std::string_view info) {
  return hkdf_sha256(ikm.expose(), salt, view(info));
}

}  // namespace xinyi::crypto
