#include "kernel/json.hpp"

namespace xinyi::contract {
namespace {
std::size_t members_in(const json::value& v) {
  std::size_t n = 0;
  if (v.is_object())
    for (const auto& [key, each] : v.get_object()) n += 1 + members_in(each);
  else if (v.is_array())
    for (const auto& each : v.get_array()) n += members_in(each);
  return n;
}

/// Colons outside of strings: one for each member that was written.
std::size_t members_written(std::string_view body) {
  std::size_t n = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < body.size(); ++i) {
    const char c = body[i];
    if (in_string && c == '\\') ++i;
    else if (c == '"') in_string = !in_string;
    else if (c == ':' && !in_string) ++n;
  }
  return n;
}
}  // namespace

json::value parse_strict(std::string_view body) {
  json::error_code ec;
  json::parse_options options;
  options.max_depth = 16;
  auto value = json::parse(body, ec, {}, options);
  if (ec || members_in(value) != members_written(body)) throw Refusal(Code::malformed);
  return value;
}
}  // namespace xinyi::contract
