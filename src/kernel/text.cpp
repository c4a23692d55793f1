#include "kernel/text.hpp"

#include <array>
#include <cstdint>

namespace xinyi {
namespace {
/// Next code point at `at`, or -1; moves `at`.
std::int32_t next(std::string_view t, std::size_t& at) {
  const auto lead = static_cast<unsigned char>(t[at++]);
  if (lead < 0x80) return lead;
  const int more = lead >= 0xf0 ? 3 : lead >= 0xe0 ? 2 : lead >= 0xc0 ? 1 : -1;
  if (more < 0 || lead > 0xf4 || at + static_cast<std::size_t>(more) > t.size()) return -1;
  std::int32_t point = lead & (0x3f >> more);
  for (int i = 0; i < more; ++i) {
    const auto c = static_cast<unsigned char>(t[at++]);
    if ((c & 0xc0) != 0x80) return -1;
    point = point << 6 | (c & 0x3f);
  }
  constexpr std::array<std::int32_t, 4> kLeast = {0, 0x80, 0x800, 0x10000};
  if (point < kLeast[static_cast<std::size_t>(more)] || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff)) return -1;
  return point;
}
constexpr std::array<std::string_view, 6> kBlanks = {" ", "\t", "\n", "\r", "\xe3\x80\x80", "\xc2\xa0"};
}  // namespace

std::optional<std::size_t> utf8_length(std::string_view t) {
  std::size_t n = 0;
  for (std::size_t at = 0; at < t.size(); ++n)
    if (next(t, at) < 0) return std::nullopt;
  return n;
}

std::string_view trimmed(std::string_view t) {
  for (bool again = true; again;) {
    again = false;
    for (auto blank : kBlanks) {
      if (t.starts_with(blank)) { t.remove_prefix(blank.size()); again = true; }
      if (t.ends_with(blank)) { t.remove_suffix(blank.size()); again = true; }
    }
  }
  return t;
}

bool printable(std::string_view t, bool many_lines) {
  for (std::size_t at = 0; at < t.size();) {
    const auto p = next(t, at);
    if (p < 0 || p == 0x7f || (p >= 0x80 && p < 0xa0)) return false;
    if (p < 0x20 && !(many_lines && (p == '\n' || p == '\t' || p == '\r'))) return false;
    if (p == 0x202a || p == 0x202b || p == 0x202d || p == 0x202e || (p >= 0x2066 && p <= 0x2069) || p == 0xfeff) return false;  // direction tricks
  }
  return true;
}
}  // namespace xinyi
