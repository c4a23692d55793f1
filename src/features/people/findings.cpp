#include "features/people/findings.hpp"

#include <array>

#include "features/people/values.hpp"
#include "kernel/json.hpp"

namespace xinyi::people {
namespace {
constexpr std::array kEntries = {
#define FINDING(code, severity, zh, en) FaultEntry{#code, Severity::severity, zh, en},
#include "features/people/findings.def"
#undef FINDING
};

Finding worded(Severity severity, Fault fault, const Place& at, std::string_view field, std::string_view value) {
  const auto& entry = catalogue(fault);
  return {at.file,
          at.line,
          std::string(field),
          severity,
          std::string(entry.name),
          harmless(value),
          {std::string(entry.zh), std::string(entry.en)}};
}

bool turns_text(char32_t c) {
  return (c >= 0x200B && c <= 0x200F) || (c >= 0x202A && c <= 0x202E) || (c >= 0x2060 && c <= 0x206F) || c == 0xFEFF;
}
}  // namespace

const FaultEntry& catalogue(Fault fault) { return kEntries.at(static_cast<std::size_t>(fault)); }
std::vector<FaultEntry> fault_catalogue() { return {kEntries.begin(), kEntries.end()}; }

std::string harmless(std::string_view value) {
  if (holds_identity_number(value)) return "***";
  std::string out;
  std::size_t length = 0;
  for (std::size_t at = 0; at < value.size();) {
    if (++length > 40) {
      out += "…";
      break;
    }
    const char32_t c = next_code_point(value, at);
    if (c < 0x20 || (c >= 0x7F && c < 0xA0) || turns_text(c) || c == 0xFFFD)
      out += ' ';
    else
      append_code_point(out, c);
  }
  if (!out.empty() && std::string_view("=+-@").find(out[0]) != std::string_view::npos) out.insert(0, "'");
  return out;
}

void Findings::add(Fault fault, const Place& at, std::string_view field, std::string_view value) {
  add_as(catalogue(fault).severity, fault, at, field, value);
}

void Findings::add_as(Severity severity, Fault fault, const Place& at, std::string_view field, std::string_view value) {
  ++(severity == Severity::refused ? refused_ : warnings_);
  if (list_.size() < kKept) list_.push_back(worded(severity, fault, at, field, value));
}

Refusal Unreadable::refusal() const {
  const bool large = fault_ == Fault::zip_too_large || fault_ == Fault::too_many_rows ||
                     fault_ == Fault::too_many_columns || fault_ == Fault::too_much_text;
  Problem p;
  p.code = large                             ? Code::roster_too_large
           : fault_ == Fault::header_unknown ? Code::roster_mapping
                                             : Code::roster_unreadable;
  p.extra["finding"] = contract::write(worded(Severity::refused, fault_, at_, field_, {}));
  p.inside = std::string(catalogue(fault_).name) + " in " + harmless(at_.file) + " line " + std::to_string(at_.line);
  return Refusal(std::move(p));
}

}  // namespace xinyi::people
