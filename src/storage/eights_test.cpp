#include "storage/eights.hpp"

#include <gtest/gtest.h>

#include <numeric>
#include <set>

using xinyi::storage::by_eights;

namespace {
std::vector<std::array<int, 8>> asked(std::vector<int> keys) {
  std::vector<std::array<int, 8>> out;
  by_eights(std::move(keys), [&](const std::array<int, 8>& some) { out.push_back(some); });
  return out;
}
}  // namespace

TEST(ByEights, NothingIsNotAskedFor) { EXPECT_TRUE(asked({}).empty()); }

TEST(ByEights, ALoneKeyFillsItsStatement) {
  EXPECT_EQ(asked({7}), (std::vector<std::array<int, 8>>{{7, 7, 7, 7, 7, 7, 7, 7}}));
}

TEST(ByEights, EveryKeyIsAskedForOnceWhateverTheirNumber) {
  for (int count = 1; count <= 40; ++count) {
    std::vector<int> keys(static_cast<std::size_t>(count));
    std::iota(keys.begin(), keys.end(), 0);
    auto twice = keys;
    twice.insert(twice.end(), keys.rbegin(), keys.rend());
    const auto statements = asked(twice);
    EXPECT_EQ(statements.size(), static_cast<std::size_t>((count + 7) / 8));
    std::set<int> seen;
    for (const auto& some : statements)
      for (const int key : std::set<int>(some.begin(), some.end())) EXPECT_TRUE(seen.insert(key).second) << key << " in two statements";
    EXPECT_EQ(seen, std::set<int>(keys.begin(), keys.end()));
  }
}
