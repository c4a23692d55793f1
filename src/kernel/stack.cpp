#include "kernel/stack.hpp"

#include <string.h>

#include <cstddef>

namespace xinyi {
namespace {
// Parsers keep 4 KiB buffers, hashing and ciphers less; Argon2id's memory is not on the stack.
constexpr std::size_t kDepth = 64 * 1024;
}  // namespace

[[gnu::noinline]] void wipe_stack_below() noexcept {
  unsigned char below[kDepth];
  explicit_bzero(below, sizeof below);
}
}  // namespace xinyi
