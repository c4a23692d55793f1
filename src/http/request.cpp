#include "http/request.hpp"

#include <algorithm>
#include <boost/url/parse.hpp>

#include "kernel/text.hpp"

namespace xinyi::http {
namespace {
constexpr std::size_t kMaxSegments = 24, kMaxQuery = 32, kMaxTarget = 4096;

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }
bool same_letters(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) { return lower(x) == lower(y); });
}
std::string_view without_blanks(std::string_view t) {
  while (!t.empty() && (t.front() == ' ' || t.front() == '\t')) t.remove_prefix(1);
  while (!t.empty() && (t.back() == ' ' || t.back() == '\t')) t.remove_suffix(1);
  return t;
}
bool fit(std::string_view t) { return utf8_length(t).has_value() && printable(t, false); }

/// Well-formed already: Boost.URL has checked the escapes.
std::string decoded(boost::urls::pct_string_view v, bool plus_is_blank) {
  std::string_view raw(v.data(), v.size());
  if (raw.find_first_of("%+") == raw.npos) return std::string(raw);
  boost::urls::encoding_opts options;
  options.space_as_plus = plus_is_blank;
  return v.decode(options);
}
}  // namespace

std::optional<Target> parse_target(std::string_view target) {
  if (target.size() > kMaxTarget || !target.starts_with('/')) return std::nullopt;
  const auto parsed = boost::urls::parse_origin_form(target);
  if (!parsed) return std::nullopt;
  Target out;
  out.raw_path = target.substr(0, target.find('?'));
  for (const auto segment : parsed->encoded_segments()) {
    out.segments.push_back(decoded(segment, false));
    if (!fit(out.segments.back()) || out.segments.size() > kMaxSegments) return std::nullopt;
  }
  for (const auto param : parsed->encoded_params()) {
    out.query.emplace_back(decoded(param.key, true), decoded(param.value, true));
    if (!fit(out.query.back().first) || !fit(out.query.back().second) || out.query.size() > kMaxQuery) return std::nullopt;
  }
  return out;
}

std::string_view cookie_value(std::string_view header, std::string_view name) {
  while (!header.empty()) {
    const auto end = header.find(';');
    const auto pair = without_blanks(header.substr(0, end));
    if (pair.size() > name.size() && pair.starts_with(name) && pair[name.size()] == '=') return pair.substr(name.size() + 1);
    if (end == header.npos) break;
    header.remove_prefix(end + 1);
  }
  return {};
}

void require_own_site(const Head& head) {
  const auto refuse = [](const char* why) { throw Refusal(Code::cross_site, why); };
  if (head.guard != "1") refuse("no guard header");
  if (!head.fetch_site.empty() && head.fetch_site != "same-origin" && head.fetch_site != "none") refuse("fetch site");
  if (!head.origin.empty()) {
    // The scheme is not compared: behind a TLS proxy we do not see it, and the host decides whose page it is.
    auto origin = head.origin;
    if (origin.starts_with("https://")) origin.remove_prefix(8);
    else if (origin.starts_with("http://")) origin.remove_prefix(7);
    else refuse("origin without a host");
    if (!same_letters(origin, head.host)) refuse("origin of another host");
  }
}

bool media_type_is(std::string_view header, std::string_view type) {
  return same_letters(without_blanks(header.substr(0, header.find(';'))), type);
}
}  // namespace xinyi::http
