#include "crypto/crypto.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <sodium.h>

#include <atomic>
#include <chrono>
#include <concepts>
#include <thread>

#include "kernel/problem.hpp"

using namespace xinyi;
using namespace xinyi::crypto;

namespace {
Bytes hex(std::string_view text) { return *from_hex(text); }
template <class T>
concept Comparable = requires(const T& a, const T& b) {
  a == b;
};
template <class T>
concept Printable = requires(std::ostream& out, const T& a) {
  out << a;
};
}  // namespace

TEST(Start, EveryPrimitiveGivesItsKnownAnswer) {
  EXPECT_NO_THROW(start());
  EXPECT_NO_THROW(start());
  EXPECT_GE(known_answers().size(), 13u);
}

TEST(Start, SelfTestCanFail) {
  start();
  const auto good = known_answers();
  for (std::size_t i = 0; i < good.size(); ++i) {
    auto wrong = good;
    wrong[i].given.back() ^= 1;
    try {
      require_equal(wrong);
      ADD_FAILURE() << "a wrong answer of " << wrong[i].primitive << " passed";
    } catch (const Bug& bug) {
      EXPECT_NE(std::string(bug.what()).find(wrong[i].primitive), std::string::npos);
    }
    wrong[i].given.clear();
    EXPECT_THROW(require_equal(wrong), Bug);
  }
}

TEST(Secrets, CannotBeCopiedComparedOrPrinted) {
  static_assert(!std::copy_constructible<Key> && !std::is_copy_assignable_v<Key>);
  static_assert(!std::copy_constructible<SecretBytes> && !std::copy_constructible<GuardedKey> &&
                !std::copy_constructible<Seed>);
  static_assert(!Comparable<Key> && !Comparable<SecretBytes> && !Printable<Key> && !Printable<SecretBytes>);
  static_assert(!std::default_initializable<Key>);
  static_assert(std::movable<Key> && std::movable<SecretBytes> && std::movable<GuardedKey> && std::movable<Pair>);
}

TEST(Secrets, AreWipedWhenMovedFromAndDestroyed) {
  auto a = Key::from(Bytes(32, 0xaa));
  const Key b = std::move(a);
  EXPECT_EQ(to_hex(a.expose()), std::string(64, '0'));
  EXPECT_EQ(b.expose()[0], 0xaa);
  alignas(Key) std::uint8_t place[sizeof(Key)];
  auto* c = new (place) Key(b.clone());
  EXPECT_EQ(place[31], 0xaa);
  c->~Key();
  volatile const std::uint8_t* after = place;
  int left = 0;
  for (std::size_t i = 0; i < sizeof(Key); ++i) left += after[i];
  EXPECT_EQ(left, 0);
  EXPECT_THROW(Key::from(Bytes(31)), Bug);

  auto s = SecretBytes::from(view("secret"));
  const auto t = std::move(s);
  EXPECT_EQ(s.size(), 0u);
  EXPECT_EQ(t.expose_text(), "secret");
}

TEST(Secrets, GuardedKeyCannotBeWritten) {
  start();
  GuardedKey key(Key::from(Bytes(32, 7)));
  EXPECT_EQ(key.expose()[31], 7);
  GuardedKey moved = std::move(key);
  EXPECT_EQ(moved.clone().expose()[0], 7);
  EXPECT_DEATH({ const_cast<std::uint8_t*>(moved.expose().data())[0] = 1; }, "");
}

TEST(Secrets, EqualLooksAtEveryByte) {
  const Bytes a(32, 1);
  EXPECT_TRUE(equal(a, Bytes(32, 1)));
  EXPECT_TRUE(equal(View{}, View{}));
  EXPECT_FALSE(equal(a, Bytes(31, 1)));
  for (std::size_t i = 0; i < a.size(); ++i) {
    auto b = a;
    b[i] ^= 0x80;
    EXPECT_FALSE(equal(a, b));
  }
}

TEST(Hash, Rfc5869) {
  EXPECT_EQ(
      to_hex(hkdf_sha256(View(Bytes(22, 0x0b)), hex("000102030405060708090a0b0c"), View(hex("f0f1f2f3f4f5f6f7f8f9")))
                 .expose()),
      "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf");
  Bytes ikm, salt, info;
  for (int i = 0; i < 80; ++i) {
    ikm.push_back(static_cast<std::uint8_t>(i));
    salt.push_back(static_cast<std::uint8_t>(0x60 + i));
    info.push_back(static_cast<std::uint8_t>(0xb0 + i));
  }
  EXPECT_EQ(to_hex(hkdf_sha256(View(ikm), salt, View(info)).expose()),
            "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c");
  EXPECT_EQ(to_hex(hkdf_sha256(View(Bytes(22, 0x0b)), View{}, View{}).expose()),
            "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d");
}

TEST(Hash, PartsAreTheWhole) {
  start();
  EXPECT_TRUE(rc::check("OpenSSL and libsodium agree, in one part or two", [](const Bytes& a, const Bytes& b) {
    Bytes both = a;
    both.insert(both.end(), b.begin(), b.end());
    Hash expected;
    crypto_hash_sha256(expected.data(), both.data(), both.size());
    RC_ASSERT(sha256(both) == expected);
    RC_ASSERT(sha256({a, b}) == expected);
    RC_ASSERT(hmac_sha256(a, {a, b}) == hmac_sha256(a, both));
  }));
}

