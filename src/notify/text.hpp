// The words of notices, and a mail as it goes over the wire. Pure.
#pragma once
#include "notify/model.hpp"

namespace xinyi::notify {

struct KindEntry {
  Kind kind;
  Audience audience;
  bool urgent;
  std::string_view zh, en;
};
const KindEntry& entry(Kind kind);

/// The sentence of a notice for somebody who has signed in; `when` fills its holes.
Bilingual notice_text(Kind kind, const std::optional<Instant>& when, const Zone& zone);
/// True when the sentence has holes: such a notice must come with its time.
bool needs_time(Kind kind);

enum class Sentence {
#define NOTICE(id, who, urgent, zh, en)
#define OUTSIDE(id, zh, en) id,
#include "notify/notices.def"
#undef NOTICE
#undef OUTSIDE
};
Bilingual outside_text(Sentence id);

/// What leaves the house: chosen by two facts, made of catalogue sentences alone.
struct OutsideMessage {
  Sentence sentence = Sentence::client;
  bool repeat = false;
};
/// Chinese line, English line; a repeat says so.
std::string outside_body(const OutsideMessage& message);

struct Mail {
  std::string from_name, from, to;   // neutral; judged before
  std::string message_id;            // "<…@…>": the same for every try
  Instant at;
  OutsideMessage message;
};
/// The whole message of RFC 5322 with CRLF, its parts encoded so that no value can begin a line of the head. Bug when an
/// address is none.
std::string mail_text(const Mail& mail);
/// RFC 2047: "=?UTF-8?B?…?=" in pieces of at most 75 characters that never cut a character.
std::string encoded_words(std::string_view text);

/// {"msgtype":"text",…} for the robots; for `plain`: {"id","kind","repeat","text":{"zh","en"}}.
std::string hook_body(HookKind kind, const MessageId& id, const OutsideMessage& message);
/// DingTalk: the address with its moment and signature; the others: unchanged.
std::string hook_url(const HookSettings& hook, Instant now);
/// plain: "t=<unix seconds>,v1=<hex HMAC-SHA256 of "t.body">"; empty without a secret.
std::string hook_signature(const HookSettings& hook, std::string_view body, Instant now);

}  // namespace xinyi::notify
