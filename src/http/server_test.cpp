// The server against rude, slow and clever peers, over real sockets.
#include "http/server.hpp"

#include <gtest/gtest.h>

#include <thread>

#include "http/testing/house.hpp"
#include "http/testing/sample.hpp"
#include "kernel/log.hpp"

namespace xinyi::http {
namespace {
using namespace testing;
using namespace std::chrono_literals;
using identity::Role;

constexpr embedded::File kFiles[] = {
    {"portal/index.html", "<!doctype html><title>portal</title>"},
    {"portal/index.html.gz", "GZIPPED"},
    {"portal/index.html.br", "BROTLI"},
    {"portal/assets/index-3f9a1c2b.js", "console.log(1)"},
    {"portal/icon.svg", "<svg/>"},
    {"office/index.html", "<!doctype html><title>office</title>"},
};

ServerOptions quick() {
  ServerOptions o;
  o.files = kFiles;
  o.head_timeout = o.body_timeout = o.write_timeout = 300ms;
  o.idle_timeout = 400ms;
  o.ready_interval = 50ms;
  o.loops = 2;
  return o;
}

struct ServerTest : ::testing::Test {
  House house{note_steps()};
  std::shared_ptr<Gate> gate = std::make_shared<Gate>();
  TestServer server{house.services(), sample_routes(gate), quick()};
  Client client = server.client(house.session(house.person("zhang", {Role::counsellor})));