TEST(Seal, OpensOnlyWithTheSameKeyAdAndBytes) {
  start();
  EXPECT_TRUE(rc::check("round trip; one flipped bit anywhere is refused", [](const Bytes& plain, const Bytes& ad) {
    const auto key = Key::random();
    const auto sealed = seal(key, plain, ad);
    RC_ASSERT(sealed.size() == plain.size() + kSealOverhead);
    const auto opened = open(key, sealed, ad);
    RC_ASSERT(opened.has_value());
    RC_ASSERT(std::ranges::equal(opened->expose(), plain));
    auto other_ad = ad;
    other_ad.push_back(0);
    RC_ASSERT(!open(key, sealed, other_ad));
    RC_ASSERT(!open(Key::random(), sealed, ad));
    auto broken = sealed;
    broken[*rc::gen::inRange<std::size_t>(0, sealed.size())] ^= static_cast<std::uint8_t>(1 << *rc::gen::inRange(0, 8));
    RC_ASSERT(!open(key, broken, ad));
    const auto keep = *rc::gen::inRange<std::size_t>(0, sealed.size());
    RC_ASSERT(!open(key, View(sealed).first(keep), ad));
  }));
}

TEST(Seal, NoncesDiffer) {
  start();
  const auto key = Key::random();
  EXPECT_NE(seal(key, view("a"), {}), seal(key, view("a"), {}));
}

TEST(Pair, SealedBoxOpensForItsHolderOnly) {
  start();
  const auto a = derive(Seed::random()), b = derive(Seed::random());
  auto sealed = seal_to(a.box_public, view("case key"));
  ASSERT_TRUE(open_sealed(a, sealed));
  EXPECT_EQ(open_sealed(a, sealed)->expose_text(), "case key");
  EXPECT_FALSE(open_sealed(b, sealed));
  EXPECT_FALSE(open_sealed(a, View(sealed).first(40)));
  sealed[50] ^= 1;
  EXPECT_FALSE(open_sealed(a, sealed));
  EXPECT_THROW(seal_to(BoxPublic{}, view("case key")), Refusal);  // small order
}

TEST(Pair, SignaturesBindKeyAndMessage) {
  start();
  const auto a = derive(Seed::random()), b = derive(Seed::random());
  const auto signature = sign(a, view("message"));
  EXPECT_TRUE(verify(a.sign_public, view("message"), signature));
  EXPECT_FALSE(verify(b.sign_public, view("message"), signature));
  EXPECT_FALSE(verify(a.sign_public, view("messagf"), signature));
  EXPECT_FALSE(verify(SignPublic{}, view("message"), Signature{}));
  for (std::size_t i = 0; i < signature.bytes.size(); ++i) {
    auto wrong = signature;
    wrong.bytes[i] ^= 4;
    EXPECT_FALSE(verify(a.sign_public, view("message"), wrong)) << i;
  }
}

TEST(Pair, DerivationIsRepeatable) {
  const auto seed = Seed::random();
  const auto a = derive(seed), b = derive(seed.clone());
  EXPECT_EQ(a.box_public, b.box_public);
  EXPECT_EQ(a.sign_public, b.sign_public);
  EXPECT_FALSE(equal(a.box_secret.expose(), a.sign_secret.expose().first(32)));
}

TEST(Password, CostsAreReadBackWithinLimits) {
  EXPECT_EQ(to_text(kVaultCost), "64x3");
  EXPECT_EQ(password_cost_from_text("64x3"), kVaultCost);
  EXPECT_EQ(password_cost_from_text("19x2"), kLightCost);
  for (const char* wrong :
       {"", "x", "64", "64x", "x3", "0x3", "64x0", "1025x1", "1x17", "64x3 ", "064x3", "-1x3", "99999999999x1"})
    EXPECT_FALSE(password_cost_from_text(wrong)) << wrong;
}

TEST(Password, EverythingInItMatters) {
  start();
  const Bytes salt(16, 1);
  const auto key = password_key("a", salt, {1, 1});
  EXPECT_TRUE(equal(key.expose(), password_key("a", salt, {1, 1}).expose()));
  EXPECT_FALSE(equal(key.expose(), password_key("b", salt, {1, 1}).expose()));
  EXPECT_FALSE(equal(key.expose(), password_key("a", Bytes(16, 2), {1, 1}).expose()));
  EXPECT_FALSE(equal(key.expose(), password_key("a", salt, {2, 1}).expose()));
  EXPECT_FALSE(equal(key.expose(), password_key("a", salt, {1, 2}).expose()));
  EXPECT_FALSE(equal(password_verifier(key).expose(), password_wrap(key).expose()));
  EXPECT_THROW(password_key("a", Bytes(15), {1, 1}), Bug);
  EXPECT_THROW(password_key("a", salt, {0, 1}), Bug);
}

TEST(Password, AtMostTwoRunsAtOnce) {
  start();
  std::atomic<bool> stop{false};
  std::atomic<int> most{0};
  std::thread watch([&] {
    while (!stop) most = std::max(most.load(), password_runs());
  });
  std::vector<std::thread> callers;
  for (int i = 0; i < 6; ++i) callers.emplace_back([] { password_key("a", Bytes(16), {16, 2}); });
  for (auto& t : callers) t.join();
  stop = true;
  watch.join();
  EXPECT_EQ(most, 2);
  EXPECT_EQ(password_runs(), 0);
}
