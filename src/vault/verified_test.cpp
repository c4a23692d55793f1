#include "vault/verified.hpp"

#include <gtest/gtest.h>

#include <thread>

#include "crypto/crypto.hpp"

namespace xinyi::vault {
namespace {
crypto::SignPair pair_of(std::uint8_t seed) { return crypto::sign_pair_from_seed(Bytes(32, seed)); }

TEST(Verified, WhatWasGoodOnceOpensNothingElse) {
  crypto::start();
  const auto mine = pair_of(1), other = pair_of(2);
  const Bytes message(100, 7);
  const auto good = crypto::sign(mine, message);
  for (int turn = 0; turn < 3; ++turn) {  // the first asks the library, the later ones the memory
    EXPECT_TRUE(verify_known(mine.sign_public, message, good));
    EXPECT_FALSE(verify_known(other.sign_public, message, good));
    EXPECT_FALSE(verify_known(mine.sign_public, Bytes(100, 8), good));
    EXPECT_FALSE(verify_known(mine.sign_public, Bytes(99, 7), good));
    for (const std::size_t at : {0u, 31u, 32u, 63u}) {
      auto bent = good;
      bent.bytes[at] ^= 1;
      EXPECT_FALSE(verify_known(mine.sign_public, message, bent));
    }
  }
}

TEST(Verified, FailuresAreNotRemembered) {
  crypto::start();
  const auto mine = pair_of(3);
  const Bytes message(10, 1);
  crypto::Signature none;
  EXPECT_FALSE(verify_known(mine.sign_public, message, none));
  EXPECT_FALSE(verify_known(mine.sign_public, message, none));
  EXPECT_TRUE(verify_known(mine.sign_public, message, crypto::sign(mine, message)));
}

TEST(Verified, ManyFactsAndThreadsAgree) {
  crypto::start();
  const auto mine = pair_of(4), other = pair_of(5);
  std::vector<std::thread> threads;
  std::atomic<int> wrong{0};
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < 1500; ++i) {
        const Bytes message{static_cast<std::uint8_t>(i & 0xff), static_cast<std::uint8_t>(i >> 8)};
        const auto s = crypto::sign(mine, message);
        if (!verify_known(mine.sign_public, message, s) || verify_known(other.sign_public, message, s)) ++wrong;
      }
    });
  for (auto& t : threads) t.join();
  EXPECT_EQ(wrong, 0);
}
}  // namespace
}  // namespace xinyi::vault
