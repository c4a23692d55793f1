#include "notify/text.hpp"

#include <ctime>

#include "crypto/crypto.hpp"
#include "notify/rules.hpp"

namespace xinyi::notify {
namespace {
constexpr KindEntry kKinds[] = {
#define NOTICE(id, who, urgent, zh, en) {Kind::id, Audience::who, urgent, zh, en},
#define OUTSIDE(id, zh, en)
#include "notify/notices.def"
#undef NOTICE
#undef OUTSIDE
};

struct OutsideEntry {
  Sentence id;
  std::string_view zh, en;
};
constexpr OutsideEntry kOutside[] = {
#define NOTICE(id, who, urgent, zh, en)
#define OUTSIDE(id, zh, en) {Sentence::id, zh, en},
#include "notify/notices.def"
#undef NOTICE
#undef OUTSIDE
};

void fill(std::string& text, std::string_view hole, const std::string& with) {
  for (std::size_t at; (at = text.find(hole)) != text.npos;) text.replace(at, hole.size(), with);
}

std::string base64_lines(std::string_view text) {
  const auto all = to_base64(view(text));
  std::string out;
  for (std::size_t at = 0; at < all.size(); at += 76) out.append(all, at, 76).append("\r\n");
  return out;
}

/// RFC 5322, in UTC: a mail does not say where it was written.
std::string mail_date(Instant t) {
  static constexpr const char* kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const std::time_t seconds = t.micros / 1'000'000;
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  char out[64];
  std::snprintf(out, sizeof out, "%s, %02d %s %04d %02d:%02d:%02d +0000", kDays[parts.tm_wday], parts.tm_mday, kMonths[parts.tm_mon],
                parts.tm_year + 1900, parts.tm_hour, parts.tm_min, parts.tm_sec);
  return out;
}

std::string percent(std::string_view text) {
  static constexpr char kHex[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    if ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z')) out += c;
    else out.append("%").append(1, kHex[static_cast<unsigned char>(c) >> 4]).append(1, kHex[c & 15]);
  }
  return out;
}
}  // namespace

const KindEntry& entry(Kind kind) { return kKinds[static_cast<std::size_t>(kind)]; }

bool needs_time(Kind kind) { return entry(kind).zh.find('{') != std::string_view::npos; }

Bilingual notice_text(Kind kind, const std::optional<Instant>& when, const Zone& zone) {
  const auto& e = entry(kind);
  Bilingual out{std::string(e.zh), std::string(e.en)};
  if (!when) return out;
  const auto date = zone.date_of(*when);
  const auto time = to_text(zone.wall_time_of(*when));
  const auto month = static_cast<unsigned>(date.ymd.month()), day = static_cast<unsigned>(date.ymd.day());
  fill(out.zh, "{date}", std::to_string(month) + "月" + std::to_string(day) + "日");
  fill(out.en, "{date}", to_text(date));
  fill(out.zh, "{time}", time);
  fill(out.en, "{time}", time);
  return out;
}

Bilingual outside_text(Sentence id) {
  const auto& s = kOutside[static_cast<std::size_t>(id)];
  return {std::string(s.zh), std::string(s.en)};
}

std::string outside_body(const OutsideMessage& message) {
  const auto text = outside_text(message.sentence);
  const auto again = message.repeat ? outside_text(Sentence::again) : Bilingual{};
  return text.zh + again.zh + "\n\n" + text.en + (message.repeat ? " " + again.en : "") + "\n";
}

std::string encoded_words(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    // 45 bytes become 60 characters; with the frame of 12 that is within the 75 of a word.
    std::size_t n = std::min<std::size_t>(text.size(), 45);
    while (n < text.size() && (static_cast<unsigned char>(text[n]) & 0xc0) == 0x80) --n;
    if (!out.empty()) out += "\r\n ";
    out.append("=?UTF-8?B?").append(to_base64(view(text.substr(0, n)))).append("?=");
    text.remove_prefix(n);
  }
  return out;
}

std::string mail_text(const Mail& mail) {
  invariant(good_address(mail.from) && good_address(mail.to), "not an address of a mail");
  invariant(mail.message_id.find_first_of("\r\n \t") == mail.message_id.npos, "not an id of a mail");
  const auto subject = outside_text(Sentence::subject);
  std::string out;
  out.append("Date: ").append(mail_date(mail.at)).append("\r\n");
  out.append("From: ").append(encoded_words(mail.from_name)).append(" <").append(mail.from).append(">\r\n");
  out.append("To: <").append(mail.to).append(">\r\n");
  out.append("Subject: ").append(encoded_words(subject.zh + " · " + subject.en)).append("\r\n");
  out.append("Message-ID: ").append(mail.message_id).append("\r\n");
  // Answering machines stay silent (RFC 3834); a repeat can be told from a second notice.
  out.append("Auto-Submitted: auto-generated\r\n");
  if (mail.message.repeat) out.append("X-Xinyi-Repeat: yes\r\n");
  out.append("MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n");
  out.append(base64_lines(outside_body(mail.message)));
  return out;
}

std::string hook_body(HookKind kind, const MessageId& id, const OutsideMessage& message) {
  namespace json = boost::json;
  if (kind != HookKind::plain)
    return json::serialize(json::object{{"msgtype", "text"}, {"text", {{"content", outside_body(message)}}}});
  const auto text = outside_text(message.sentence);
  const auto* what = message.sentence == Sentence::test ? "test" : message.sentence == Sentence::staff_now ? "notice_now" : "notice";
  return json::serialize(json::object{{"id", to_text(id)}, {"kind", what}, {"repeat", message.repeat}, {"text", {{"zh", text.zh}, {"en", text.en}}}});
}

std::string hook_url(const HookSettings& hook, Instant now) {
  if (hook.kind != HookKind::dingtalk || hook.secret.empty()) return hook.url;
  const auto at = std::to_string(now.micros / 1000);
  const auto sign = crypto::hmac_sha256(view(hook.secret), view(at + "\n" + hook.secret));
  return hook.url + (hook.url.find('?') == hook.url.npos ? "?" : "&") + "timestamp=" + at + "&sign=" + percent(to_base64(sign));
}

std::string hook_signature(const HookSettings& hook, std::string_view body, Instant now) {
  if (hook.kind != HookKind::plain || hook.secret.empty()) return {};
  const auto at = std::to_string(now.micros / 1'000'000);
  const auto sign = crypto::hmac_sha256(view(hook.secret), {view(at), view("."), view(body)});
  return "t=" + at + ",v1=" + to_hex(sign);
}
}  // namespace xinyi::notify
