// The space that is set aside: really allocated, given back at once, taken again only when there is room.
#include "storage/reserve.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <mutex>

#include "kernel/log.hpp"
#include "storage/testing/engines.hpp"

namespace xinyi::storage::testing {
namespace {

constexpr std::int64_t kSize = 4 << 20;

std::int64_t allocated(const std::string& path) {
  struct stat s {};
  return ::stat(path.c_str(), &s) == 0 ? std::int64_t{s.st_blocks} * 512 : -1;
}

TEST(FileReserve, HoldsBlocksAndGivesThemBack) {
  TemporaryFolder folder;
  const auto path = folder.path() + "/reserve";
  const auto reserve = file_reserve(path, kSize);
  ASSERT_EQ(reserve->take(), Reserve::Taken::whole);
  EXPECT_GE(allocated(path), kSize) << "a file with a hole sets nothing aside";
  struct stat s {};
  ASSERT_EQ(::stat(path.c_str(), &s), 0);
  EXPECT_EQ(s.st_mode & 0777, 0600u);
  reserve->give_back();
  EXPECT_EQ(allocated(path), 0);
  EXPECT_EQ(reserve->take(), Reserve::Taken::whole);
  EXPECT_EQ(file_reserve(path, kSize)->take(), Reserve::Taken::whole) << "it outlives the program";
  EXPECT_EQ(file_reserve(path, kSize / 2)->take(), Reserve::Taken::whole);
  EXPECT_LE(allocated(path), kSize / 2 + 4096) << "a smaller one gives the rest back";
}

TEST(FileReserve, WithoutRoomKeepsNothing) {
  TemporaryFolder folder;
  const auto path = folder.path() + "/reserve";
  const auto room = static_cast<std::int64_t>(std::filesystem::space(folder.path()).available);
  EXPECT_EQ(file_reserve(path, room)->take(), Reserve::Taken::no_room);
  EXPECT_EQ(allocated(path), 0);
}

TEST(FileReserve, WhereNoFileCanBeMadeIsImpossible) {
  EXPECT_EQ(file_reserve("/nonexistent/reserve", kSize)->take(), Reserve::Taken::impossible);
}

struct Scripted final : Reserve {
  Taken answer = Taken::whole;
  int given = 0;
  Taken take() override { return answer; }
  void give_back() noexcept override { ++given; }
  std::int64_t bytes() const override { return kSize; }
};

class SetAsideTest : public ::testing::Test {
 protected:
  void SetUp() override {
    log::set_sink([this](std::string_view line) { lines.emplace_back(line); });
  }
  void TearDown() override { log::set_sink({}); }
  std::int64_t said(std::string_view id) {
    return std::count_if(lines.begin(), lines.end(),
                         [&](const auto& line) { return line.find(id) != std::string::npos; });
  }
  std::shared_ptr<Scripted> space = std::make_shared<Scripted>();
  std::vector<std::string> lines;
};

TEST_F(SetAsideTest, IsSpentOnceAndTakenWhenThereIsRoom) {
  SetAside aside(space);
  EXPECT_FALSE(aside.spent());
  aside.look();
  EXPECT_TRUE(aside.spend());
  EXPECT_FALSE(aside.spend()) << "it is gone";
  EXPECT_EQ(space->given, 1);
  space->answer = Reserve::Taken::no_room;
  aside.look();
  EXPECT_TRUE(aside.spent());
  space->answer = Reserve::Taken::whole;
  aside.look();
  EXPECT_FALSE(aside.spent());
  EXPECT_EQ(said("reserve_spent"), 1);
  EXPECT_EQ(said("reserve_whole"), 1);
}

TEST_F(SetAsideTest, AStartOnAFullDiskBeginsSpent) {
  space->answer = Reserve::Taken::no_room;
  SetAside aside(space);
  EXPECT_TRUE(aside.spent());
  EXPECT_FALSE(aside.spend());
  EXPECT_EQ(said("reserve_spent"), 1);
}

TEST_F(SetAsideTest, WhatCannotBeSetAsideRefusesNobody) {
  space->answer = Reserve::Taken::impossible;
  SetAside aside(space);
  EXPECT_FALSE(aside.spent());
  EXPECT_FALSE(aside.spend());
  EXPECT_EQ(said("reserve_impossible"), 1);
  EXPECT_FALSE(SetAside(nullptr).spend());
}

}  // namespace
}  // namespace xinyi::storage::testing
