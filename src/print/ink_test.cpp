#include "print/ink.hpp"

#include <gtest/gtest.h>

using namespace xinyi::print;

TEST(PrintInk, what_can_be_seen_stays_and_what_cannot_goes) {
  EXPECT_EQ(clean("𠮷野家的㵘同学 😀"), "𠮷野家的㵘同学 😀");
  EXPECT_EQ(clean("葛\xf3\xa0\x84\x80"), "葛\xf3\xa0\x84\x80") << "a variant of a character in a name";
  EXPECT_EQ(clean(std::string_view("a\0b\x07" "c\x1b[0m\x7f", 10)), "abc[0m");
  EXPECT_EQ(clean("a\tb"), "a b");
  EXPECT_EQ(clean("\xe2\x80\xae" "x\xe2\x81\xa9\xef\xbb\xbf\xe2\x80\x8b"), "x");
}

TEST(PrintInk, line_breaks_of_all_kinds_are_one) {
  EXPECT_EQ(clean("a\r\nb\rc\nd\xe2\x80\xa8" "e\xe2\x80\xa9" "f"), "a\nb\nc\nd\ne\nf");
  EXPECT_EQ(clean("a\r\nb", Breaks::flatten), "a b");
}

TEST(PrintInk, broken_bytes_are_marked_one_by_one) {
  EXPECT_EQ(clean("\xff"), "\xef\xbf\xbd");
  EXPECT_EQ(clean("\xc0\x80"), "\xef\xbf\xbd\xef\xbf\xbd");
  EXPECT_EQ(clean("\xed\xa0\x80"), "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd") << "a surrogate";
  EXPECT_EQ(clean("\xe5\xa5"), "\xef\xbf\xbd");
  EXPECT_EQ(clean("\xf4\x90\x80\x80"), "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
  EXPECT_EQ(clean("\xe5\xa5好"), "\xef\xbf\xbd好");
}
