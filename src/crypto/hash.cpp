#include "crypto/hash.hpp"

#include <openssl/evp.h>
#include <algorithm>
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
    begin();
    for (const View& part : parts) add(part);
    return end();
  }
  void begin() { good_ = EVP_DigestInit_ex2(context_.get(), algorithm_, nullptr) == 1; }
  void add(View part) { good_ = good_ && EVP_DigestUpdate(context_.get(), pointer(part), part.size()) == 1; }
  Hash end() {
    Hash out;
    good_ = good_ && EVP_DigestFinal_ex(context_.get(), out.data(), nullptr) == 1;
    invariant(good_, "SHA-256 failed");
    return out;
  }

 private:
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context_;
  const EVP_MD* algorithm_ = nullptr;
  bool good_ = false;
};

Sha256& sha() {
  thread_local Sha256 one;
  return one;
}
constexpr std::size_t kBlock = 64;
}  // namespace

Hash sha256(View data) { return sha()(std::array<View, 1>{data}); }
Hash sha256(std::initializer_list<View> parts) { return sha()(parts); }

// FIPS 198-1 over the digest above, which knows the processor's own instructions: a request derives half a dozen keys and
// pseudonyms, and portable code spent more time on them than the database on its answer.
Hash hmac_sha256(View key, std::initializer_list<View> parts) {
  std::array<std::uint8_t, kBlock> pad{};
  if (key.size() > kBlock) {
    auto shorter = sha256(key);
    std::ranges::copy(shorter, pad.begin());
    wipe(shorter);
  } else {
    std::ranges::copy(key, pad.begin());
  }
  auto& digest = sha();
  for (auto& byte : pad) byte ^= 0x36;
  digest.begin();
  digest.add(pad);
  for (const View& part : parts) digest.add(part);
  auto inner = digest.end();
  for (auto& byte : pad) byte ^= 0x36 ^ 0x5c;
  digest.begin();
  digest.add(pad);
  digest.add(inner);
  const auto out = digest.end();
  digest.begin();  // the thread's context would keep the result, which may be a key
  wipe(pad);
  wipe(inner);
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
