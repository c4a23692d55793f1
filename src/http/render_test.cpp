#include "http/render.hpp"

#include <gtest/gtest.h>

namespace xinyi::http {
namespace {
enum class Colour { red, delete_ };
BOOST_DESCRIBE_ENUM(Colour, red, delete_)
struct Inner { std::optional<std::string> a; bool b = true; int signed_ = 1; };
BOOST_DESCRIBE_STRUCT(Inner, (), (a, b, signed_))
struct Outer {
  PersonId id;
  std::string text;
  std::vector<Inner> list;
  List<std::int64_t, 5> numbers;
  Instant at;
  SchoolDate on;
  std::optional<WallTime> from;
  Colour colour = Colour::delete_;
  Text<0, 50, Lines::many> prose;
  Whole<0, 9> small;
  Base64 bytes;
  std::map<std::string, std::string> map;
  boost::json::object free;
  Bilingual both;
  double share = 0.25;
};
BOOST_DESCRIBE_STRUCT(Outer, (), (id, text, list, numbers, at, on, from, colour, prose, small, bytes, map, free, both, share))

TEST(Render, IsTheSameTextAsTheDocument) {
  Outer v;
  v.id = PersonId(Fixed<16>{0x01, 0x9a, 0xff, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 0xf0});
  for (int c = 0; c < 0x80; ++c) v.text += static_cast<char>(c);
  v.text += "心驿😀";
  v.list = {{std::nullopt, false}, {"x", true}};
  v.numbers.push_back(std::numeric_limits<std::int64_t>::min());
  v.numbers.push_back(std::numeric_limits<std::int64_t>::max());
  v.at = *instant_from_text("2026-11-23T06:00:00.5Z");
  v.on = *date_from_text("2026-11-23");
  v.prose = *Text<0, 50, Lines::many>::from("a\n\"b\"");
  v.bytes.bytes = {1, 2, 3, 4};
  v.map = {{"k\"", "v"}};
  v.free = {{"x", 1}, {"y", nullptr}};
  std::string text;
  render::value(text, v);
  EXPECT_EQ(text, boost::json::serialize(contract::write(v)));
  v.list.clear();
  v.from = WallTime{61};
  text.clear();
  render::value(text, v);
  EXPECT_EQ(text, boost::json::serialize(contract::write(v)));
}

TEST(Render, TimesAreTheTextsOfTheDocumentAtEveryEdge) {
  const auto same = [](const auto& v) {
    std::string text;
    render::value(text, v);
    EXPECT_EQ(text, boost::json::serialize(contract::write(v)));
  };
  for (const std::int64_t micros : {std::int64_t{0}, std::int64_t{-1}, std::int64_t{1}, std::int64_t{-62'167'219'200'000'000}, std::int64_t{-62'167'219'200'000'001},
                                    std::int64_t{253'402'300'799'999'999}, std::int64_t{253'402'300'800'000'000}, std::int64_t{1'795'413'599'000'010}})
    same(Instant{micros});
  std::uint64_t any = 1;
  for (int i = 0; i < 20'000; ++i) {
    any = any * 6'364'136'223'846'793'005u + 1'442'695'040'888'963'407u;
    same(Instant{static_cast<std::int64_t>(any >> 11) - (std::int64_t{1} << 52)});
  }
  for (int day = -30'000; day < 60'000; day += 7) same(SchoolDate::from_day_number(day));
}
}  // namespace
}  // namespace xinyi::http
