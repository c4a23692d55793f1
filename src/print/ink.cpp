#include "print/ink.hpp"

#include <cstdint>

namespace xinyi::print {
namespace {
struct Point {
  std::int32_t value;  // -1: no UTF-8
  std::size_t size;    // bytes that it takes
};

/// As the Unicode standard advises for broken text: the longest prefix that could still have become a character is one fault.
Point point_at(std::string_view t, std::size_t at) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(t[i]); };
  const auto lead = byte(at);
  if (lead < 0x80) return {lead, 1};
  const std::size_t more = lead >= 0xf0 && lead <= 0xf4 ? 3 : lead >= 0xe0 && lead < 0xf0 ? 2 : lead >= 0xc2 && lead < 0xe0 ? 1 : 0;
  if (more == 0) return {-1, 1};
  std::int32_t value = lead & (0x3f >> more);
  for (std::size_t i = 1; i <= more; ++i) {
    if (at + i >= t.size()) return {-1, i};
    const auto c = byte(at + i);
    // The second byte rules out overlong forms, surrogates and what lies above U+10FFFF.
    const unsigned least = i == 1 && lead == 0xe0 ? 0xa0 : i == 1 && lead == 0xf0 ? 0x90 : 0x80;
    const unsigned most = i == 1 && lead == 0xed ? 0x9f : i == 1 && lead == 0xf4 ? 0x8f : 0xbf;
    if (c < least || c > most) return {-1, i};
    value = value << 6 | (c & 0x3f);
  }
  return {value, more + 1};
}

bool turns_direction(std::int32_t p) {
  return p == 0x200e || p == 0x200f || p == 0x061c || (p >= 0x202a && p <= 0x202e) || (p >= 0x2066 && p <= 0x2069);
}
bool invisible(std::int32_t p) {
  return p < 0x20 || (p >= 0x7f && p < 0xa0) || p == 0xfeff || p == 0x200b || p == 0x2060 || (p >= 0xfff9 && p <= 0xfffb) ||
         (p >= 0xe0000 && p <= 0xe007f) || turns_direction(p);
}
}  // namespace

std::string clean(std::string_view text, Breaks breaks) {
  std::string out;
  out.reserve(text.size());
  const char* line_break = breaks == Breaks::keep ? "\n" : " ";
  for (std::size_t at = 0; at < text.size();) {
    const auto [p, size] = point_at(text, at);
    if (p == '\r' || p == '\n' || p == 0x0b || p == 0x0c || p == 0x85 || p == 0x2028 || p == 0x2029) {
      out += line_break;
      if (p == '\r' && at + 1 < text.size() && text[at + 1] == '\n') ++at;
    } else if (p == '\t') {
      out += ' ';
    } else if (p < 0) {
      out += "\xef\xbf\xbd";
    } else if (!invisible(p)) {
      out.append(text, at, size);
    }
    at += size;
  }
  return out;
}
}  // namespace xinyi::print
