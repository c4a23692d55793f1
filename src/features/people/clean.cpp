#include "features/people/clean.hpp"

#include <vector>

#include "features/people/values.hpp"
#include "kernel/text.hpp"

namespace xinyi::people {
namespace {

constexpr std::size_t kMaxName = 60;

bool hanzi(char32_t c) {
  return (c >= 0x3400 && c <= 0x9FFF) || (c >= 0xF900 && c <= 0xFAFF) || (c >= 0x20000 && c <= 0x3FFFF);
}
bool blank(char32_t c) { return c == ' ' || c == 0xA0 || c == 0x3000 || (c >= 0x2000 && c <= 0x200A) || c == 0x202F; }
bool line_break(char32_t c) { return c == '\n' || c == '\r' || c == 0x85 || c == 0x2028 || c == 0x2029; }
bool invisible(char32_t c) { return c == 0x200B || c == 0x2060 || c == 0xFEFF; }
bool forbidden(char32_t c) {
  return c < 0x20 || (c >= 0x7F && c < 0xA0) || (c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069) ||
         c == 0xFFFD;
}

std::vector<char32_t> code_points(std::string_view text) {
  std::vector<char32_t> out;
  for (std::size_t at = 0; at < text.size();) out.push_back(next_code_point(text, at));
  return out;
}

bool looks_active(std::string_view name) {
  return name.find_first_of("=<>") != name.npos ||
         (!name.empty() && std::string_view("+-@").find(name[0]) != std::string_view::npos);
}

}  // namespace

std::optional<std::string> clean_name(std::string_view raw, const Place& at, std::string_view field, Findings& findings,
                                      Severity severity) {
  bool broken = false;
  std::string out;
  std::size_t length = 0;
  char32_t last = 0;
  bool gap = false;
  for (char32_t c : code_points(raw)) {
    if (invisible(c)) continue;
    if (line_break(c)) broken = true;
    if (line_break(c) || blank(c)) {
      gap = true;
      continue;
    }
    if (forbidden(c)) {
      findings.add_as(severity, Fault::name_characters, at, field, raw);
      return std::nullopt;
    }
    if (gap && !out.empty() && !(hanzi(last) && hanzi(c))) {
      out += ' ';
      ++length;
    }
    gap = false;
    append_code_point(out, c);
    ++length;
    last = c;
  }
  const auto fault = out.empty()         ? Fault::name_missing
                     : length > kMaxName ? Fault::name_too_long
                                         : Fault::name_characters;
  if (out.empty() || length > kMaxName || holds_identity_number(out)) {
    findings.add_as(severity, fault, at, field, raw);
    return std::nullopt;
  }
  if (broken) findings.add(Fault::name_line_break, at, field, raw);
  if (looks_active(out)) findings.add(Fault::name_odd, at, field, out);
  return out;
}

std::string joined_name(std::string_view family, std::string_view given, std::string_view middle) {
  bool chinese = false;
  for (char32_t c : code_points(family)) chinese = chinese || hanzi(c);
  for (char32_t c : code_points(given)) chinese = chinese || hanzi(c);
  // Systems made for two hanzi cut any name in two: "Marie-Claire O'" + "Sullivan", "扎西·" + "罗布顿珠".
  const auto front = trimmed(family);
  const bool cut = front.ends_with('\'') || front.ends_with('-') || front.ends_with("·") || front.ends_with("’");
  std::string out;
  const auto add = [&](std::string_view part) {
    if (trimmed(part).empty()) return;
    if (!out.empty() && !chinese && !cut) out += ' ';
    out += part;
  };
  if (chinese || cut)
    add(family), add(given), add(middle);
  else
    add(given), add(middle), add(family);
  return out;
}

std::optional<std::string> clean_text(std::string_view raw, std::size_t max) {
  const auto t = trimmed(raw);
  const auto n = utf8_length(t);
  if (!n || *n > max || !printable(t, false) || holds_identity_number(t)) return std::nullopt;
  for (char32_t c : code_points(t))
    if (forbidden(c) || invisible(c)) return std::nullopt;
  return std::string(t);
}

}  // namespace xinyi::people
