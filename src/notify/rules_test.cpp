// Quiet hours, patience, words and addresses: values in, values out.
#include "notify/rules.hpp"

#include <gtest/gtest.h>

#include "crypto/crypto.hpp"
#include "notify/outside.hpp"
#include "notify/text.hpp"

namespace xinyi::notify {
namespace {
using namespace std::chrono_literals;

Instant at(std::string_view text) { return *instant_from_text(text); }
const Zone kShanghai = *Zone::named("Asia/Shanghai");  // no clock changes
const Zone kBerlin = *Zone::named("Europe/Berlin");
constexpr Quiet kUsual{};

TEST(QuietHours, WaitForTheEndOfTheNightOnTheSchoolsWall) {
  EXPECT_EQ(due_at(at("2026-11-23T13:29:59Z"), kUsual, kShanghai, false), at("2026-11-23T13:29:59Z"));  // 21:29:59
  EXPECT_EQ(due_at(at("2026-11-23T13:30:00Z"), kUsual, kShanghai, false), at("2026-11-23T23:00:00Z"));  // 21:30 -> 07:00 tomorrow
  EXPECT_EQ(due_at(at("2026-11-23T20:00:00Z"), kUsual, kShanghai, false), at("2026-11-23T23:00:00Z"));  // 04:00 -> 07:00 today
  EXPECT_EQ(due_at(at("2026-11-23T23:00:00Z"), kUsual, kShanghai, false), at("2026-11-23T23:00:00Z"));  // 07:00
}
TEST(QuietHours, UrgentOnesNeverWaitAndEqualTimesAreNoHours) {
  EXPECT_EQ(due_at(at("2026-11-23T20:00:00Z"), kUsual, kShanghai, true), at("2026-11-23T20:00:00Z"));
  EXPECT_EQ(due_at(at("2026-11-23T20:00:00Z"), {{420}, {420}}, kShanghai, false), at("2026-11-23T20:00:00Z"));
}
TEST(QuietHours, ANoonRestStaysOnItsDay) {
  const Quiet noon{{12 * 60}, {14 * 60}};
  EXPECT_EQ(due_at(at("2026-11-23T04:30:00Z"), noon, kShanghai, false), at("2026-11-23T06:00:00Z"));
  EXPECT_EQ(due_at(at("2026-11-23T06:00:00Z"), noon, kShanghai, false), at("2026-11-23T06:00:00Z"));
}
TEST(QuietHours, FollowTheWallThroughClockChanges) {
  // Forward in the night of 29 March 2026 (02:00 -> 03:00): the night is an hour shorter.
  EXPECT_EQ(due_at(at("2026-03-28T22:00:00Z"), kUsual, kBerlin, false), at("2026-03-29T05:00:00Z"));
  // Back in the night of 25 October 2026 (03:00 -> 02:00): an hour longer.
  EXPECT_EQ(due_at(at("2026-10-24T22:00:00Z"), kUsual, kBerlin, false), at("2026-10-25T06:00:00Z"));
  // An end that the forward change skips is the moment of the change; one that comes twice is its first time.
  EXPECT_EQ(due_at(at("2026-03-29T00:30:00Z"), {{22 * 60}, {150}}, kBerlin, false), at("2026-03-29T01:00:00Z"));
  EXPECT_EQ(due_at(at("2026-10-25T00:10:00Z"), {{22 * 60}, {150}}, kBerlin, false), at("2026-10-25T00:30:00Z"));
  // 02:10 for the second time, after the first 02:30: never earlier than now.
  EXPECT_EQ(due_at(at("2026-10-25T01:10:00Z"), {{22 * 60}, {150}}, kBerlin, false), at("2026-10-25T01:10:00Z"));
}

TEST(Patience, WaitsLongerEachTimeAndEnds) {
  EXPECT_EQ(*wait_after(1, false), 60s);
  EXPECT_EQ(*wait_after(2, false), 120s);
  EXPECT_EQ(*wait_after(7, false), 3600s);
  EXPECT_EQ(*wait_after(29, false), 3600s);
  EXPECT_FALSE(wait_after(30, false));
  EXPECT_EQ(*wait_after(1, true), 5s);
  EXPECT_EQ(*wait_after(10, true), 60s);
  EXPECT_FALSE(wait_after(60, true));
  Span all{};
  for (int n = 1; const auto w = wait_after(n, false); ++n) all += *w;
  EXPECT_GT(all, 23h);
  EXPECT_LT(all, 26h);
}
TEST(Patience, WhatIsFinalIsNotTriedAgain) {
  EXPECT_EQ(state_after(Outcome::sent, 1, false), State::sent);
  EXPECT_EQ(state_after(Outcome::refused, 1, false), State::refused);
  EXPECT_EQ(state_after(Outcome::no_address, 1, false), State::dropped);
  for (auto o : {Outcome::busy, Outcome::unreachable, Outcome::login_refused, Outcome::untrusted, Outcome::insecure}) {
    EXPECT_EQ(state_after(o, 1, false), State::waiting);
    EXPECT_EQ(state_after(o, 30, false), State::given_up);
    EXPECT_EQ(state_after(o, 30, true), State::waiting);
  }
  EXPECT_EQ(smtp_outcome(550), Outcome::refused);
  EXPECT_EQ(smtp_outcome(451), Outcome::busy);
  EXPECT_EQ(http_outcome(204), Outcome::sent);
  EXPECT_EQ(http_outcome(302), Outcome::refused);
  EXPECT_EQ(http_outcome(404), Outcome::refused);
  EXPECT_EQ(http_outcome(429), Outcome::busy);
  EXPECT_EQ(http_outcome(503), Outcome::busy);
}
TEST(Robots, SayTheirOutcomeInTheBody) {
  EXPECT_EQ(robot_outcome(R"({"errcode":0,"errmsg":"ok"})"), Outcome::sent);
  EXPECT_EQ(robot_outcome(R"({"errcode":93000,"errmsg":"invalid webhook url"})"), Outcome::refused);
  EXPECT_EQ(robot_outcome(R"({"errcode":45009})"), Outcome::busy);
  for (const auto* odd : {"", "ok", "[]", "{}", R"({"errcode":"0"})"}) EXPECT_EQ(robot_outcome(odd), Outcome::refused) << odd;
}

TEST(Addresses, OnlyWhatCanStandInAnEnvelope) {
  for (const auto* good : {"li@school.cn", "a.b+c@x-y.example.org", "o'neil@example.org", "a@localhost", "a@10.0.0.1"}) EXPECT_TRUE(good_address(good)) << good;
  for (const std::string bad : {"", "a", "@b.c", "a@", "a@b@c", "a b@c.d", "a@b c", "a@b.c\r\nBcc: x@y.z", "\"a\"@b.c", "<a@b.c>", "a@b..c", ".a@b.c", "a.@b.c", "a..b@c.d",
                                "李@school.cn", "a@学校.cn", "a@b.c.", "a@-b.c", "a@b.c>", "a,b@c.d", "a@[1.2.3.4]", "a\t@b.c"})
    EXPECT_FALSE(good_address(bad)) << bad;
  EXPECT_FALSE(good_address(std::string("a\0@b.c", 6)));
  EXPECT_FALSE(good_address(std::string(65, 'a') + "@b.c"));
}
TEST(Addresses, ASenderSaysNothingAboutTheRoom) {
  EXPECT_TRUE(neutral_sender("校园通知", "notice@school.cn"));
  EXPECT_TRUE(neutral_sender("School Office", "office@xinli.school.cn")) << "the domain is the school's";
  for (const auto& [name, address] : std::initializer_list<std::pair<const char*, const char*>>{
           {"心理咨询室", "n@s.cn"}, {"校园 Counselling", "n@s.cn"}, {"通知", "xinli@s.cn"}, {"通知", "ZiXun@s.cn"}, {"危机小组", "n@s.cn"}, {"Psychology", "n@s.cn"}})
    EXPECT_FALSE(neutral_sender(name, address)) << name << address;
}
TEST(Addresses, HooksAreHttpsOrThisMachine) {
  EXPECT_EQ(hook_place("https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=1")->host, "qyapi.weixin.qq.com");
  EXPECT_FALSE(hook_place("https://oapi.dingtalk.com:443/robot/send")->loopback);
  EXPECT_TRUE(hook_place("http://127.0.0.1:8000/x")->loopback);
  EXPECT_TRUE(hook_place("http://[::1]:8000/x")->loopback);
  EXPECT_TRUE(hook_place("HTTP://LOCALHOST/x")->loopback);
  for (const auto* bad : {"http://school.cn/x", "ftp://school.cn", "https://", "https:///x", "https://user@host/", "https://a b/", "https://a\\@b/", "https://host#f",
                          "file:///etc/passwd", "https://[::1", "https://host:99999999/", "https://host:x/", "http://127.0.0.1.evil.cn/", "http://0x7f.0.0.1/",
                          "http://2130706433/", "gopher://127.0.0.1/", "https://ho\r\nst/", "javascript:x"})
    EXPECT_FALSE(hook_place(bad)) << bad;
}
TEST(Addresses, PrivateOnesAreKnownInBothFamilies) {
  const auto v4 = [](std::uint8_t a, std::uint8_t b, std::uint8_t c, std::uint8_t d) { return private_address(Fixed<4>{a, b, c, d}); };
  for (bool p : {v4(10, 0, 0, 1), v4(127, 0, 0, 1), v4(172, 16, 0, 1), v4(172, 31, 9, 9), v4(192, 168, 1, 1), v4(169, 254, 169, 254), v4(100, 64, 0, 1), v4(0, 0, 0, 0),
                 v4(224, 0, 0, 1), v4(255, 255, 255, 255)})
    EXPECT_TRUE(p);
  for (bool p : {v4(8, 8, 8, 8), v4(172, 32, 0, 1), v4(100, 128, 0, 1), v4(192, 169, 0, 1), v4(1, 2, 3, 4)}) EXPECT_FALSE(p);
  EXPECT_TRUE(private_address(Fixed<16>{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}));
  EXPECT_TRUE(private_address(Fixed<16>{0xfe, 0x80}));
  EXPECT_TRUE(private_address(Fixed<16>{0xfd, 0x12}));
  EXPECT_TRUE(private_address(Fixed<16>{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 0, 0, 1})) << "IPv4 in IPv6";
  EXPECT_TRUE(private_address(Fixed<16>{0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0, 10, 0, 0, 1})) << "NAT64";
  EXPECT_FALSE(private_address(Fixed<16>{0x24, 0x08, 0x80}));
  EXPECT_FALSE(private_address(Fixed<16>{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 8, 8, 8, 8}));
}

// -- words
TEST(Words, EveryNoticeHasBothLanguagesAndItsHolesFilled) {
  const auto when = at("2026-12-01T06:30:00Z");
  boost::mp11::mp_for_each<boost::describe::describe_enumerators<Kind>>([&](auto d) {
    const auto text = notice_text(d.value, when, kShanghai);
    for (const auto& t : {text.zh, text.en}) {
      EXPECT_FALSE(t.empty()) << d.name;
      EXPECT_EQ(t.find('{'), t.npos) << t;
    }
    EXPECT_EQ(entry(d.value).kind, d.value) << "the enumeration and the catalogue are in one order";
  });
  EXPECT_EQ(notice_text(Kind::appointment_soon, when, kShanghai).zh, "12月1日 14:30 有一个预约,记得来。");
  EXPECT_EQ(notice_text(Kind::appointment_soon, when, kShanghai).en, "You have an appointment on 2026-12-01 at 14:30.");
}
TEST(Words, NothingThatLeavesTheHouseSaysWhatTheRoomIs) {
  for (auto s : {Sentence::subject, Sentence::client, Sentence::staff, Sentence::staff_now, Sentence::again, Sentence::test}) {
    const auto text = outside_text(s);
    EXPECT_TRUE(neutral_sender(text.zh, "x@y.z")) << text.zh;
    EXPECT_TRUE(neutral_sender(text.en, "x@y.z")) << text.en;
    EXPECT_EQ(text.zh.find("http"), std::string::npos);
    EXPECT_EQ(text.zh.find("预约"), std::string::npos);
    EXPECT_EQ(text.en.find("appointment"), std::string::npos);
  }
}
TEST(MailText, IsWholeAndTheSameForEveryTry) {
  const MessageId id(Fixed<16>{0xab, 1});
  const auto text = mail_text({"校园通知", "notice@school.cn", "li@example.org", message_id(id, "notice@school.cn"), at("2026-11-23T06:00:00Z"), {Sentence::client, false}});
  EXPECT_NE(text.find("Date: Mon, 23 Nov 2026 06:00:00 +0000\r\n"), text.npos);
  EXPECT_NE(text.find("From: =?UTF-8?B?" + to_base64(view("校园通知")) + "?= <notice@school.cn>\r\n"), text.npos);
  EXPECT_NE(text.find("Message-ID: <ab010000000000000000000000000000@school.cn>\r\n"), text.npos);
  EXPECT_NE(text.find("Auto-Submitted: auto-generated\r\n"), text.npos);
  EXPECT_EQ(text.find("Repeat"), text.npos);
  const auto body = from_base64([&] {
    auto b = text.substr(text.find("\r\n\r\n") + 4);
    std::erase_if(b, [](char c) { return c == '\r' || c == '\n'; });
    return b;
  }());
  ASSERT_TRUE(body);
  EXPECT_EQ(xinyi::text(*body), "你在学校有一条新的通知,登录后查看。\n\nYou have a new notice at school. Sign in to read it.\n");
  const auto again = mail_text({"校园通知", "notice@school.cn", "li@example.org", message_id(id, "notice@school.cn"), at("2026-11-23T07:00:00Z"), {Sentence::client, true}});
  EXPECT_NE(again.find("X-Xinyi-Repeat: yes\r\n"), again.npos);
  EXPECT_NE(again.find("Message-ID: <ab010000000000000000000000000000@school.cn>\r\n"), again.npos);
  EXPECT_NE(outside_body({Sentence::client, true}).find("可能已经发过一次"), std::string::npos);
}
TEST(MailText, NoValueCanBeginALineOfTheHead) {
  // 200 names of control characters, quotes, colons: each stays one header of the sender.
  for (int i = 0; i < 200; ++i) {
    std::string name = "校园";
    for (int k = 0; k < 20; ++k) name += "\r\n:<>\"=?\t\0 Bcc: x@y.z"[(i * 7 + k * 5) % 20];
    const auto text = mail_text({name, "n@s.cn", "l@e.org", "<a@s.cn>", at("2026-11-23T06:00:00Z"), {}});
    const auto head = text.substr(0, text.find("\r\n\r\n"));
    int lines = 1;
    for (std::size_t p = 0; (p = head.find("\r\n", p)) != head.npos; p += 2)
      if (head[p + 2] != ' ') ++lines;
    EXPECT_EQ(lines, 9) << head;
    EXPECT_EQ(head.find("Bcc"), head.npos);
  }
  EXPECT_THROW(mail_text({"n", "n@s.cn\r\nBcc: x@y.z", "l@e.org", "<a@s.cn>", {}, {}}), Bug);
  EXPECT_THROW(mail_text({"n", "n@s.cn", "l@e.org>\r\n", "<a@s.cn>", {}, {}}), Bug);
  EXPECT_THROW(mail_text({"n", "n@s.cn", "l@e.org", "<a@s.cn>\r\nX: y", {}, {}}), Bug);
}
TEST(MailText, EncodedWordsCutNoCharacter) {
  std::string name;
  for (int i = 0; i < 40; ++i) name += i % 3 ? "校" : "𠮷";
  const auto out = encoded_words(name);
  std::string back;
  for (std::size_t at = 0; (at = out.find("=?UTF-8?B?", at)) != out.npos;) {
    const auto end = out.find("?=", at + 10);
    EXPECT_LE(end + 2 - at, 75u);
    const auto piece = from_base64(out.substr(at + 10, end - at - 10));
    ASSERT_TRUE(piece);
    EXPECT_TRUE(utf8_length(text(*piece))) << "a whole number of characters";
    back += text(*piece);
    at = end;
  }
  EXPECT_EQ(back, name);
}
TEST(Hooks, ShapesAndSignatures) {
  const MessageId id(Fixed<16>{0xab});
  const auto now = at("2026-11-23T06:00:00Z");
  const auto robot = boost::json::parse(hook_body(HookKind::wecom, id, {Sentence::staff, false}));
  EXPECT_EQ(robot.at("msgtype"), "text");
  EXPECT_EQ(robot.at("text").as_object().size(), 1u);
  const auto plain = hook_body(HookKind::plain, id, {Sentence::staff_now, true});
  EXPECT_EQ(boost::json::parse(plain).at("repeat"), true);
  EXPECT_EQ(boost::json::parse(plain).at("kind"), "notice_now");
  // Values worked out with openssl dgst.
  const HookSettings ding{HookKind::dingtalk, "x", "https://oapi.dingtalk.com/robot/send?access_token=T", "SEC123", false};
  EXPECT_EQ(hook_url(ding, now), "https://oapi.dingtalk.com/robot/send?access_token=T&timestamp=1795413600000&sign=RbOi%2F1mK8lGzEtSbv8P3o4o0evHxE%2FGZSV3H2HiIP5g%3D");
  const HookSettings own{HookKind::plain, "x", "https://s.cn/h", "secret", false};
  EXPECT_EQ(hook_signature(own, "{}", now), "t=1795413600,v1=e65b3bc6cea71b3da67b37961dc6d1215f6a2e4a87d80a493642ae3344f928cb");
  EXPECT_EQ(hook_url(own, now), own.url);
  EXPECT_EQ(hook_signature(ding, "{}", now), "");
}
}  // namespace
}  // namespace xinyi::notify
