#include "features/people/values.hpp"

#include <gtest/gtest.h>

#include "features/people/clean.hpp"
#include "features/people/pinyin.hpp"

namespace xinyi::people {
namespace {

std::string date(std::string_view text) {
  const auto d = read_date(text);
  return d ? to_text(*d) : "none";
}

TEST(Values, DatesInEveryHandwriting) {
  for (const char* same : {"2018-8-14", "2018/08/14", "2018.8.14", "2018年08月14日", "2018年8月14日", "20180814",
                           " 2018-08-14 ", "２０１８-０８-１４", "２０１８年８月１４日", "2018-08-14T00:00:00",
                           "2018-08-14 00:00:00", "2018/8/14 0:00:00", "43326"})
    EXPECT_EQ(date(same), "2018-08-14") << same;
  for (const char* none : {"", "2016-02-30", "2018-13-01", "14/08/2018", "2018-8", "18-8-14", "19999", "60001",
                           "1899-01-01", "20181340", "abc", "2018-08-14x", "2018-008-14", "9999999999999999999999"})
    EXPECT_EQ(date(none), "none") << none;
}

TEST(Values, Grades) {
  const std::pair<const char*, int> good[] = {
      {"一年级", 1}, {"六年级", 6},      {"七年级", 7},     {"初一", 7},       {"初三", 9},      {"高一", 10},
      {"高三", 12},  {"G7", 7},          {"Grade 7", 7},    {"07", 7},         {"7", 7},         {"12", 12},
      {"7年级", 7},  {"高中二年级", 11}, {"初中二年级", 8}, {"小学三年级", 3}, {"十二年级", 12}, {"高一年级", 10},
      {"预初", 6},   {"０７", 7},        {"初四", 9}};
  for (const auto& [text, grade] : good) EXPECT_EQ(read_grade(text), grade) << text;
  for (const char* bad : {"", "13", "0", "00", "高四", "大一", "KG", "班", "十三年级", "小七", "7(1)"})
    EXPECT_FALSE(read_grade(bad)) << bad;
}

TEST(Values, OneClassWrittenManyWays) {
  for (const char* same : {"初一(2)班", "七年级2班", "七年级（2）班", "7（2）班", "初一 (2) 班", "G7(2)", "初一二班"})
    EXPECT_EQ(class_key(same, 7), "7#2") << same;
  for (const char* same : {"2", "2班", "(2)班", "（２）班", "二班", "第2班"})
    EXPECT_EQ(class_key(same, 7), "7#2") << same;
  EXPECT_EQ(class_key("10班", 7), "7#10");
  EXPECT_NE(class_key("初一(2)班", {}), class_key("初二(2)班", {}));
  EXPECT_EQ(class_key("Lily", 7), "lily");
  EXPECT_EQ(class_grade("高二(3)班"), 11);
  EXPECT_FALSE(class_grade("3班"));
}

TEST(Values, SmallWords) {
  EXPECT_EQ(read_gender("男"), Gender::male);
  EXPECT_EQ(read_gender(" Female "), Gender::female);
  EXPECT_FALSE(read_gender("X"));
  EXPECT_EQ(read_boarder("走读"), false);
  EXPECT_EQ(read_boarder("住宿"), true);
  EXPECT_EQ(read_boarder("是"), true);
  EXPECT_FALSE(read_boarder("有时"));
  EXPECT_EQ(read_relation("祖母"), Relation::grandmother);
  EXPECT_EQ(read_relation("外祖母"), Relation::maternal_grandmother);
  EXPECT_EQ(read_relation("邻居"), Relation::other);
  EXPECT_EQ(read_phone("139-4058 0316"), "13940580316");
  EXPECT_EQ(read_phone("+86 139 4058 0316"), "+8613940580316");
  EXPECT_FALSE(read_phone("无"));
  EXPECT_FALSE(read_phone("1234"));
  EXPECT_EQ(read_year("2026年9月"), 2026);
  EXPECT_EQ(read_year("202609"), 2026);
  EXPECT_FALSE(read_year("20261"));
}

TEST(Values, IdentityNumbersAreSeenInEveryForm) {
  for (const char* number : {"330106201908011234", "33010620190801123X", "33010620190801123x", "G330106201908011234",
                             "３３０１０６２０１９０８０１１２３４", "330106 20190801 1234"})
    EXPECT_TRUE(is_identity_number(number)) << number;
  for (const char* other : {"2026000000", "330106201913011234", "13940580316", "330106201908011", ""})
    EXPECT_FALSE(is_identity_number(other)) << other;
  EXPECT_EQ(harmless("号码 330106201908011234 完"), "***");
}

TEST(Values, ShownValuesAreHarmless) {
  EXPECT_EQ(harmless("=HYPERLINK(1)"), "'=HYPERLINK(1)");
  EXPECT_EQ(harmless("a\r\nb\x1b[31m"), "a  b [31m");
  EXPECT_EQ(harmless("\xE2\x80\xAE"
                     "evil"),
            " evil");
  EXPECT_EQ(harmless(std::string(400, 'x')), std::string(40, 'x') + "…");
  EXPECT_EQ(harmless("\xff\xfe"), "  ");
}

TEST(Names, KeptOrRefused) {
  Findings f;
  const Place at{"t", 3};
  EXPECT_EQ(clean_name("　张　三 ", at, "name", f), "张三");
  EXPECT_EQ(clean_name("José  García", at, "name", f), "José García");
  EXPECT_EQ(f.list().size(), 0u);
  EXPECT_EQ(clean_name("甲\r\n乙", at, "name", f), "甲乙");
  EXPECT_EQ(f.list().back().code, "name_line_break");
  EXPECT_EQ(clean_name("=1+1", at, "name", f), "=1+1");
  EXPECT_EQ(f.list().back().code, "name_odd");
  EXPECT_EQ(f.warnings(), 2);
  for (const auto& [raw, code] :
       std::vector<std::pair<std::string, std::string>>{{"", "name_missing"},
                                                        {" 　", "name_missing"},
                                                        {std::string(61, 'x'), "name_too_long"},
                                                        {"a\tb", "name_characters"},
                                                        {"a\xE2\x80\xAE"
                                                         "b",
                                                         "name_characters"},
                                                        {"330106201908011234", "name_characters"}}) {
    EXPECT_FALSE(clean_name(raw, at, "name", f)) << raw;
    EXPECT_EQ(f.list().back().code, code) << raw;
  }
  EXPECT_EQ(joined_name("丁", "沐瑾", ""), "丁沐瑾");
  EXPECT_EQ(joined_name("García", "José", "M."), "José M. García");
  EXPECT_EQ(joined_name("Marie-Claire O'", "Sullivan-Nguyễn", ""), "Marie-Claire O'Sullivan-Nguyễn");
  EXPECT_EQ(joined_name("扎西·", "罗布顿珠", ""), "扎西·罗布顿珠");
}

TEST(Pinyin, SurnamesAreReadAsNames) {
  EXPECT_EQ(readings("曾明")[0], (Reading{"zengming", "zm"}));
  EXPECT_EQ(readings("曾明")[1], (Reading{"cengming", "cm"}));
  EXPECT_EQ(readings("尉迟恭")[0].full, "yuchigong");
  EXPECT_EQ(readings("黎馨若")[0], (Reading{"lixinruo", "lxr"}));
  const auto lv = readings("吕布");
  EXPECT_EQ(lv[0].full, "lubu");
  EXPECT_EQ(lv[1], (Reading{"lvbu", "lb"}));
  EXPECT_EQ(readings("José García")[0], (Reading{"josegarcia", "jg"}));
  EXPECT_EQ(readings("").size(), 1u);
}

}  // namespace
}  // namespace xinyi::people
