#include "http/dispatch.hpp"

#include <gtest/gtest.h>

#include <filesystem>

#include "http/testing/house.hpp"
#include "http/testing/sample.hpp"
#include "identity/accounts.hpp"
#include "kernel/log.hpp"

namespace xinyi::http {
namespace {
using namespace testing;
using identity::Role;

struct DispatchTest : ::testing::Test {
  House house{note_steps()};
  Routes routes = sample_routes();
  Dispatcher dispatcher{house.services(), routes};
  InlineExecutor executor;
  PersonId counsellor = house.person("zhang", {Role::counsellor, Role::director});
  PersonId other = house.person("li", {Role::counsellor});
  PersonId administrator = house.person("admin", {Role::administrator});
  std::string cookie = house.session(counsellor);
  std::vector<std::string> lines;

  DispatchTest() {
    log::set_sink([this](std::string_view l) { lines.emplace_back(l); });
  }
  ~DispatchTest() override { log::set_sink({}); }

  Head head(std::string_view method, std::string_view target) {
    Head h;
    h.method = method;
    h.target = target;
    h.host = "school.example";
    if (method != "GET") {
      h.guard = "1";
      h.origin = "https://school.example";
      h.fetch_site = "same-origin";
      h.content_type = "application/json";
    }
    return h;
  }
  Reply serve(Head h, std::string body = {}, std::string token = "-") {
    const auto jar = "a=b; __Host-xinyi=" + (token == "-" ? cookie : token) + "; c=d";
    if (!token.empty()) h.cookie = jar;
    if (!body.empty() && !h.content_length) h.content_length = body.size();
    TextBody text(std::move(body));
    std::promise<Reply> done;
    spawn(dispatcher.serve(h, text, executor), [&](std::optional<Reply> r, std::exception_ptr e) {
      if (e) done.set_exception(e);
      else done.set_value(std::move(*r));
    });
    return done.get_future().get();
  }
  static std::string code(const Reply& r) {
    return r.type == "application/problem+json" ? std::string(boost::json::parse(r.body).at("code").as_string()) : "";
  }
  static std::string header(const Reply& r, std::string_view name) {
    for (const auto& [k, v] : r.headers)
      if (k == name) return v;
    return {};
  }
  std::string new_note(std::string title = "一") {
    const auto r = serve(head("POST", "/api/v1/notes"), R"({"title":")" + title + R"("})");
    return std::string(boost::json::parse(r.body).at("id").as_string());
  }
};

TEST_F(DispatchTest, AnswersWithJsonAndForbidsKeeping) {
  const auto r = serve(head("GET", "/api/v1/about"), {}, "");
  EXPECT_EQ(r.status, 200);
  EXPECT_EQ(r.body, R"({"text":"心驿"})");
  EXPECT_EQ(header(r, "Cache-Control"), "no-store");
}

TEST_F(DispatchTest, AFileGoesOutUnderTheSameRules) {
  const auto path = "/api/v1/notes/" + new_note("只给自己") + ".txt";
  const auto r = serve(head("GET", path));
  EXPECT_EQ(r.status, 200);
  EXPECT_EQ(r.type, "text/plain");
  EXPECT_EQ(r.body, "只给自己");
  EXPECT_EQ(header(r, "Content-Disposition"), "inline; filename=\"note.txt\"");
  EXPECT_EQ(header(r, "Cache-Control"), "no-store");
  EXPECT_EQ(code(serve(head("GET", path), {}, house.session(other))), "not_found");
  EXPECT_EQ(code(serve(head("GET", path), {}, house.session(administrator))), "not_allowed");
  EXPECT_EQ(code(serve(head("GET", path), {}, "")), "sign_in_needed");
  EXPECT_EQ(code(serve(head("GET", "/api/v1/notes/.txt"))), "method_not_allowed") << "an ending alone is no name: the path of another method";
  EXPECT_EQ(code(serve(head("GET", path + "?bad=a%22b"))), "internal") << "a name that would break the header never leaves";
}

TEST_F(DispatchTest, UnknownAddressAndUnknownMethod) {
  EXPECT_EQ(code(serve(head("GET", "/api/v1/nothing"))), "not_found");
  EXPECT_EQ(code(serve(head("GET", "/api/v1/notes/1/2/3"))), "not_found");
  const auto r = serve(head("PATCH", "/api/v1/notes"));
  EXPECT_EQ(r.status, 405);
  EXPECT_EQ(header(r, "Allow"), "GET, POST");
}

TEST_F(DispatchTest, NobodyIsToldWithoutASession) {
  EXPECT_EQ(code(serve(head("GET", "/api/v1/notes"), {}, "")), "sign_in_needed");
  EXPECT_EQ(code(serve(head("POST", "/api/v1/notes"), "no json", "")), "sign_in_needed") << "before the body is judged";
  const auto r = serve(head("GET", "/api/v1/notes"), {}, "c2Nob29s.bm9uc2Vuc2U");
  EXPECT_EQ(code(r), "session_ended");
  EXPECT_NE(header(r, "Set-Cookie").find("__Host-xinyi=; Path=/; HttpOnly; Secure; SameSite=Strict; Max-Age=0"), std::string::npos);
  EXPECT_EQ(house.events("access.refused", "refused"), 0) << "strangers are counted, not recorded";
  EXPECT_NE(dispatcher.metrics().text().find("xinyi_http_strangers_refused_total 3"), std::string::npos);
}

TEST_F(DispatchTest, ASessionEndsByTime) {
  EXPECT_EQ(serve(head("GET", "/api/v1/me")).status, 200);
  house.clock().advance(std::chrono::minutes(31));
  EXPECT_EQ(code(serve(head("GET", "/api/v1/me"))), "session_ended");
}

TEST_F(DispatchTest, WorkingKeepsASessionAlive) {
  for (int i = 0; i < 6; ++i) {
    house.clock().advance(std::chrono::minutes(20));
    EXPECT_EQ(serve(head("GET", "/api/v1/me")).status, 200);
    house.db().write(house.school(), [](storage::WriteTx&) {});  // the touch was queued before this
  }
}

TEST_F(DispatchTest, ARefusalOfSomebodySignedInIsRecorded) {
  const auto admin = house.session(administrator);
  const auto r = serve(head("GET", "/api/v1/notes"), {}, admin);
  EXPECT_EQ(code(r), "not_allowed");
  EXPECT_EQ(house.events("access.refused", "refused"), 1);
  EXPECT_EQ(code(serve(head("POST", "/api/v1/notes"), "no json", admin)), "not_allowed") << "the role is judged before the body";
  EXPECT_EQ(house.events("access.refused", "refused"), 2);
}

TEST_F(DispatchTest, AReadingRouteRefusesInTheOrderOfTheOthers) {
  const auto wrong = head("GET", "/api/v1/notes?limit=x");
  EXPECT_EQ(code(serve(wrong, {}, "")), "sign_in_needed") << "the session before the query's values";
  EXPECT_EQ(code(serve(wrong, {}, "c2Nob29s.bm9uc2Vuc2U")), "session_ended");
  EXPECT_EQ(code(serve(wrong, {}, house.session(administrator))), "not_allowed") << "the role too";
  EXPECT_EQ(house.events("access.refused", "refused"), 1);
  EXPECT_EQ(code(serve(wrong)), "invalid_input");
  house.clock().advance(std::chrono::minutes(31));
  EXPECT_EQ(code(serve(wrong)), "session_ended");
}

TEST_F(DispatchTest, AReadingRouteKeepsASessionAliveAlsoWhenItRefuses) {
  for (const auto* target : {"/api/v1/notes", "/api/v1/notes?limit=x", "/api/v1/notes"}) {
    house.clock().advance(std::chrono::minutes(20));
    EXPECT_NE(code(serve(head("GET", target))), "session_ended");
    house.db().write(house.school(), [](storage::WriteTx&) {});  // the touch was queued before this
  }
}

TEST_F(DispatchTest, AReadingRouteSeesADisabledPersonAtOnce) {
  EXPECT_EQ(serve(head("GET", "/api/v1/notes")).status, 200);
  house.db().write(house.school(), [&](storage::WriteTx& tx) { identity::set_state(tx, house.data_key(), counsellor, identity::AccountState::disabled); });
  EXPECT_EQ(code(serve(head("GET", "/api/v1/notes"))), "session_ended");
}

TEST_F(DispatchTest, NotThereAndNotYoursAreTheSame) {
  const auto id = new_note();
  const auto li = house.session(other);
  auto edit = head("PUT", "/api/v1/notes/" + id);
  const auto target = "/api/v1/notes/" + id;
  edit.target = target;
  edit.if_match = "\"1\"";
  const auto strange = serve(edit, R"({"title":"二"})", li);
  edit.target = "/api/v1/notes/00000000-0000-4000-8000-000000000000";
  const auto missing = serve(edit, R"({"title":"二"})", li);
  auto a = boost::json::parse(strange.body).as_object(), b = boost::json::parse(missing.body).as_object();
  a.erase("id"), b.erase("id");
  EXPECT_EQ(a, b);
  EXPECT_EQ(strange.status, 404);
  EXPECT_EQ(house.events("access.refused", "refused"), 2);
  edit.target = "/api/v1/notes/x";
  EXPECT_EQ(code(serve(edit, R"({"title":"二"})", li)), "not_found");
}

TEST_F(DispatchTest, CrossSiteWritesAreRefused) {
  const auto attempt = [&](auto change) {
    auto h = head("POST", "/api/v1/notes");
    change(h);
    return code(serve(h, R"({"title":"一"})"));
  };
  EXPECT_EQ(attempt([](Head&) {}), "");
  EXPECT_EQ(attempt([](Head& h) { h.guard = {}; }), "cross_site");
  EXPECT_EQ(attempt([](Head& h) { h.guard = "0"; }), "cross_site");
  EXPECT_EQ(attempt([](Head& h) { h.fetch_site = "cross-site"; }), "cross_site");
  EXPECT_EQ(attempt([](Head& h) { h.fetch_site = "same-site"; }), "cross_site");
  EXPECT_EQ(attempt([](Head& h) { h.origin = "https://evil.example"; }), "cross_site");
  EXPECT_EQ(attempt([](Head& h) { h.origin = "https://school.example.evil"; }), "cross_site");
  EXPECT_EQ(attempt([](Head& h) { h.origin = "https://school.example:8443"; }), "cross_site");
  EXPECT_EQ(attempt([](Head& h) { h.origin = "null"; }), "cross_site");
  EXPECT_EQ(attempt([](Head& h) { h.origin = {}; h.fetch_site = {}; }), "") << "tools that are no browser";
  EXPECT_EQ(attempt([](Head& h) { h.fetch_site = "none"; }), "");
}

TEST_F(DispatchTest, BodiesAreStrict) {
  const auto post = [&](std::string body) { return serve(head("POST", "/api/v1/notes"), std::move(body)); };
  EXPECT_EQ(code(post("{")), "malformed");
  EXPECT_EQ(code(post("")), "malformed");
  const auto r = post(R"({"titel":"x"})");
  EXPECT_EQ(code(r), "invalid_input");
  EXPECT_EQ(boost::json::parse(r.body).at("problems").as_array().size(), 2u) << "every fault at once";
  auto h = head("POST", "/api/v1/notes");
  h.content_type = "text/plain";
  EXPECT_EQ(code(serve(h, R"({"title":"x"})")), "wrong_media_type");
  h.content_type = "Application/JSON ; charset=utf-8";
  EXPECT_EQ(serve(h, R"({"title":"x"})").status, 201);
  h = head("POST", "/api/v1/notes");
  h.content_length = kJsonLimit + 1;
  EXPECT_EQ(code(serve(h, "x")), "too_large");
  h.content_length.reset();
  h.chunked = true;
  EXPECT_EQ(code(serve(h, std::string(kJsonLimit + 1, ' '))), "too_large") << "also when nobody announced the size";
  auto get = head("GET", "/api/v1/about");
  EXPECT_EQ(code(serve(get, "x")), "malformed");
  EXPECT_EQ(serve(head("DELETE", "/api/v1/notes/00000000-0000-4000-8000-000000000000"), "{}").status, 404) << "an empty object is no body";
}

TEST_F(DispatchTest, QueriesAreStrict) {
  new_note(), new_note();
  EXPECT_EQ(boost::json::parse(serve(head("GET", "/api/v1/notes?limit=1")).body).at("items").as_array().size(), 1u);
  EXPECT_EQ(code(serve(head("GET", "/api/v1/notes?limit=x"))), "invalid_input");
  EXPECT_EQ(code(serve(head("GET", "/api/v1/notes?limit=1&limit=2"))), "invalid_input");
  EXPECT_EQ(code(serve(head("GET", "/api/v1/notes?secret=1"))), "invalid_input");
  EXPECT_EQ(code(serve(head("GET", "/api/v1/notes?limit=%00"))), "malformed");
  EXPECT_EQ(code(serve(head("GET", "/api/v1/notes?limit=%ff"))), "malformed");
  EXPECT_EQ(code(serve(head("GET", "/api/v1/%zz"))), "malformed");
}

TEST_F(DispatchTest, AnActHappensOncePerKey) {
  auto h = head("POST", "/api/v1/notes");
  h.idempotency_key = "0123456789abcdef";
  const auto first = serve(h, R"({"title":"一"})");
  EXPECT_EQ(first.status, 201);
  EXPECT_EQ(header(first, "ETag"), "\"1\"");
  const auto again = serve(h, R"({"title":"一"})");
  EXPECT_EQ(again.status, 201);
  EXPECT_EQ(again.body, first.body);
  EXPECT_EQ(code(serve(h, R"({"title":"二"})")), "key_reused");
  EXPECT_NE(serve(h, R"({"title":"一"})", house.session(other)).body, first.body) << "a key is a person's own";
  const auto count = [&] {
    return house.db().read(house.school(), [](storage::ReadTx& tx) { return tx.one("SELECT count(*) FROM notes")->get<int>(0); });
  };
  EXPECT_EQ(count(), 2);
  house.clock().advance(std::chrono::hours(25));
  cookie = house.session(counsellor);
  EXPECT_EQ(serve(h, R"({"title":"二"})").status, 201) << "forgotten after a day";
  EXPECT_EQ(count(), 3);
  h.idempotency_key = "short";
  EXPECT_EQ(code(serve(h, R"({"title":"一"})")), "invalid_input");
  h.idempotency_key = "with blank inside";
  EXPECT_EQ(code(serve(h, R"({"title":"一"})")), "invalid_input");
  house.clock().advance(std::chrono::hours(25));
  EXPECT_EQ(house.db().write(house.school(), [&](storage::WriteTx& tx) { return clear_ended_keys(tx, house.clock().now()); }), 2);
}

TEST_F(DispatchTest, AKeyStandsForNobodyByName) {
  auto h = head("POST", "/api/v1/notes");
  h.idempotency_key = "0123456789abcdef";
  serve(h, R"({"title":"一"})");
  const auto principal = house.db().read(house.school(), [](storage::ReadTx& tx) { return tx.one("SELECT principal FROM idempotency")->get<Fixed<16>>(0); });
  EXPECT_NE(principal, counsellor.bytes());
}

TEST_F(DispatchTest, EditsNameTheirVersion) {
  const auto id = new_note();
  const auto target = "/api/v1/notes/" + id;
  auto h = head("PUT", target);
  EXPECT_EQ(code(serve(h, R"({"title":"二"})")), "version_needed");
  h.if_match = "1";
  EXPECT_EQ(code(serve(h, R"({"title":"二"})")), "invalid_input");
  h.if_match = "\"1\"";
  const auto r = serve(h, R"({"title":"二"})");
  EXPECT_EQ(r.status, 200);
  EXPECT_EQ(header(r, "ETag"), "\"2\"");
  const auto late = serve(h, R"({"title":"三"})");
  EXPECT_EQ(late.status, 412);
  EXPECT_EQ(boost::json::parse(late.body).at("current").at("title"), "二");
}

TEST_F(DispatchTest, AHandlerThatForgotItsRuleAnswersNothing) {
  EXPECT_EQ(code(serve(head("POST", "/api/v1/forgot"))), "internal");
  ASSERT_FALSE(lines.empty());
  EXPECT_NE(lines.back().find("without asking its rule"), std::string::npos);
}

TEST_F(DispatchTest, DefectsAreLoggedWithoutTheirText) {
  const auto r = serve(head("POST", "/api/v1/breaks"));
  EXPECT_EQ(r.status, 500);
  const auto id = boost::json::parse(r.body).at("id").as_string();
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_NE(lines[0].find(std::string(id)), std::string::npos) << "the person's number finds the line";
  EXPECT_EQ(lines[0].find("张三"), std::string::npos);
  EXPECT_EQ(r.body.find("张三"), std::string::npos);
  EXPECT_NE(lines[0].find("POST /api/v1/breaks"), std::string::npos);
}

TEST_F(DispatchTest, UploadsAreJudgedFirstCappedAndRemoved) {
  const auto files = [&] {
    std::error_code ec;
    std::size_t n = 0;
    for (const auto& e : std::filesystem::directory_iterator(house.folder() + "/data/uploads", ec)) n += e.is_regular_file();
    return n;
  };
  auto h = head("PUT", "/api/v1/files?name=a.csv");
  EXPECT_EQ(code(serve(h, "x")), "wrong_media_type");
  h.content_type = "application/octet-stream";
  EXPECT_EQ(serve(h, std::string(2'500'000, 'x')).body, R"({"bytes":2500000})");
  EXPECT_EQ(files(), 0u);
  EXPECT_EQ(code(serve(h, std::string(3'000'001, 'x'))), "too_large");
  h.chunked = true;
  h.content_length = std::nullopt;
  TextBody long_one(std::string(3'000'001, 'x'));
  const auto jar = "__Host-xinyi=" + cookie;
  h.cookie = jar;
  Reply reply;
  spawn(dispatcher.serve(h, long_one, executor), [&](std::optional<Reply> r, std::exception_ptr) { reply = std::move(*r); });
  EXPECT_EQ(code(reply), "too_large") << "also when nobody announced the size";
  EXPECT_EQ(files(), 0u);
  h.chunked = false;

  struct Untouched final : Body {
    Task<std::size_t> some(char*, std::size_t) override {
      ADD_FAILURE() << "the body was read before the judgement";
      co_return 0;
    }
  } untouched;
  h.content_length = 10;
  const auto admin = "__Host-xinyi=" + house.session(administrator);
  h.cookie = admin;
  std::promise<Reply> done;
  spawn(dispatcher.serve(h, untouched, executor), [&](std::optional<Reply> r, std::exception_ptr) { done.set_value(std::move(*r)); });
  EXPECT_EQ(code(done.get_future().get()), "not_allowed");
}

TEST_F(DispatchTest, TheCookieIsSetWithEveryGuard) {
  const auto r = serve(head("POST", "/api/v1/session"), "{}", "");
  EXPECT_EQ(header(r, "Set-Cookie"), "__Host-xinyi=abc; Path=/; HttpOnly; Secure; SameSite=Strict");
}

TEST_F(DispatchTest, AnOpenSchoolIsNotSetUpAgain) {
  EXPECT_EQ(code(serve(head("POST", "/api/v1/first"), R"({"title":"x"})", "")), "setup_done");
}

TEST(DispatchSetUp, BeforeTheSetUpNothingElseAnswers) {
  House house(note_steps(), false);
  const auto routes = sample_routes();
  TestServer server(house.services(), routes);
  auto client = server.client();
  EXPECT_EQ(client.get("/api/v1/about").status, 200);
  EXPECT_EQ(client.get("/api/v1/me").code(), "setup_needed");
  EXPECT_EQ(client.get("/api/v1/notes").status, 503);
  EXPECT_EQ(client.post("/api/v1/session").code(), "setup_needed");
  EXPECT_EQ(client.post("/api/v1/first", {{"title", "x"}}).status, 200);
}

TEST(DispatchRules, RoutesAreCheckedAtStart) {
  House house;
  const auto with = [&](Route route) {
    Routes routes;
    routes.add<Nothing, Hello>(std::move(route), [](Call&) -> Task<Hello> { co_return Hello{}; });
    Dispatcher d(house.services(), routes);
  };
  EXPECT_NO_THROW(with({Method::get, "/api/v1/a", "A.", identity::Rule::anonymous(), no_object()}));
  EXPECT_THROW(with({Method::get, "/a", "A.", identity::Rule::anonymous(), no_object()}), Bug);
  EXPECT_THROW(with({Method::get, "/api/v1/a", "", identity::Rule::anonymous(), no_object()}), Bug);
  EXPECT_THROW(([&] {
                 Routes routes;
                 routes.add_read<Hello>({Method::post, "/api/v1/a", "A.", identity::Rule::anonymous(), no_object()},
                                        [](Call&, storage::ReadTx&) { return Hello{}; });
                 Dispatcher d(house.services(), routes);
               }()), Bug) << "what only reads is a GET";
  EXPECT_THROW(with({.method = Method::get, .path = "/api/v1/a", .summary = "A.", .rule = identity::Rule::anonymous(), .locate = no_object(),
                     .upload_limit = 1}), Bug);
  Routes twice;
  for (int i = 0; i < 2; ++i)
    twice.add<Nothing, Hello>({Method::get, i == 0 ? "/api/v1/{a}" : "/api/v1/{b}", "A.", identity::Rule::anonymous(), no_object()},
                              [](Call&) -> Task<Hello> { co_return Hello{}; });
  EXPECT_THROW(Dispatcher(house.services(), twice), Bug);
}
}  // namespace
}  // namespace xinyi::http
