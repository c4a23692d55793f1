#include "vault/verified.hpp"

#include <array>
#include <mutex>

#include "crypto/hash.hpp"

namespace xinyi::vault {
namespace {
// A place for each value of the hash's first 12 bits; a newer fact takes the place of an older one.
constexpr std::size_t kPlaces = 4096;
struct Known {
  std::mutex mutex;
  std::array<crypto::Hash, kPlaces> facts{};  // all zero: nothing; no message has that hash
};
Known& known() {
  static Known one;
  return one;
}
}  // namespace

bool verify_known(const crypto::SignPublic& by, View message, const crypto::Signature& signature) {
  // Both lengths before the message are fixed, so that no two questions hash alike.
  const auto fact = crypto::sha256({by.bytes, signature.bytes, message});
  const std::size_t place = fact[0] | (fact[1] & 0x0fu) << 8;
  auto& all = known();
  {
    const std::lock_guard lock(all.mutex);
    if (all.facts[place] == fact) return true;
  }
  if (!crypto::verify(by, message, signature)) return false;
  const std::lock_guard lock(all.mutex);
  all.facts[place] = fact;
  return true;
}

}  // namespace xinyi::vault
