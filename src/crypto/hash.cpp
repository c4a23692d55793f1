#include "crypto/hash.hpp"

#include <openssl/evp.h>
#include <sodium.h>

#include <memory>

#include "crypto/pointer.hpp"
#include "kernel/problem.hpp"

namespace xinyi::crypto {
namespace {
// The algorithm is fetched once and a context is kept per thread: EVP's set-up costs more than hashing a leaf.
class Sha256 {
 public:
  Sha256() : context_(EVP_MD_CTX_new(), &EVP_MD_CTX_free) {
    static EVP_MD* const algorithm = EVP_MD_fetch(nullptr, "SHA256", nullptr);
    invariant(context_ && algorithm, "SHA-256 is missing");
    algorithm_ = algorithm;
  }
  template <class Parts>
  Hash operator()(const Parts& parts) {
    Hash out;
    bool ok = EVP_DigestInit_ex2(context_.get(), algorithm_, nullptr) == 1;
    for (const View& part : parts) ok = ok && EVP_DigestUpdate(context_.get(), pointer(part), part.size()) == 1;
    ok = ok && EVP_DigestFinal_ex(context_.get(), out.data(), nullptr) == 1;
    invariant(ok, "SHA-256 failed");
    return out;
  }

 private:
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context_;
  const EVP_MD* algorithm_ = nullptr;
};

template <class Parts>
Hash run(const Parts& parts) {
  thread_local Sha256 sha;
  return sha(parts);
}
}  // namespace

Hash sha256(View data) { return run(std::array<View, 1>{data}); }
Hash sha256(std::initializer_list<View> parts) { return run(parts); }

Hash hmac_sha256(View key, std::initializer_list<View> parts) {
  crypto_auth_hmacsha256_state state;
  crypto_auth_hmacsha256_init(&state, pointer(key), key.size());
  for (const View& part : parts) crypto_auth_hmacsha256_update(&state, pointer(part), part.size());
  Hash out;
  crypto_auth_hmacsha256_final(&state, out.data());
  sodium_memzero(&state, sizeof state);
  return out;
}

Key hkdf_sha256(View ikm, View salt, View info) {
  auto prk = hmac_sha256(salt, ikm);
  static constexpr std::uint8_t kFirstBlock[] = {1};  // 32 bytes of output are exactly one block
  auto okm = hmac_sha256(prk, {info, View(kFirstBlock)});
  auto out = Key::from(okm);
  wipe(prk);
  wipe(okm);
  return out;
}

}  // namespace xinyi::crypto