  Response exchange(std::string_view bytes) {
    auto raw = server.raw();
    raw.send(bytes);
    return raw.receive();
  }
};

TEST_F(ServerTest, ServesTheApi) {
  EXPECT_EQ(client.get("/api/v1/me").json().at("text"), "zhang");
  const auto made = client.post("/api/v1/notes", {{"title", "一"}});
  EXPECT_EQ(made.status, 201);
  EXPECT_EQ(made.header("etag"), "\"1\"");
  EXPECT_EQ(client.get("/api/v1/notes").json().at("items").as_array().size(), 1u);
  const auto id = std::string(made.json().at("id").as_string());
  const auto gone = client.del("/api/v1/notes/" + id);
  EXPECT_EQ(gone.status, 204);
  EXPECT_EQ(gone.header("content-length"), "") << "204 has no body";
}

TEST_F(ServerTest, EveryKindOfAnswerCarriesTheSafetyHeaders) {
  auto raw = server.raw();
  const auto one = [&](const std::string& name, const Response& r) {
    SCOPED_TRACE(name);
    EXPECT_NE(r.status, 0);
    const auto csp = r.header("content-security-policy");
    EXPECT_NE(csp.find("default-src 'none'; script-src 'self'; style-src 'self';"), std::string::npos);
    EXPECT_NE(csp.find("frame-ancestors 'none'; base-uri 'none'"), std::string::npos);
    EXPECT_EQ(csp.find("unsafe"), std::string::npos);
    EXPECT_EQ(r.header("x-content-type-options"), "nosniff");
    EXPECT_EQ(r.header("referrer-policy"), "no-referrer");
    EXPECT_EQ(r.header("cross-origin-opener-policy"), "same-origin");
    EXPECT_EQ(r.header("cross-origin-resource-policy"), "same-origin");
    EXPECT_NE(r.header("permissions-policy"), "");
    EXPECT_NE(r.header("cache-control"), "");
    EXPECT_EQ(r.headers.count("cache-control"), 1u);
    EXPECT_EQ(r.header("server"), "");
    EXPECT_NE(r.header("date"), "");
  };
  one("200", client.get("/api/v1/me"));
  one("201", client.post("/api/v1/notes", {{"title", "x"}}));
  one("204", client.post("/api/v1/notes", {{"title", "x"}}));
  one("401", server.client().get("/api/v1/me"));
  one("403", client.post("/api/v1/notes", {{"title", "x"}}, {{"Origin", "https://evil.example"}}));
  one("404 api", client.get("/api/v1/none"));
  one("404 file", client.get("/none.js"));
  one("405", client.send("PATCH", "/api/v1/notes", ""));
  one("405 file", client.send("POST", "/", ""));
  one("413", client.upload("/api/v1/files", std::string(3'000'001, 'x')));
  one("415", client.post("/api/v1/notes", {{"title", "x"}}, {{"Content-Type", "text/plain"}}));
  one("422", client.post("/api/v1/notes", {{"x", 1}}));
  one("500", client.post("/api/v1/forgot"));
  one("static", client.get("/"));
  one("static 304", client.get("/", {{"If-None-Match", client.get("/").header("etag")}}));
  one("head", client.send("HEAD", "/", ""));
  one("health", client.get("/healthz"));
  one("metrics", client.get("/metrics"));
  one("400", exchange("nonsense\r\n\r\n"));
  one("431", exchange("GET / HTTP/1.1\r\nHost: x\r\nA: " + std::string(20'000, 'a') + "\r\n\r\n"));
}

TEST_F(ServerTest, ApiAnswersAreNeverKept) {
  for (const auto* path : {"/api/v1/me", "/api/v1/none", "/api/v1/about"}) EXPECT_EQ(client.get(path).header("cache-control"), "no-store") << path;
}

TEST_F(ServerTest, Screens) {
  auto r = client.get("/");
  EXPECT_EQ(r.body, kFiles[0].text);
  EXPECT_EQ(r.header("content-type"), "text/html; charset=utf-8");
  EXPECT_EQ(r.header("cache-control"), "no-cache");
  EXPECT_EQ(r.header("vary"), "Accept-Encoding");
  EXPECT_EQ(client.get("/appointments/mine").body, kFiles[0].text) << "history mode";
  EXPECT_EQ(client.get("/office").body, kFiles[5].text);
  EXPECT_EQ(client.get("/office/").body, kFiles[5].text);
  EXPECT_EQ(client.get("/office/cases/1?x=1").body, kFiles[5].text);
  EXPECT_EQ(client.get("/officers").body, kFiles[0].text);
  EXPECT_EQ(client.get("/assets/missing-3f9a1c2b.js").status, 404);
  EXPECT_EQ(client.get("/../office/index.html").status, 404);
  r = client.get("/assets/index-3f9a1c2b.js");
  EXPECT_EQ(r.header("cache-control"), "public, max-age=31536000, immutable");
  EXPECT_EQ(r.header("content-type"), "text/javascript; charset=utf-8");
  EXPECT_EQ(client.get("/icon.svg").header("cache-control"), "no-cache");
  EXPECT_EQ(client.get("/", {{"Accept-Encoding", "gzip, deflate"}}).body, "GZIPPED");
  r = client.get("/", {{"Accept-Encoding", "gzip, deflate, br"}});
  EXPECT_EQ(r.body, "BROTLI");
  EXPECT_EQ(r.header("content-encoding"), "br");
  EXPECT_EQ(client.get("/", {{"Accept-Encoding", "br;q=0, gzip;q=0.5"}}).body, "GZIPPED");
  EXPECT_EQ(client.get("/icon.svg", {{"Accept-Encoding", "br"}}).body, "<svg/>");
  r = client.get("/", {{"If-None-Match", client.get("/").header("etag")}});
  EXPECT_EQ(r.status, 304);
  r = client.send("HEAD", "/", "");
  EXPECT_EQ(r.status, 200);
  EXPECT_EQ(r.header("content-length"), std::to_string(kFiles[0].text.size()));
  r = client.send("POST", "/", "");
  EXPECT_EQ(r.status, 405);
  EXPECT_EQ(r.header("allow"), "GET, HEAD");
  EXPECT_EQ(client.send("HEAD", "/api/v1/me", "").status, 405);
  EXPECT_EQ(client.send("OPTIONS", "/api/v1/me", "").status, 405);
}

TEST_F(ServerTest, HealthAndMetrics) {
  EXPECT_EQ(client.get("/healthz").body, "ok\n");
  EXPECT_EQ(client.get("/readyz").status, 200);
  client.get("/api/v1/notes?limit=7");
  client.get("/api/v1/none/secret-path");
  const auto text = client.get("/metrics").body;
  EXPECT_NE(text.find("xinyi_http_requests_total{route=\"GET /api/v1/notes\",class=\"2xx\"} 1"), std::string::npos) << text;
  EXPECT_NE(text.find("xinyi_http_requests_total{route=\"none\",class=\"4xx\"} 1"), std::string::npos);
  EXPECT_NE(text.find("xinyi_http_request_seconds_count{route=\"GET /api/v1/notes\"} 1"), std::string::npos);
  EXPECT_EQ(text.find("secret-path"), std::string::npos);
  EXPECT_EQ(text.find("127.0.0.1"), std::string::npos);
  EXPECT_EQ(client.get("/metrics", {{"X-Forwarded-For", "10.0.0.1"}}).status, 404) << "somebody else behind a proxy on this machine";
}

// -- what the parser must not be talked into

TEST_F(ServerTest, AmbiguousFramingIsRefusedAndTheConnectionEnds) {
  const std::string post = "POST /api/v1/session HTTP/1.1\r\nHost: x\r\nX-Xinyi: 1\r\nContent-Type: application/json\r\n";
  const std::string smuggled = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";
  for (const std::string& framing : {
           std::string("Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
           std::string("Transfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n0\r\n\r\n"),
           std::string("Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}"),
           std::string("Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}"),
           std::string("Content-Length: 2, 2\r\n\r\n{}"),
           std::string("Content-Length: +2\r\n\r\n{}"),
           std::string("Content-Length: -2\r\n\r\n{}"),
           std::string("Content-Length: 0x2\r\n\r\n{}"),
           std::string("Content-Length: 99999999999999999999\r\n\r\n{}"),
           std::string("Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"),
           std::string("Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n"),
           std::string("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
           std::string("Transfer-Encoding: identity\r\n\r\n"),
           std::string("Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n"),
           std::string("Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n"),
           std::string("Transfer-Encoding: chunked\r\n\r\n2\r\n{}xx0\r\n\r\n"),
           std::string("Host: y\r\nContent-Length: 2\r\n\r\n{}"),
           std::string("Origin: http://x\r\nOrigin: http://y\r\nContent-Length: 2\r\n\r\n{}"),
           std::string("Cookie: a=1\r\nCookie: b=1\r\nContent-Length: 2\r\n\r\n{}"),
       }) {
    SCOPED_TRACE(framing);
    auto raw = server.raw();
    raw.send(post + framing + smuggled);
    const auto r = raw.receive();
    EXPECT_EQ(r.status, 400);
    EXPECT_EQ(r.header("connection"), "close");
    raw.finish_sending();
    EXPECT_EQ(raw.receive().status, 0) << "what follows is not a request";
  }
}

TEST_F(ServerTest, EveryHeaderOfTheGuardIsReadFromTheWire) {
  const auto attempt = [&](const Headers& more) { return client.post("/api/v1/notes", {{"title", "x"}}, more).code(); };
  EXPECT_EQ(attempt({}), "");
  EXPECT_EQ(attempt({{"X-Xinyi", ""}}), "cross_site");
  EXPECT_EQ(attempt({{"sec-fetch-site", "cross-site"}}), "cross_site");
  EXPECT_EQ(attempt({{"Sec-Fetch-Site", "same-site"}}), "cross_site");
  EXPECT_EQ(attempt({{"Origin", "http://evil.example"}}), "cross_site");
  EXPECT_EQ(attempt({{"Origin", "null"}}), "cross_site");
  EXPECT_EQ(attempt({{"Host", "evil.example"}}), "cross_site") << "the page's origin is another host";
}

TEST_F(ServerTest, EveryOtherHeaderIsReadFromTheWire) {
  const auto once = client.post("/api/v1/notes", {{"title", "x"}}, {{"idempotency-key", "0123456789"}});
  EXPECT_EQ(client.post("/api/v1/notes", {{"title", "x"}}, {{"Idempotency-Key", "0123456789"}}).body, once.body);
  const auto path = "/api/v1/notes/" + std::string(once.json().at("id").as_string());
  EXPECT_EQ(client.put(path, {{"title", "y"}}).code(), "version_needed");
  EXPECT_EQ(client.put(path, {{"title", "y"}}, {{"If-Match", "\"1\""}}).status, 200);
  EXPECT_EQ(client.put(path, {{"title", "y"}}, {{"If-Match", "\"1\""}}).code(), "changed_meanwhile");
}

TEST_F(ServerTest, OddHeadsAreRefused) {
  EXPECT_EQ(exchange("GET / HTTP/1.1\r\n\r\n").status, 400) << "no host";
  EXPECT_EQ(exchange("GET / HTTP/2.0\r\nHost: x\r\n\r\n").status, 400);
  EXPECT_EQ(exchange("GET http://x/healthz HTTP/1.1\r\nHost: x\r\n\r\n").status, 400);
  EXPECT_EQ(exchange("CONNECT x:80 HTTP/1.1\r\nHost: x\r\n\r\n").status, 400);
  EXPECT_EQ(exchange("GET / HTTP/1.1\nHost: x\n\n").status, 400) << "bare line feeds";
  EXPECT_EQ(exchange("GET / HTTP/1.1\r\nHost: x\r\nA: " + std::string(1, '\0') + "\r\n\r\n").status, 400);
  EXPECT_EQ(exchange("GET /" + std::string(9'000, 'a') + " HTTP/1.1\r\nHost: x\r\n\r\n").status, 200) << "a long address of a screen";
  EXPECT_EQ(exchange("GET /api/v1/" + std::string(9'000, 'a') + " HTTP/1.1\r\nHost: x\r\n\r\n").status, 400);
  EXPECT_EQ(exchange("GET /healthz HTTP/1.0\r\n\r\n").status, 200);
}

TEST_F(ServerTest, HeadsUpTo16KiB) {
  EXPECT_EQ(exchange("GET /healthz HTTP/1.1\r\nHost: x\r\nA: " + std::string(15'000, 'a') + "\r\n\r\n").status, 200);
  EXPECT_EQ(exchange("GET /healthz HTTP/1.1\r\nHost: x\r\nA: " + std::string(16'400, 'a') + "\r\n\r\n").status, 431);
}

TEST_F(ServerTest, PipelinedRequestsAreAnsweredInOrder) {
  auto raw = server.raw();
  raw.send("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\nGET /api/v1/about HTTP/1.1\r\nHost: x\r\n\r\nGET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(raw.receive().body, "ok\n");
  EXPECT_EQ(raw.receive().json().at("text"), "心驿");
  EXPECT_EQ(raw.receive().body, "ok\n");
}

TEST_F(ServerTest, ChunkedBodiesWork) {
  auto raw = server.raw();
  raw.send("POST /api/v1/notes HTTP/1.1\r\nHost: x\r\nX-Xinyi: 1\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n"
           "Cookie: __Host-xinyi=" + client.cookie() + "\r\n\r\n3\r\n{\"t\r\n");
  std::this_thread::sleep_for(20ms);
  raw.send("b\r\nitle\":\"xx\"}\r\n0\r\n\r\nGET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(raw.receive().status, 201);
  EXPECT_EQ(raw.receive().body, "ok\n");
  auto big = server.raw();
  big.send("POST /api/v1/notes HTTP/1.1\r\nHost: x\r\nX-Xinyi: 1\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n"
           "Cookie: __Host-xinyi=" + client.cookie() + "\r\n\r\n200000\r\n" + std::string(0x200000, ' ') + "\r\n0\r\n\r\n");
  EXPECT_EQ(big.receive().status, 413);
}

TEST_F(ServerTest, ABodyIsAskedForOnlyWhenItIsWanted) {
  const auto put = [&](const std::string& cookie, const std::string& size) {
    return "PUT /api/v1/files HTTP/1.1\r\nHost: x\r\nX-Xinyi: 1\r\nExpect: 100-continue\r\nContent-Type: application/octet-stream\r\n"
           "Content-Length: " + size + "\r\nCookie: __Host-xinyi=" + cookie + "\r\n\r\n";
  };
  auto raw = server.raw();
  raw.send(put(client.cookie(), "5"));
  std::this_thread::sleep_for(50ms);
  raw.send("hello");
  EXPECT_EQ(raw.receive().body, R"({"bytes":5})");
  auto stranger = server.raw();
  stranger.send(put("x", "5"));
  EXPECT_EQ(stranger.receive().status, 401);
  auto large = server.raw();
  large.send(put(client.cookie(), "3000001"));
  EXPECT_EQ(large.receive().status, 413);
}

TEST_F(ServerTest, ARefusalBeforeALargeBodyReachesItsSender) {
  auto stranger = server.raw();
  const std::string body(40'000'000, 'x');
  stranger.send("PUT /api/v1/files HTTP/1.1\r\nHost: x\r\nX-Xinyi: 1\r\nContent-Type: application/octet-stream\r\nContent-Length: " +
                std::to_string(body.size()) + "\r\n\r\n");
  EXPECT_TRUE(stranger.send(body)) << "a reset while sending would hide the answer from many clients";
  const auto r = stranger.receive();
  EXPECT_EQ(r.status, 413);
  EXPECT_EQ(r.header("connection"), "close");
}

TEST_F(ServerTest, ARefusalBeforeASmallBodyKeepsTheConnection) {
  auto raw = server.raw();
  raw.send("POST /api/v1/notes HTTP/1.1\r\nHost: x\r\nX-Xinyi: 1\r\nContent-Type: application/json\r\nContent-Length: 13\r\n\r\n{\"title\":\"x\"}"
           "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(raw.receive().status, 401);
  EXPECT_EQ(raw.receive().body, "ok\n");
}

// -- slow peers

TEST_F(ServerTest, SlowHeadsAndBodiesAndIdleConnectionsEnd) {
  auto idle = server.raw(), head = server.raw(), drip = server.raw(), body = server.raw();
  head.send("GET / HTT");
  body.send("POST /api/v1/notes HTTP/1.1\r\nHost: x\r\nX-Xinyi: 1\r\nContent-Type: application/json\r\nContent-Length: 20\r\nCookie: __Host-xinyi=" +
            client.cookie() + "\r\n\r\n{");
  std::thread dripping([&] {
    for (int i = 0; i < 30; ++i) {
      drip.send(i == 0 ? "GET / HTTP/1.1\r\n" : "A: b\r\n");
      std::this_thread::sleep_for(50ms);
    }
  });
  EXPECT_TRUE(head.closed(2s));
  EXPECT_TRUE(body.closed(2s));
  EXPECT_TRUE(idle.closed(2s));
  EXPECT_TRUE(drip.closed(2s)) << "a byte now and then does not move the end";
  dripping.join();
  EXPECT_EQ(client.get("/healthz").status, 200);
}

TEST(ServerLimits, MoreConnectionsThanAllowedGetAPolite503) {
  House house(note_steps());
  auto options = quick();
  options.connections = 3;
  options.idle_timeout = 5s;
  TestServer server(house.services(), sample_routes(), options);
  std::vector<RawClient> kept;
  for (int i = 0; i < 3; ++i) {
    kept.push_back(server.raw());
    kept.back().send("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_EQ(kept.back().receive().status, 200);
  }
  auto extra = server.raw();
  const auto r = extra.receive();
  EXPECT_EQ(r.status, 503);
  EXPECT_EQ(r.code(), "unavailable");
  EXPECT_EQ(r.header("retry-after"), "5");
  EXPECT_TRUE(extra.closed(2s));
  kept.pop_back();
  std::this_thread::sleep_for(100ms);
  auto again = server.raw();
  again.send("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(again.receive().status, 200);
}

// -- stopping

TEST_F(ServerTest, StoppingFinishesWhatRuns) {
  auto raw = server.raw(), idle = server.raw();
  raw.send("POST /api/v1/slow HTTP/1.1\r\nHost: x\r\nX-Xinyi: 1\r\nContent-Length: 0\r\n\r\n");
  while (gate->inside == 0) std::this_thread::sleep_for(1ms);
  std::thread stopping([&] { server.server().stop(); });
  EXPECT_TRUE(idle.closed(2s));
  EXPECT_THROW(
      {
        for (int i = 0; i < 100; ++i) {
          RawClient late = server.raw();
          std::this_thread::sleep_for(10ms);
        }
      },
      std::runtime_error)
      << "no new connections";
  gate->open.count_down();
  const auto r = raw.receive();
  EXPECT_EQ(r.status, 200);
  EXPECT_EQ(r.header("connection"), "close");
  stopping.join();
}

TEST(ServerStop, WhatDoesNotEndIsCut) {
  House house(note_steps());
  auto gate = std::make_shared<Gate>();
  auto options = quick();
  options.stop_timeout = 100ms;
  TestServer server(house.services(), sample_routes(gate), options);
  auto raw = server.raw();
  raw.send("POST /api/v1/slow HTTP/1.1\r\nHost: x\r\nX-Xinyi: 1\r\nContent-Length: 0\r\n\r\n");
  while (gate->inside == 0) std::this_thread::sleep_for(1ms);
  std::thread stopping([&] { server.server().stop(); });
  EXPECT_TRUE(raw.closed(2s));
  gate->open.count_down();
  stopping.join();
}

TEST_F(ServerTest, APortIsNotShared) {
  auto options = quick();
  options.port = server.port();
  EXPECT_THROW(Server(house.services(), sample_routes(), options), storage::OperatorError);
  options.address = "school.example";
  EXPECT_THROW(Server(house.services(), sample_routes(), options), storage::OperatorError);
}

TEST(Listen, AddressAndPort) {
  EXPECT_EQ(parse_listen("127.0.0.1:8080")->second, 8080);
  EXPECT_EQ(parse_listen("[::1]:0")->first, "::1");
  for (const auto* bad : {"", "8080", "::1:80", "[127.0.0.1]:80", "host:80", "127.0.0.1:", "127.0.0.1:99999", "127.0.0.1:8x"})
    EXPECT_FALSE(parse_listen(bad)) << bad;
}
}  // namespace
}  // namespace xinyi::http
