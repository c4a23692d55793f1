// The routes through a real server.
#include <gtest/gtest.h>

#include <filesystem>

#include "features/people/people.hpp"
#include "features/people/people_api.hpp"
#include "features/people/testing/files.hpp"
#include "http/testing/house.hpp"

namespace xinyi::embedded {
std::span<const File> people_migrations();
}

namespace xinyi::people {
namespace {
using namespace testing;
namespace json = boost::json;
using identity::Role;

class RosterApi : public ::testing::Test {
 protected:
  RosterApi() { add_routes(routes_); }
  http::testing::Client as(identity::Roles roles) {
    static int n = 0;
    const auto who = house_.person("person" + std::to_string(++n), roles);
    return server().client(house_.session(who));
  }
  http::testing::TestServer& server() {
    if (!server_) server_.emplace(house_.services(), routes_);
    return *server_;
  }
  std::size_t files() const {
    std::error_code ec;
    std::size_t n = 0;
    for (const auto& e : std::filesystem::directory_iterator(house_.folder() + "/data/roster", ec))
      n += e.is_regular_file();
    return n;
  }
  std::string upload(http::testing::Client& client, const std::string& name, const std::string& bytes) {
    const auto r = client.upload("/api/v1/roster/uploads?name=" + name, bytes);
    EXPECT_EQ(r.status, 200) << r.body;
    return std::string(r.json().at("id").as_string());
  }
  http::testing::House house_{http::testing::steps(embedded::people_migrations())};
  http::Routes routes_;
  std::optional<http::testing::TestServer> server_;
};

TEST_F(RosterApi, UploadPreviewImportAndFind) {
  auto director = as({Role::director});
  const auto r = director.upload("/api/v1/roster/uploads?name=xueji.xlsx", slurp(data("xueji.xlsx")));
  ASSERT_EQ(r.status, 200) << r.body;
  const auto view = r.json();
  EXPECT_EQ(view.at("kind").as_string(), "table");
  EXPECT_EQ(view.at("header_row").as_int64(), 2);
  EXPECT_EQ(view.at("mapping").at("number").as_int64(), 5);
  EXPECT_TRUE(view.at("mapping").at("username").is_null());
  EXPECT_EQ(view.at("columns").as_array().size(), 11u);
  EXPECT_EQ(r.body.find("13940580316"), std::string::npos);
  EXPECT_EQ(files(), 1u);

  const std::string path = "/api/v1/roster/uploads/" + std::string(view.at("id").as_string());
  const auto preview = director.post(path + "/preview");
  ASSERT_EQ(preview.status, 200) << preview.body;
  EXPECT_EQ(preview.json().at("applied").as_bool(), false);
  EXPECT_EQ(preview.json().at("counts").at("created").as_int64(), 3000);
  EXPECT_EQ(director.get("/api/v1/students").json().at("total").as_int64(), 0);

  const auto done = director.post(
      path + "/import", view.at("mapping").is_null() ? json::value{} : json::object{{"mapping", view.at("mapping")}},
      {{"Idempotency-Key", "import-of-this-file-1"}});
  ASSERT_EQ(done.status, 200) << done.body;
  EXPECT_EQ(done.json().at("applied").as_bool(), true);
  EXPECT_EQ(done.json().at("counts").at("created").as_int64(), 3000);
  EXPECT_EQ(files(), 0u);
  EXPECT_EQ(house_.events("roster.imported", "done"), 1);
  // A repeat, with the key or without, gets the same report and does nothing.
  EXPECT_EQ(director.post(path + "/import").json(), done.json());
  EXPECT_EQ(house_.events("roster.imported", "done"), 1);

  auto reception = as({Role::reception});
  const auto answer = reception.get("/api/v1/students?search=2026000000&limit=5");
  ASSERT_EQ(answer.status, 200) << answer.body;
  const auto found = answer.json();
  EXPECT_EQ(found.at("items").at(0).at("name").as_string(), "黎馨若");
  EXPECT_EQ(found.at("items").at(0).at("state").as_string(), "enrolled");
  EXPECT_EQ(reception.get("/api/v1/classes").json().at("items").as_array().size(), 72u);
  const auto first = reception.get("/api/v1/students?limit=2").json();
  const auto second =
      reception.get("/api/v1/students?limit=2&after=" + std::string(first.at("next").as_string())).json();
  EXPECT_NE(first.at("items").at(1).at("id"), second.at("items").at(0).at("id"));
}

TEST_F(RosterApi, OneRosterZip) {
  auto admin = as({Role::administrator});
  const auto id = upload(admin, "oneroster-dirty.zip", slurp(data("oneroster-dirty.zip")));
  const auto report = admin.post("/api/v1/roster/uploads/" + id + "/import");
  ASSERT_EQ(report.status, 200) << report.body;
  EXPECT_EQ(report.json().at("counts").at("refused").as_int64(), 10);
  EXPECT_EQ(report.json().at("findings").as_array().size(), 16u);
}

TEST_F(RosterApi, OnlyKeepersAndOnlyTheirOwn) {
  auto director = as({Role::director});
  const auto id = upload(director, "a.csv", "姓名,学号\n张三,1\n");
  auto admin = as({Role::administrator});
  EXPECT_EQ(admin.post("/api/v1/roster/uploads/" + id + "/import").code(), "roster_expired");
  auto counsellor = as({Role::counsellor});
  EXPECT_EQ(counsellor.upload("/api/v1/roster/uploads?name=a.csv", "姓名,学号\n").status, 403);
  EXPECT_EQ(counsellor.post("/api/v1/roster/uploads/" + id + "/import").status, 403);
  auto student = as({Role::student});
  EXPECT_EQ(student.get("/api/v1/students").status, 403);
  EXPECT_EQ(server().client().get("/api/v1/students").status, 401);
  EXPECT_EQ(house_.events("roster.imported", "done"), 0);
}

TEST_F(RosterApi, UnreadableFilesAreSaidAndGone) {
  auto director = as({Role::director});
  const auto r = director.upload("/api/v1/roster/uploads?name=a.csv", "姓名,学号\n\"张三,1\n");
  EXPECT_EQ(r.status, 422) << r.body;
  EXPECT_EQ(r.code(), "roster_unreadable");
  EXPECT_EQ(r.json().at("finding").at("code").as_string(), "quote_open");
  EXPECT_EQ(r.json().at("finding").at("line").as_int64(), 2);
  EXPECT_EQ(files(), 0u);
  const auto id = upload(director, "a.csv", "甲,乙\n张三,1\n");
  EXPECT_EQ(director.post("/api/v1/roster/uploads/" + id + "/preview").code(), "roster_mapping");
  const auto chosen = director.post("/api/v1/roster/uploads/" + id + "/preview",
                                    json::object{{"mapping", {{"name", 0}, {"number", 1}, {"gender", nullptr}}}});
  EXPECT_EQ(chosen.json().at("counts").at("created").as_int64(), 1) << chosen.body;
  EXPECT_EQ(
      director.post("/api/v1/roster/uploads/" + id + "/preview", json::object{{"mapping", {{"nickname", 0}}}}).status,
      422);
}

TEST_F(RosterApi, AnHourLaterTheFileIsGone) {
  auto director = as({Role::director});
  const auto id = upload(director, "a.csv", "姓名,学号\n张三,1\n");
  house_.clock().advance(std::chrono::minutes(29));
  EXPECT_EQ(director.post("/api/v1/roster/uploads/" + id + "/preview").status, 200);
  house_.clock().advance(std::chrono::minutes(29));
  EXPECT_EQ(director.post("/api/v1/roster/uploads/" + id + "/preview").status, 200);
  house_.clock().advance(std::chrono::minutes(3));
  EXPECT_EQ(director.post("/api/v1/roster/uploads/" + id + "/preview").code(), "roster_expired");
  upload(director, "b.csv", "姓名,学号\n李四,2\n");
  EXPECT_EQ(files(), 1u);
}

}  // namespace
}  // namespace xinyi::people
