// A believable roster as a table, for the demonstration school.
#include "app/demo_roster.hpp"

#include <fmt/format.h>

#include <array>

namespace xinyi::app {
namespace {
constexpr std::array kFamily = {"王", "李", "张", "刘", "陈", "杨", "赵", "黄", "周", "吴", "徐", "孙", "胡", "朱", "高", "林", "何", "郭", "马", "罗", "欧阳", "诸葛"};
constexpr std::array kGiven = {"子涵", "雨桐", "浩然", "梓萱", "思远", "佳怡", "一诺", "俊杰", "欣妍", "宇轩", "若曦", "景行", "沐阳", "语嫣", "承宇", "诗涵",
                               "明轩", "可馨", "天佑", "芷若", "睿", "静", "洋", "雪", "𬱖", "䶮", "嘉禾", "知夏"};
constexpr std::array kClassNames = {"初一", "初二", "初三", "高一", "高二", "高三"};
}  // namespace

std::string demo_roster_csv(int students, std::uint64_t seed, SchoolDate today) {
  std::mt19937_64 random(seed);
  std::string out = "姓名,性别,出生日期,年级,班级,学号,监护人姓名,与学生关系,联系电话\n";
  const int per_class = 30, year = static_cast<int>(today.ymd.year());
  for (int i = 0; i < students; ++i) {
    const int grade = 7 + i / per_class % 6, klass = i / (per_class * 6) + 1;
    const std::string family = kFamily[random() % kFamily.size()];
    const auto birth = SchoolDate::from_day_number(today.day_number() - (grade + 5) * 365 - static_cast<int>(random() % 365));
    out += fmt::format("{}{},{},{},{},{}({})班,{}{:05},{}{},{},1{}{:09}\n", family, kGiven[random() % kGiven.size()], random() % 2 ? "女" : "男", to_text(birth),
                       kClassNames[static_cast<std::size_t>(grade - 7)], kClassNames[static_cast<std::size_t>(grade - 7)], klass, year, i, family,
                       kGiven[random() % kGiven.size()], random() % 2 ? "母亲" : "父亲", 3 + random() % 6, random() % 1'000'000'000);
  }
  return out;
}
}  // namespace xinyi::app
