// Notices: what they are about, how they travel, how they are set up.
#pragma once
#include "identity/schools.hpp"
#include "kernel/id.hpp"
#include "kernel/json.hpp"
#include "kernel/text.hpp"

namespace xinyi::notify {

XINYI_ID(NoticeId);
XINYI_ID(MessageId);  // of one message that leaves the house
XINYI_ID(HookId);

// -- what can be said
enum class Kind {
#define NOTICE(id, who, urgent, zh, en) id,
#define OUTSIDE(id, zh, en)
#include "notify/notices.def"
#undef NOTICE
#undef OUTSIDE
};
BOOST_DESCRIBE_ENUM(Kind, something_new, appointment_soon, appointment_off, place_free, staff_news, appointment_made, appointment_gone,
                    task_due, ring)

enum class Audience { client, staff };

// -- in the house: what a person reads after signing in
struct NoticeView {
  NoticeId id;
  Kind kind{};
  Instant at;
  Bilingual text;
  bool read = false;
};
BOOST_DESCRIBE_STRUCT(NoticeView, (), (id, kind, at, text, read))
struct NoticeList {
  std::vector<NoticeView> items;
  std::int64_t unread = 0;
};
BOOST_DESCRIBE_STRUCT(NoticeList, (), (items, unread))
/// Absent: all of one's own.
struct MarkRead { std::optional<List<NoticeId, 200>> ids; };
BOOST_DESCRIBE_STRUCT(MarkRead, (), (ids))

// -- events to browsers: that something happened, never what
/// again: the place to go on from is not known any more; load everything anew.
enum class EventKind { notice, notices_read, again };
BOOST_DESCRIBE_ENUM(EventKind, notice, notices_read, again)
struct Event {
  EventKind kind{};
  std::optional<NoticeId> id;
};
BOOST_DESCRIBE_STRUCT(Event, (), (kind, id))

// -- one's own way to be told
/// A mail address as it may stand in an envelope: ASCII, one @, nothing that a mail's head could be broken with.
using AddressText = Text<3, 254>;
struct OwnChannels {
  std::optional<std::string> mail;
  bool mail_offered = false;   // the school sends mail
  bool mail_refused = false;   // the last mail to this address came back; nothing is sent there until it is set again
};
BOOST_DESCRIBE_STRUCT(OwnChannels, (), (mail, mail_offered, mail_refused))
struct ChooseChannels { std::optional<AddressText> mail; };
BOOST_DESCRIBE_STRUCT(ChooseChannels, (), (mail))

// -- the school's ways out
enum class Channel { mail, hook };
BOOST_DESCRIBE_ENUM(Channel, mail, hook)
enum class Security { tls, starttls, none };
BOOST_DESCRIBE_ENUM(Security, tls, starttls, none)
enum class HookKind { wecom, dingtalk, plain };
BOOST_DESCRIBE_ENUM(HookKind, wecom, dingtalk, plain)

/// Quiet from..until on the school's wall clock, also over midnight; equal: never quiet.
struct Quiet {
  WallTime from{21 * 60 + 30};
  WallTime until{7 * 60};
  auto operator<=>(const Quiet&) const = default;
};
BOOST_DESCRIBE_STRUCT(Quiet, (), (from, until))

/// How the school's mail leaves. As stored (protected), and never sent back with its password.
struct MailSettings {
  bool enabled = false;
  std::string host;
  std::int64_t port = 0;
  Security security = Security::starttls;
  std::string username, password;     // empty: no login
  std::string sender_name, sender;    // what the reader sees: neutral
  std::string ca_pem;                 // empty: the system's authorities; else these alone
};
BOOST_DESCRIBE_STRUCT(MailSettings, (), (enabled, host, port, security, username, password, sender_name, sender, ca_pem))
struct SetMail {
  bool enabled = false;
  Text<1, 253> host;
  Whole<1, 65535> port;
  Security security{};
  std::optional<Text<0, 200>> username;
  std::optional<Text<0, 200>> password;  // absent: the one that is kept, as long as server and user stay the same
  Text<1, 40> sender_name;
  AddressText sender;
  std::optional<Prose<40'000>> ca_pem;
};
BOOST_DESCRIBE_STRUCT(SetMail, (), (enabled, host, port, security, username, password, sender_name, sender, ca_pem))
struct MailView {
  bool enabled = false;
  std::string host;
  std::int64_t port = 0;
  Security security{};
  std::string username;
  bool has_password = false;
  std::string sender_name, sender;
  bool own_ca = false;
  std::int64_t version = 0;
};
BOOST_DESCRIBE_STRUCT(MailView, (), (enabled, host, port, security, username, has_password, sender_name, sender, own_ca, version))

/// A robot's address holds its key: it is shown no more than a password.
struct HookSettings {
  HookKind kind{};
  std::string name, url, secret;
  bool urgent_only = true;
};
BOOST_DESCRIBE_STRUCT(HookSettings, (), (kind, name, url, secret, urgent_only))
struct NewHook {
  HookKind kind{};
  Name name;
  Text<10, 1000> url;
  std::optional<Text<0, 200>> secret;  // DingTalk and plain: signs the message
  bool urgent_only = false;
};
BOOST_DESCRIBE_STRUCT(NewHook, (), (kind, name, url, secret, urgent_only))
struct HookView {
  HookId id;
  HookKind kind{};
  std::string name, host;
  bool has_secret = false, urgent_only = false;
};
BOOST_DESCRIBE_STRUCT(HookView, (), (id, kind, name, host, has_secret, urgent_only))

struct QuietHours { Quiet mail, hook; };
BOOST_DESCRIBE_STRUCT(QuietHours, (), (mail, hook))
struct SettingsView {
  std::optional<MailView> mail;
  std::vector<HookView> hooks;
  QuietHours quiet;
};
BOOST_DESCRIBE_STRUCT(SettingsView, (), (mail, hooks, quiet))
struct TestMail { AddressText to; };
BOOST_DESCRIBE_STRUCT(TestMail, (), (to))
struct Tested { Instant at; };
BOOST_DESCRIBE_STRUCT(Tested, (), (at))

// -- what became of messages
/// How one try ended. started: its end was never noted, for the process ended in between.
enum class Outcome { started, sent, refused, busy, unreachable, login_refused, untrusted, insecure, no_address, switched_off };
BOOST_DESCRIBE_ENUM(Outcome, started, sent, refused, busy, unreachable, login_refused, untrusted, insecure, no_address, switched_off)
enum class State { waiting, sending, sent, refused, given_up, dropped };
BOOST_DESCRIBE_ENUM(State, waiting, sending, sent, refused, given_up, dropped)
struct Try {
  Instant at;
  Outcome outcome{};
  std::int64_t reply = 0;  // the server's number: SMTP or HTTP status; 0 without one
};
BOOST_DESCRIBE_STRUCT(Try, (), (at, outcome, reply))
/// Names nobody: whom a message was for is not the sender's business.
struct MessageView {
  MessageId id;
  Channel channel{};
  State state{};
  bool repeat = false;
  Instant posted_at, due_at;
  std::vector<Try> tries;
};
BOOST_DESCRIBE_STRUCT(MessageView, (), (id, channel, state, repeat, posted_at, due_at, tries))
struct Outbox {
  std::int64_t waiting = 0, failed = 0;  // failed: refused or given up, of the last 30 days
  std::vector<MessageView> items;        // those that wait after a try, and those that failed; newest first
};
BOOST_DESCRIBE_STRUCT(Outbox, (), (waiting, failed, items))

}  // namespace xinyi::notify
