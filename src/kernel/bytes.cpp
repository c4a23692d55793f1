#include "kernel/bytes.hpp"

namespace xinyi {
namespace {
constexpr std::string_view kHex = "0123456789abcdef";
constexpr std::string_view kStandard = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view kUrl = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

std::string encode(View in, std::string_view alphabet, bool pad) {
  std::string out;
  out.reserve((in.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < in.size(); i += 3) {
    const std::size_t left = in.size() - i;
    const std::uint32_t v = static_cast<std::uint32_t>(in[i]) << 16 |
                            (left > 1 ? static_cast<std::uint32_t>(in[i + 1]) << 8 : 0u) |
                            (left > 2 ? static_cast<std::uint32_t>(in[i + 2]) : 0u);
    out += alphabet[v >> 18 & 63];
    out += alphabet[v >> 12 & 63];
    if (left > 1) out += alphabet[v >> 6 & 63]; else if (pad) out += '=';
    if (left > 2) out += alphabet[v & 63]; else if (pad) out += '=';
  }
  return out;
}

std::optional<Bytes> decode(std::string_view in, std::string_view alphabet, bool pad) {
  if (pad) {
    if (in.size() % 4 != 0) return std::nullopt;
    if (in.ends_with("==")) in.remove_suffix(2);
    else if (in.ends_with('=')) in.remove_suffix(1);
  }
  if (in.size() % 4 == 1) return std::nullopt;
  Bytes out;
  out.reserve(in.size() * 3 / 4);
  std::uint32_t bits = 0;
  int have = 0;
  for (char c : in) {
    const auto at = alphabet.find(c);
    if (at == std::string_view::npos) return std::nullopt;
    bits = bits << 6 | static_cast<std::uint32_t>(at);
    have += 6;
    if (have >= 8) {
      have -= 8;
      out.push_back(static_cast<std::uint8_t>(bits >> have & 0xff));
    }
  }
  if ((bits & ((1u << have) - 1)) != 0) return std::nullopt;  // only the canonical form
  return out;
}
}  // namespace

std::string to_hex(View bytes) {
  std::string out;
  out.reserve(bytes.size() * 2);
  for (auto b : bytes) {
    out += kHex[b >> 4];
    out += kHex[b & 15];
  }
  return out;
}

std::optional<Bytes> from_hex(std::string_view hex) {
  if (hex.size() % 2 != 0) return std::nullopt;
  Bytes out;
  out.reserve(hex.size() / 2);
  for (std::size_t i = 0; i < hex.size(); i += 2) {
    const auto high = kHex.find(hex[i]), low = kHex.find(hex[i + 1]);
    if (high == std::string_view::npos || low == std::string_view::npos) return std::nullopt;
    out.push_back(static_cast<std::uint8_t>(high << 4 | low));
  }
  return out;
}

std::string to_base64(View bytes) { return encode(bytes, kStandard, true); }
std::optional<Bytes> from_base64(std::string_view t) { return decode(t, kStandard, true); }
std::string to_base64url(View bytes) { return encode(bytes, kUrl, false); }
std::optional<Bytes> from_base64url(std::string_view t) { return decode(t, kUrl, false); }
}  // namespace xinyi
