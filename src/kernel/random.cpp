#include "kernel/random.hpp"

#include <sys/random.h>

#include <cstdlib>

namespace xinyi {
void SystemRandom::fill(std::span<std::uint8_t> out) {
  std::size_t done = 0;
  while (done < out.size()) {
    const auto n = getrandom(out.data() + done, out.size() - done, 0);
    if (n > 0) done += static_cast<std::size_t>(n);
    else if (errno != EINTR) std::abort();  // no randomness: nothing may go on
  }
}

void SeededRandom::fill(std::span<std::uint8_t> out) {
  for (auto& b : out) b = static_cast<std::uint8_t>(engine_() & 0xff);
}

Fixed<16> Random::uuid7(Instant now) {
  auto b = bytes<16>();
  const auto ms = static_cast<std::uint64_t>(now.micros / 1000);
  for (int i = 0; i < 6; ++i) b[static_cast<std::size_t>(i)] = static_cast<std::uint8_t>(ms >> (40 - 8 * i) & 0xff);
  b[6] = static_cast<std::uint8_t>((b[6] & 0x0f) | 0x70);
  b[8] = static_cast<std::uint8_t>((b[8] & 0x3f) | 0x80);
  return b;
}

Fixed<16> Random::uuid4() {
  auto b = bytes<16>();
  b[6] = static_cast<std::uint8_t>((b[6] & 0x0f) | 0x40);
  b[8] = static_cast<std::uint8_t>((b[8] & 0x3f) | 0x80);
  return b;
}

std::string uuid_text(const Fixed<16>& bytes) {
  const std::string hex = to_hex(bytes);
  return hex.substr(0, 8) + "-" + hex.substr(8, 4) + "-" + hex.substr(12, 4) + "-" + hex.substr(16, 4) + "-" + hex.substr(20);
}

std::optional<Fixed<16>> uuid_bytes(std::string_view t) {
  if (t.size() != 36 || t[8] != '-' || t[13] != '-' || t[18] != '-' || t[23] != '-') return std::nullopt;
  std::string hex;
  for (std::size_t i = 0; i < t.size(); ++i)
    if (i != 8 && i != 13 && i != 18 && i != 23) hex += t[i];
  auto raw = from_hex(hex);
  if (!raw) return std::nullopt;
  Fixed<16> out;
  std::memcpy(out.data(), raw->data(), 16);
  return out;
}
}  // namespace xinyi
