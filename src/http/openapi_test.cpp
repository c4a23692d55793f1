#include <gtest/gtest.h>

#include <fstream>
#include <set>

#include "http/testing/house.hpp"
#include "http/testing/sample.hpp"

namespace xinyi::http {
namespace {
using namespace testing;
namespace json = boost::json;

json::object document() {
  auto routes = sample_routes();
  add_openapi(routes, "1.2.3");
  return openapi(routes, "1.2.3");
}

/// Every $ref in the document leads somewhere.
void each_reference(const json::value& v, const std::function<void(std::string_view)>& tell) {
  if (v.is_array())
    for (const auto& e : v.get_array()) each_reference(e, tell);
  if (v.is_object())
    for (const auto& [k, e] : v.get_object()) {
      if (k == "$ref") tell(e.as_string());
      else each_reference(e, tell);
    }
}

TEST(OpenApi, DescribesEveryRouteOnce) {
  const auto doc = document();
  EXPECT_EQ(doc.at("openapi"), "3.1.0");
  auto routes = sample_routes();
  add_openapi(routes, "x");
  std::set<std::string> ids;
  std::size_t count = 0;
  for (const auto& [path, item] : doc.at("paths").as_object())
    for (const auto& [method, op] : item.as_object()) {
      ++count;
      EXPECT_TRUE(ids.insert(std::string(op.at("operationId").as_string())).second) << path;
      EXPECT_FALSE(op.at("summary").as_string().empty());
    }
  EXPECT_EQ(count, routes.entries().size());
  EXPECT_TRUE(ids.contains("put_notes_id"));
  EXPECT_TRUE(ids.contains("get_openapi_json"));
}

TEST(OpenApi, ReferencesLead) {
  const auto doc = document();
  const auto& schemas = doc.at("components").at("schemas").as_object();
  int seen = 0;
  each_reference(doc, [&](std::string_view ref) {
    ++seen;
    const std::string_view prefix = "#/components/schemas/";
    ASSERT_TRUE(ref.starts_with(prefix));
    EXPECT_TRUE(schemas.contains(ref.substr(prefix.size()))) << ref;
  });
  EXPECT_GT(seen, 10);
}

TEST(OpenApi, SaysWhatARouteTakes) {
  const auto doc = document();
  const auto& put = doc.at("paths").at("/api/v1/notes/{id}").at("put").as_object();
  std::set<std::string> names;
  for (const auto& p : put.at("parameters").as_array()) names.emplace(p.at("name").as_string());
  EXPECT_EQ(names, (std::set<std::string>{"id", "If-Match"}));
  EXPECT_EQ(put.at("requestBody").at("content").at("application/json").at("schema").at("$ref"), "#/components/schemas/NewNote");
  const auto& codes = put.at("responses").as_object();
  for (const auto* status : {"200", "401", "403", "404", "412", "422", "428", "500", "503"}) EXPECT_TRUE(codes.contains(status)) << status;
  EXPECT_EQ(json::serialize(put.at("security")), R"([{"session":[],"own_page":[]}])");
  const auto& upload = doc.at("paths").at("/api/v1/files").at("put").as_object();
  EXPECT_TRUE(upload.at("requestBody").at("content").as_object().contains("application/octet-stream"));
  const auto& anonymous = doc.at("paths").at("/api/v1/about").at("get").as_object();
  EXPECT_FALSE(anonymous.contains("security"));
  EXPECT_FALSE(anonymous.at("responses").as_object().contains("401"));
}

TEST(OpenApi, IsServedToAnybody) {
  House house(note_steps(), false);
  auto routes = sample_routes();
  add_openapi(routes, "1.2.3");
  TestServer server(house.services(), routes);
  const auto r = server.client().get("/api/v1/openapi.json");
  EXPECT_EQ(r.status, 200);
  EXPECT_EQ(r.json(), document());
  if (const char* path = std::getenv("XINYI_OPENAPI_OUT")) std::ofstream(path) << r.body;
}

TEST(RoutesJson, TellsTheRules) {
  const auto list = routes_json(sample_routes());
  bool seen = false;
  for (const auto& r : list) {
    EXPECT_TRUE(r.at("rule").as_object().contains("kind"));
    if (r.at("method") != "PUT" || r.at("path") != "/api/v1/notes/{id}") continue;
    seen = true;
    EXPECT_EQ(json::serialize(r.at("rule")), R"({"kind":"clauses","content":false,"clauses":[{"roles":["counsellor","director"],"relations":["own"]}]})");
    EXPECT_EQ(r.at("versioned"), true);
  }
  EXPECT_TRUE(seen);
}
TEST(OpenApi, AFileIsDescribedByItsType) {
  const auto doc = document();
  const auto& file = doc.at("paths").at("/api/v1/notes/{id}.txt").at("get").as_object();
  const auto& good = file.at("responses").at("200").at("content").as_object();
  EXPECT_EQ(good.size(), 1u);
  EXPECT_EQ(good.at("text/plain").at("schema").at("format"), "binary");
  EXPECT_EQ(file.at("parameters").at(0).at("name"), "id");
  EXPECT_EQ(file.at("operationId"), "get_notes_id_txt");
}

}  // namespace
}  // namespace xinyi::http
