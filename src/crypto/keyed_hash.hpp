// Keyed BLAKE2b for what is authenticated on the way of every request: a third of an HMAC's time.
#pragma once
#include <initializer_list>

#include "crypto/secret.hpp"

namespace xinyi::crypto {

/// 16 bytes of BLAKE2b (RFC 7693) under a key, over the parts one after the other. The caller makes sure that the parts
/// cannot be cut differently.
Fixed<16> keyed_hash(View key, std::initializer_list<View> parts);

}  // namespace xinyi::crypto
