#include "storage/eights.hpp"

#include <gtest/gtest.h>

#include <numeric>
#include <iterator>

using xinyi::storage::by_eights;

namespace {
std::vector<std::array<int, 8>> asked(std::vector<int> keys) {
  std::vector<std::array<int, 8>> out;
  by_eights(std::move(keys), [&](const std::array<int, 8>& some) { out.push_back(some); });
  return out;
}
}  // namespace

TEST(ByEights, NothingIsNotAskedFor) { EXPECT_TRUE(asked({}).empty()); }

TEST(ByEights, WhatIsShortOfEightStandsForNothing) {
  EXPECT_EQ(asked({7, 5}), (std::vector<std::array<int, 8>>{{5, 7, 0, 0, 0, 0, 0, 0}}));
}

TEST(ByEights, EveryKeyIsAskedForOnceWhateverTheirNumber) {
  for (int count = 1; count <= 40; ++count) {
    std::vector<int> keys(static_cast<std::size_t>(count));
    std::iota(keys.begin(), keys.end(), 1);
    auto twice = keys;
    twice.insert(twice.end(), keys.rbegin(), keys.rend());
    const auto statements = asked(twice);
    EXPECT_EQ(statements.size(), static_cast<std::size_t>((count + 7) / 8));
    std::vector<int> seen;
    for (const auto& some : statements) std::ranges::copy_if(some, std::back_inserter(seen), [](int key) { return key != 0; });
    EXPECT_EQ(seen, keys);
  }
}
