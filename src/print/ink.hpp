// Makes any text harmless to print. What was typed in an old system or by an attacker reaches paper too, and there is
// nobody to refuse it to: it is cleaned, never rejected, and no visible character is lost.
#pragma once
#include <string>
#include <string_view>

namespace xinyi::print {

enum class Breaks { keep, flatten };  // line breaks stay, or become blanks

/// Valid UTF-8 without control characters and direction tricks. Bytes that are no UTF-8 become U+FFFD, tabs a blank;
/// line and paragraph separators count as line breaks.
std::string clean(std::string_view text, Breaks breaks = Breaks::keep);

}  // namespace xinyi::print
