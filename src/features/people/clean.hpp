// Text of a file as it may be kept: names and identifiers.
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "features/people/findings.hpp"

namespace xinyi::people {

/// A person's name, 1..60 characters. Line breaks are taken out (warning), blanks between hanzi too (张　三 is 张三);
/// control and direction characters refuse it. What looks like a formula or markup is kept as it is (warning).
/// Nothing when it is refused; the finding is written then.
std::optional<std::string> clean_name(std::string_view raw, const Place& at, std::string_view field, Findings& findings,
                                      Severity severity = Severity::refused);

/// Family and given name in the order of the language: 丁沐瑾, José García.
std::string joined_name(std::string_view family, std::string_view given, std::string_view middle);

/// One line without control characters, 0..max characters, holding no identity number; nothing otherwise.
std::optional<std::string> clean_text(std::string_view raw, std::size_t max);

}  // namespace xinyi::people
