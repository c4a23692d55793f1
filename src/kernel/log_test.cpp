#include "kernel/log.hpp"

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <set>
#include <string>
#include <vector>

namespace xinyi {
namespace {
struct LogTest : testing::Test {
  std::vector<std::string> lines;
  LogTest() {
    log::set_sink([this](std::string_view l) { lines.emplace_back(l); });
  }
  ~LogTest() override { log::set_sink({}); }
};

TEST_F(LogTest, OneMessageIsOneJsonLine) {
  log::write(log::Message::server_listening, {{"address", "127.0.0.1"}, {"port", 8080}});
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_EQ(lines[0].find('\n'), lines[0].size() - 1);
  const auto v = boost::json::parse(lines[0]).as_object();
  EXPECT_EQ(v.at("id"), "server_listening");
  EXPECT_EQ(v.at("severity"), "info");
  EXPECT_EQ(v.at("address"), "127.0.0.1");
  EXPECT_EQ(v.at("port"), 8080);
  EXPECT_FALSE(v.at("text").as_string().empty());
}

TEST_F(LogTest, StrangersCannotFillTheDisk) {
  for (int i = 0; i < 1000; ++i) log::write(log::Message::connections_full);
  EXPECT_LE(lines.size(), 2u * log::kPerMinute);  // two minutes when the minute turned in between
  EXPECT_GE(lines.size(), 1u * log::kPerMinute);
  lines.clear();
  for (int i = 0; i < 50; ++i) log::write(log::Message::request_failed);
  EXPECT_EQ(lines.size(), 50u) << "defects are never left out";
}

TEST(LogCatalogue, IdsAreUniqueAndExplained) {
  std::set<std::string_view> ids;
  for (const auto& m : log::message_catalogue()) {
    EXPECT_TRUE(ids.insert(m.id).second) << m.id;
    EXPECT_TRUE(m.text.ends_with('.')) << m.id;
    EXPECT_FALSE(m.paragraph.empty()) << m.id;
  }
}
}  // namespace
}  // namespace xinyi
