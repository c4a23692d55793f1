// Byte strings and their texts.
#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace xinyi {
using Bytes = std::vector<std::uint8_t>;
using View = std::span<const std::uint8_t>;
template <std::size_t N>
using Fixed = std::array<std::uint8_t, N>;

inline View view(std::string_view s) { return {reinterpret_cast<const std::uint8_t*>(s.data()), s.size()}; }
inline std::string_view text(View v) { return {reinterpret_cast<const char*>(v.data()), v.size()}; }

std::string to_hex(View bytes);
std::optional<Bytes> from_hex(std::string_view hex);
/// Standard base64 with padding (RFC 4648 §4); decoding is strict.
std::string to_base64(View bytes);
std::optional<Bytes> from_base64(std::string_view text);
/// URL-safe, without padding (RFC 4648 §5).
std::string to_base64url(View bytes);
std::optional<Bytes> from_base64url(std::string_view text);
}  // namespace xinyi
