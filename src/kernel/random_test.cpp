#include <gtest/gtest.h>

#include "kernel/random.hpp"
#include "kernel/text.hpp"

using namespace xinyi;

TEST(Ids, TextRoundTripAndOrder) {
  SystemRandom random;
  const auto a = random.id<PersonId>(Instant{1'000'000}), b = random.id<PersonId>(Instant{2'000'000});
  EXPECT_EQ(id_from_text<PersonIdTag>(to_text(a)), a);
  EXPECT_LT(a, b);
  EXPECT_FALSE(id_from_text<PersonIdTag>("00000000-0000-0000-0000-00000000000g"));
}

TEST(Bytes, Base64IsCanonical) {
  for (std::string s : {"", "f", "fo", "foo", "foob"}) EXPECT_EQ(from_base64(to_base64(view(s))), Bytes(s.begin(), s.end()));
  EXPECT_FALSE(from_base64("Zh=="));  // stray bits
  EXPECT_FALSE(from_base64("Zg"));
  EXPECT_TRUE(from_base64url("Zg"));
}

TEST(Time, ParsesOnlyRealDates) {
  EXPECT_TRUE(date_from_text("2028-02-29"));
  EXPECT_FALSE(date_from_text("2027-02-29"));
  EXPECT_FALSE(date_from_text("2027-2-9"));
  EXPECT_EQ(to_text(*instant_from_text("2026-11-23T06:00:00Z")), "2026-11-23T06:00:00Z");
  EXPECT_EQ(to_text(*instant_from_text("2026-11-23T06:00:00.5Z")), "2026-11-23T06:00:00.500000Z");
  EXPECT_FALSE(instant_from_text("2026-11-23T24:00:00Z"));
}

TEST(Time, ZoneKeepsWallClock) {
  const auto shanghai = Zone::named("Asia/Shanghai");
  ASSERT_TRUE(shanghai);
  EXPECT_EQ(to_text(shanghai->at(*date_from_text("2026-11-23"), {14 * 60})), "2026-11-23T06:00:00Z");
  EXPECT_EQ(to_text(shanghai->date_of(*instant_from_text("2026-11-22T16:00:00Z"))), "2026-11-23");
  EXPECT_FALSE(Zone::named("Asia/Nowhere"));
}

TEST(Time, AgeTurnsOnTheBirthday) {
  EXPECT_EQ(age_on(*date_from_text("2012-09-02"), *date_from_text("2026-09-01")), 13);
  EXPECT_EQ(age_on(*date_from_text("2012-09-02"), *date_from_text("2026-09-02")), 14);
  EXPECT_EQ(age_on(*date_from_text("2012-02-29"), *date_from_text("2026-02-28")), 13);
  EXPECT_EQ(age_on(*date_from_text("2012-02-29"), *date_from_text("2026-03-01")), 14);
}

TEST(Text, LimitsCountCharactersNotBytes) {
  Code why{};
  EXPECT_TRUE((Text<1, 2>::from("𠮷野")));
  EXPECT_EQ((Text<1, 2>::from("\xe3\x80\x80 王 \xe3\x80\x80")->str()), "王");
  EXPECT_FALSE((Text<1, 2>::from("三个字", &why)));
  EXPECT_EQ(why, Code::field_too_long);
  EXPECT_FALSE((Text<1, 9>::from("a\x01", &why)));
  EXPECT_EQ(why, Code::field_characters);
  EXPECT_FALSE((Text<1, 9>::from("\xc0\x80", &why)));
  EXPECT_FALSE((Text<1, 9>::from("a\nb")));
  EXPECT_TRUE((Text<1, 9, Lines::many>::from("a\nb")));
}
