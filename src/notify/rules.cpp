#include "notify/rules.hpp"

#include <algorithm>
#include <cctype>

namespace xinyi::notify {
namespace {
constexpr std::string_view kLettersDigits = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

bool only(std::string_view text, std::string_view more) {
  return std::ranges::all_of(text, [&](char c) { return kLettersDigits.find(c) != kLettersDigits.npos || more.find(c) != more.npos; });
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (auto& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}
}  // namespace

Instant due_at(Instant t, const Quiet& quiet, const Zone& zone, bool urgent) {
  if (urgent || quiet.from == quiet.until) return t;
  const auto now = zone.wall_time_of(t);
  const bool over_midnight = quiet.until < quiet.from;
  const bool inside = over_midnight ? now >= quiet.from || now < quiet.until : now >= quiet.from && now < quiet.until;
  if (!inside) return t;
  const auto today = zone.date_of(t);
  // A clock that is set back can make the end lie behind us though the wall says quiet: then it is over.
  return std::max(t, zone.at(over_midnight && now >= quiet.from ? today.plus_days(1) : today, quiet.until));
}

std::optional<Span> wait_after(std::int64_t tries, bool urgent) {
  const std::int64_t first = urgent ? 5 : 60, longest = urgent ? 60 : 3600, most = urgent ? 60 : 30;
  if (tries >= most) return std::nullopt;
  std::int64_t seconds = first;
  for (std::int64_t i = 1; i < tries && seconds < longest; ++i) seconds *= 2;
  return std::chrono::seconds(std::min(seconds, longest));
}

State state_after(Outcome outcome, std::int64_t tries, bool urgent) {
  switch (outcome) {
    case Outcome::sent: return State::sent;
    case Outcome::refused: return State::refused;
    case Outcome::no_address:
    case Outcome::switched_off: return State::dropped;
    default: return wait_after(tries, urgent) ? State::waiting : State::given_up;
  }
}

bool trouble_of_channel(Outcome outcome) {
  return outcome == Outcome::unreachable || outcome == Outcome::login_refused || outcome == Outcome::untrusted || outcome == Outcome::insecure;
}

Outcome smtp_outcome(long reply) { return reply >= 500 && reply < 600 ? Outcome::refused : Outcome::busy; }

Outcome http_outcome(long status) {
  if (status >= 200 && status < 300) return Outcome::sent;
  if (status == 408 || status == 425 || status == 429 || status >= 500) return Outcome::busy;
  return Outcome::refused;  // also every redirection: the message goes where it was sent, or nowhere
}

Outcome robot_outcome(std::string_view body) {
  boost::json::error_code ec;
  const auto answer = boost::json::parse(boost::json::string_view(body.data(), body.size()), ec);
  const auto* code = ec || !answer.is_object() ? nullptr : answer.get_object().if_contains("errcode");
  const auto* number = code ? code->if_int64() : nullptr;
  if (!number) return Outcome::refused;
  // -1: busy; 45009 (WeCom) and 130101 (DingTalk): too many messages a minute.
  if (*number == -1 || *number == 45009 || *number == 130101) return Outcome::busy;
  return *number == 0 ? Outcome::sent : Outcome::refused;
}

bool good_host(std::string_view host) {
  if (host.empty() || host.size() > 253) return false;
  if (host.find(':') != host.npos) return host.find_first_not_of("0123456789abcdefABCDEF:.") == host.npos;
  return only(host, "-.") && host.front() != '.' && host.front() != '-' && host.find("..") == host.npos;
}

bool good_address(std::string_view address) {
  const auto at = address.find('@');
  if (at == address.npos || at == 0 || at > 64 || address.size() > 254) return false;
  const auto local = address.substr(0, at), domain = address.substr(at + 1);
  if (!only(local, ".!#$%&'*+/=?^_`{|}~-") || local.front() == '.' || local.back() == '.' || local.find("..") != local.npos) return false;
  return good_host(domain) && domain.find(':') == domain.npos && domain.back() != '.' && domain.back() != '-';
}

bool loopback_host(std::string_view host) {
  if (host == "localhost" || host == "::1") return true;
  // Four plain numbers; other spellings of an address are not guessed at.
  return host.starts_with("127.") && host.find_first_not_of("0123456789.") == host.npos && std::ranges::count(host, '.') == 3;
}

bool neutral_sender(std::string_view name, std::string_view address) {
  static constexpr std::string_view kTelling[] = {"心理", "心灵", "心驿", "咨询", "辅导", "辅導", "谘商", "谘询", "輔導", "諮", "疏导", "危机", "抑郁",
                                                  "counsel", "psych", "mental", "therap", "wellbeing", "crisis", "xinli", "zixun", "fudao",
                                                  "xinyi", "xlzx", "xinling"};
  const auto local = address.substr(0, address.find('@'));
  const auto text = lower(name) + "\n" + lower(local);
  return std::ranges::none_of(kTelling, [&](auto word) { return text.find(word) != text.npos; });
}

std::optional<HookPlace> hook_place(std::string_view url) {
  HookPlace out;
  for (const std::string_view scheme : {"https", "http"})
    if (out.scheme.empty() && lower(url.substr(0, scheme.size() + 3)) == std::string(scheme) + "://") out.scheme = scheme;
  if (out.scheme.empty()) return std::nullopt;
  // Printable ASCII only, and none of the characters that readers of addresses disagree about.
  if (std::ranges::any_of(url, [](char c) { return c <= ' ' || c >= 0x7f || c == '\\' || c == '#' || c == '@' || c == '"' || c == '<' || c == '>'; }))
    return std::nullopt;
  auto rest = url.substr(out.scheme.size() + 3);
  rest = rest.substr(0, rest.find_first_of("/?"));
  std::string_view port;
  if (rest.starts_with('[')) {
    const auto end = rest.find(']');
    if (end == rest.npos) return std::nullopt;
    out.host = rest.substr(1, end - 1);
    port = rest.substr(end + 1);
    if (out.host.find(':') == out.host.npos) return std::nullopt;
  } else {
    out.host = lower(rest.substr(0, rest.find(':')));
    port = rest.substr(out.host.size());
  }
  if (!port.empty() && (port.size() < 2 || port.size() > 6 || port.front() != ':' || port.find_first_not_of("0123456789", 1) != port.npos))
    return std::nullopt;
  if (!good_host(out.host)) return std::nullopt;
  out.loopback = loopback_host(out.host);
  if (out.scheme == "http" && !out.loopback) return std::nullopt;
  return out;
}

bool private_address(View b) {
  if (b.size() == 16) {
    const bool mapped = std::all_of(b.begin(), b.begin() + 10, [](auto x) { return x == 0; }) && b[10] == 0xff && b[11] == 0xff;
    if (mapped) return private_address(b.subspan(12));
    const bool zeros = std::all_of(b.begin(), b.begin() + 12, [](auto x) { return x == 0; });  // ::, ::1, old compatible forms
    const bool nat64 = b[0] == 0 && b[1] == 0x64 && b[2] == 0xff && b[3] == 0x9b;              // leads to any IPv4 address
    const bool sixtofour = b[0] == 0x20 && b[1] == 0x02;
    const bool local = (b[0] & 0xfe) == 0xfc || (b[0] == 0xfe && (b[1] & 0x80) == 0x80) || b[0] == 0xff;
    return zeros || nat64 || sixtofour || local;
  }
  if (b.size() != 4) return true;
  return b[0] == 0 || b[0] == 10 || b[0] == 127 || (b[0] == 100 && (b[1] & 0xc0) == 64) || (b[0] == 169 && b[1] == 254) ||
         (b[0] == 172 && (b[1] & 0xf0) == 16) || (b[0] == 192 && b[1] == 168) || (b[0] == 192 && b[1] == 0 && b[2] == 0) ||
         (b[0] == 198 && (b[1] & 0xfe) == 18) || b[0] >= 224;
}
}  // namespace xinyi::notify
