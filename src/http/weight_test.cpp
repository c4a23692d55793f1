// What a route's declaration means on a full disk, behind a database that takes vital writes only.
#include <gtest/gtest.h>

#include <future>

#include "http/dispatch.hpp"
#include "http/testing/house.hpp"
#include "kernel/log.hpp"

namespace xinyi::http {
namespace {
using namespace testing;
using identity::Role;
using identity::Rule;
using storage::Weight;

class FullDisk final : public storage::Database {
 public:
  explicit FullDisk(storage::Database& real) : real_(real) {}
  std::string_view engine() const override { return real_.engine(); }
  bool reads_block() const override { return false; }
  void read_now(const SchoolId& school, const std::function<void(storage::ReadTx&)>& work) override { real_.read_now(school, work); }
  void read_later(const SchoolId& school, std::function<void(storage::ReadTx&)> work, storage::Done done) override {
    real_.read_later(school, std::move(work), std::move(done));
  }
  void write_later(const SchoolId& school, storage::Job job, storage::Done done, Weight weight) override {
    if (weight == Weight::vital) return real_.write_later(school, std::move(job), std::move(done), weight);
    done(std::make_exception_ptr(Refusal(Code::storage_full)));
  }
  bool scarce() const override { return true; }
  void migrate(std::span<const storage::Migration> all) override { real_.migrate(all); }
  int schema_version() override { return real_.schema_version(); }
  std::string ailment() override { return "full"; }
  void backup_to(const std::string& path, const storage::Job& leave_out) override { real_.backup_to(path, leave_out); }

 private:
  storage::Database& real_;
};

struct WeightTest : ::testing::Test {
  House house;
  FullDisk disk{house.db()};
  PersonId counsellor = house.person("zhang", {Role::counsellor});
  PersonId student = house.person("xiao", {Role::student});
  std::string cookie = house.session(counsellor), students = house.session(student);
  Services services{disk, house.services().keys, house.services().schools, house.services().passwords, house.clock(), house.services().random,
                    house.services().data_dir};
  Routes routes = made();
  std::vector<std::string> lines;

  WeightTest() {
    log::set_sink([this](std::string_view l) { lines.emplace_back(l); });
  }
  ~WeightTest() override { log::set_sink({}); }

  static Routes made() {
    const auto write = [](Call& call) -> Task<Nothing> {
      co_await call.write([](storage::WriteTx&) {});
      co_return Nothing{};
    };
    const auto act = [](Call& call) -> Task<Nothing> {
      co_await call.act([](storage::WriteTx&) { return Touched{}; });
      co_return Nothing{};
    };
    const auto answered = [](Call& call) -> Task<Nothing> {
      co_await call.write([](storage::WriteTx&) {}, Weight::vital);
      co_return Nothing{};
    };
    const auto upload = [](Call& call) -> Task<Nothing> {
      co_await call.judge();
      co_return Nothing{};
    };
    using enum Method;
    const auto staff = Rule::may({Role::counsellor});
    Routes out;
    out.add<Nothing, Nothing>({post, "/api/v1/write", "Writes.", staff, no_object()}, write);
    out.add<Nothing, Nothing>({post, "/api/v1/act", "Acts.", staff, no_object()}, act);
    out.add<Nothing, Nothing>({post, "/api/v1/answered", "Writes what answers an act.", staff, no_object()}, answered);
    out.add<Nothing, Nothing>(vital({post, "/api/v1/vital/write", "Writes.", staff, no_object()}), write);
    out.add<Nothing, Nothing>(vital({post, "/api/v1/vital/act", "Acts.", staff, no_object()}), act);
    out.add<Nothing, Nothing>({.method = put, .path = "/api/v1/file", .summary = "Takes a file.", .rule = staff, .locate = no_object(), .upload_limit = 1000},
                              upload);
    return out;
  }
  TestServer server{services, routes};
};

TEST_F(WeightTest, AVitalRouteWritesOnAFullDiskAndNoOtherDoes) {
  auto client = server.client(cookie);
  EXPECT_EQ(client.post("/api/v1/write").code(), "storage_full");
  EXPECT_EQ(client.post("/api/v1/act").code(), "storage_full");
  EXPECT_EQ(client.post("/api/v1/vital/write").status, 204);
  EXPECT_EQ(client.post("/api/v1/vital/act").status, 204);
  EXPECT_EQ(client.post("/api/v1/answered").status, 204) << "one write may weigh more than its route";
}

TEST_F(WeightTest, AnUploadDoesNotTakeTheSpaceOfTheReserve) {
  EXPECT_EQ(server.client(cookie).upload("/api/v1/file", "some bytes").code(), "storage_full");
}

TEST_F(WeightTest, ARefusalStillLeavesItsEventAndASessionItsTouch) {
  EXPECT_EQ(server.client(students).post("/api/v1/write").status, 403);
  EXPECT_EQ(house.events("access.refused", "refused"), 1);
  house.clock().advance(std::chrono::minutes(5));
  server.client(cookie).post("/api/v1/write");
  server.client(cookie).post("/api/v1/vital/write");  // behind the touch in the writer's queue
  for (const auto& line : lines) EXPECT_EQ(line.find("session_touch_failed"), std::string::npos) << line;
}

TEST_F(WeightTest, HealthSaysInWordsWhatStillWorks) {
  const auto r = server.client().get("/readyz");
  EXPECT_EQ(r.status, 503);
  EXPECT_NE(r.body.find("disk is full"), std::string::npos) << r.body;
}

TEST(RoutesJson, ShowsWhatIsVital) {
  for (const auto& r : routes_json(WeightTest::made()))
    EXPECT_EQ(r.at("vital").as_bool(), r.at("path").as_string().find("vital") != std::string_view::npos) << r.at("path");
}
}  // namespace
}  // namespace xinyi::http
