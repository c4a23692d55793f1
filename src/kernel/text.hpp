// Text from people: valid UTF-8, no control characters, with its limits in the type.
#pragma once
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "kernel/problem.hpp"

namespace xinyi {
/// Length in code points, or nothing when it is not valid UTF-8 (overlong forms and surrogates included).
std::optional<std::size_t> utf8_length(std::string_view text);
/// Blanks at both ends removed, also the full-width one (U+3000) and U+00A0.
std::string_view trimmed(std::string_view text);
/// No control characters; line breaks and tabs only where `many_lines`.
bool printable(std::string_view text, bool many_lines);

enum class Lines { one, many };

/// Min..Max code points after trimming. A value that exists is valid.
template <std::size_t Min, std::size_t Max, Lines L = Lines::one>
class Text {
 public:
  static constexpr std::size_t kMin = Min, kMax = Max;
  static constexpr Lines kLines = L;
  Text() = default;
  static std::optional<Text> from(std::string_view raw, Code* why = nullptr) {
    const auto t = L == Lines::one ? trimmed(raw) : raw;
    const auto n = utf8_length(t);
    Code code = Code::field_characters;
    if (n && printable(t, L == Lines::many)) {
      if (*n < Min) code = *n == 0 ? Code::field_missing : Code::field_too_short;
      else if (*n > Max) code = Code::field_too_long;
      else { Text out; out.value_ = t; return out; }
    }
    if (why) *why = code;
    return std::nullopt;
  }
  const std::string& str() const { return value_; }
  operator std::string_view() const { return value_; }
  bool operator==(const Text&) const = default;

 private:
  std::string value_;
};
using Name = Text<1, 60>;
template <std::size_t Max>
using Prose = Text<0, Max, Lines::many>;
}  // namespace xinyi
