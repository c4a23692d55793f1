// Inside this room: the libraries declare their pointers as never null, an empty View may hold none.
#pragma once
#include "kernel/bytes.hpp"

namespace xinyi::crypto {
inline const std::uint8_t* pointer(View v) {
  static constexpr std::uint8_t kNothing = 0;
  return v.data() != nullptr ? v.data() : &kNothing;
}
inline std::uint8_t* pointer(std::span<std::uint8_t> v) {
  static std::uint8_t nothing = 0;  // never written: the length is zero
  return v.data() != nullptr ? v.data() : &nothing;
}
}  // namespace xinyi::crypto
