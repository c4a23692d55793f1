// Replies that go on: sent as they come, ended by either side, no burden on a stopping server.
#include "http/stream.hpp"

#include <gtest/gtest.h>

#include <thread>

#include "http/testing/house.hpp"
#include "http/testing/sample.hpp"

namespace xinyi::http {
namespace {
using namespace testing;
using namespace std::chrono_literals;

struct StreamTest : ::testing::Test {
  static ServerOptions quick() {
    ServerOptions o;
    o.head_timeout = o.body_timeout = o.write_timeout = o.idle_timeout = 300ms;
    o.loops = 1;
    return o;
  }
  House house{note_steps()};
  std::shared_ptr<Ticks> ticks = std::make_shared<Ticks>();
  std::optional<TestServer> server{std::in_place, house.services(), sample_routes(std::make_shared<Gate>(), ticks), quick()};
  PersonId zhang = house.person("zhang", {identity::Role::counsellor});
  std::string cookie = house.session(zhang);

  RawClient ask(const std::string& more = "", const std::string& version = "1.1") {
    auto raw = server->raw();
    raw.send("GET /api/v1/ticks HTTP/" + version + "\r\nHost: x\r\nCookie: __Host-xinyi=" + cookie + "\r\n" + more + "\r\n");
    return raw;
  }
  /// The session's idle end as stored.
  Instant idle_end() {
    return house.db().read(house.school(), [&](storage::ReadTx& tx) {
      return tx.one("SELECT idle_ends_at FROM sessions WHERE school_id = ?1", tx.school())->get<Instant>(0);
    });
  }
};

TEST_F(StreamTest, PiecesGoOutAsTheyComeAndTheEndIsClean) {
  auto raw = ask();
  const auto head = raw.receive();
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.header("content-type"), "text/event-stream");
  EXPECT_EQ(head.header("transfer-encoding"), "chunked");
  EXPECT_EQ(head.header("content-length"), "");
  EXPECT_EQ(head.header("cache-control"), "no-store");
  EXPECT_EQ(head.header("x-content-type-options"), "nosniff");
  const auto stream = ticks->wait_for(1);
  EXPECT_TRUE(stream->feed("data: one\n\n"));
  EXPECT_EQ(raw.read_until("\n\n\r\n"), "b\r\ndata: one\n\n\r\n");
  std::this_thread::sleep_for(700ms);  // longer than every timeout: silence is no fault here
  EXPECT_TRUE(stream->feed("data: two\n\n"));
  EXPECT_EQ(raw.read_until("\n\n\r\n"), "b\r\ndata: two\n\n\r\n");
  stream->finish();
  EXPECT_EQ(raw.read_until("0\r\n\r\n"), "0\r\n\r\n");
  EXPECT_TRUE(raw.closed());
  EXPECT_FALSE(stream->feed("late"));
}

TEST_F(StreamTest, OldClientsReadUntilTheConnectionCloses) {
  auto raw = ask("", "1.0");
  EXPECT_EQ(raw.receive().header("transfer-encoding"), "");
  const auto stream = ticks->wait_for(1);
  stream->feed("data: one\n\n");
  EXPECT_EQ(raw.read_until("\n\n"), "data: one\n\n");
  stream->finish();
  EXPECT_TRUE(raw.closed());
}

TEST_F(StreamTest, APeerThatLeavesOrGoesOnTalkingEndsIt) {
  std::shared_ptr<FedStream> left;
  {
    auto raw = ask();
    raw.receive();
    left = ticks->wait_for(1);
  }
  auto raw = ask();
  raw.receive();
  const auto talks = ticks->wait_for(2);
  raw.send("GET /api/v1/ticks HTTP/1.1\r\n\r\n");
  for (int i = 0; i < 200 && !(left->ended() && talks->ended()); ++i) std::this_thread::sleep_for(10ms);
  EXPECT_TRUE(left->ended());
  EXPECT_TRUE(talks->ended());
  EXPECT_EQ(ticks->begun.size(), 2u) << "what was said during the stream is no request";
}

TEST_F(StreamTest, AStoppingServerDoesNotWaitForIt) {
  auto raw = ask();
  raw.receive();
  ticks->wait_for(1);
  const auto begun = std::chrono::steady_clock::now();
  server->server().stop();
  EXPECT_LT(std::chrono::steady_clock::now() - begun, 2s);
  EXPECT_TRUE(raw.closed(1s));
}

TEST_F(StreamTest, ASlowReaderIsCutAndMayComeBack) {
  InlineExecutor inline_executor;
  FedStream stream(inline_executor);
  for (std::size_t i = 0; i < FedStream::kLongestQueue; ++i) EXPECT_TRUE(stream.feed("x"));
  EXPECT_FALSE(stream.feed("x"));
  EXPECT_TRUE(stream.ended());
  auto raw = ask("Last-Event-ID: 41\r\n");
  raw.receive();
  EXPECT_EQ(raw.read_until("41"), "8\r\nafter 41");
}

TEST_F(StreamTest, TheRuleIsJudgedAndTheSessionNotKeptAwake) {
  const auto before = idle_end();
  house.clock().advance(std::chrono::minutes(5));
  auto raw = ask();
  EXPECT_EQ(raw.receive().status, 200);
  house.db().write(house.school(), [](storage::WriteTx&) {});  // behind any queued touch
  EXPECT_EQ(idle_end(), before) << "a page that listens by itself is no sign of a person";
  auto stranger = server->raw();
  stranger.send("GET /api/v1/ticks HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(stranger.receive().code(), "sign_in_needed");
  auto student = server->client(house.session(house.person("li", {identity::Role::student})));
  EXPECT_EQ(student.get("/api/v1/ticks").code(), "not_allowed");
}
}  // namespace
}  // namespace xinyi::http
