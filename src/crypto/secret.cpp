#include "crypto/secret.hpp"

#include <sodium.h>

#include <new>

#include "kernel/problem.hpp"

namespace xinyi::crypto {

void wipe(std::span<std::uint8_t> bytes) noexcept {
  if (!bytes.empty()) sodium_memzero(bytes.data(), bytes.size());
}

void random_fill(std::span<std::uint8_t> out) { randombytes_buf(out.data(), out.size()); }

bool equal(View a, View b) noexcept {
  if (a.size() != b.size()) return false;
  return a.empty() || sodium_memcmp(a.data(), b.data(), a.size()) == 0;
}

void wrong_length() { throw Bug("secret of another length"); }

GuardedKey::GuardedKey(Key&& key) : memory_(static_cast<std::uint8_t*>(sodium_malloc(Key::kSize))) {
  if (memory_ == nullptr) throw std::bad_alloc();
  const Key taken = std::move(key);
  std::copy(taken.expose().begin(), taken.expose().end(), memory_);
  if (sodium_mprotect_readonly(memory_) != 0) {
    sodium_free(memory_);
    throw Bug("key memory cannot be protected");
  }
}

GuardedKey::~GuardedKey() { sodium_free(memory_); }  // wipes; accepts nullptr

}  // namespace xinyi::crypto
