#include "crypto/keyed_hash.hpp"

#include <sodium.h>

#include "crypto/pointer.hpp"
#include "kernel/problem.hpp"

namespace xinyi::crypto {

Fixed<16> keyed_hash(View key, std::initializer_list<View> parts) {
  Fixed<16> out;
  crypto_generichash_state state;
  bool ok = crypto_generichash_init(&state, pointer(key), key.size(), out.size()) == 0;
  for (const View& part : parts) ok = ok && crypto_generichash_update(&state, pointer(part), part.size()) == 0;
  ok = ok && crypto_generichash_final(&state, out.data(), out.size()) == 0;
  sodium_memzero(&state, sizeof state);
  invariant(ok, "BLAKE2b failed");
  return out;
}

}  // namespace xinyi::crypto
