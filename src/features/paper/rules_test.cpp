#include "features/paper/rules.hpp"

#include <gtest/gtest.h>

using namespace xinyi;
using namespace xinyi::paper;
using schedule::AppointmentState;

namespace {
const Zone kZone = *Zone::named("Asia/Shanghai");
const SchoolDate kDay = *date_from_text("2026-11-23");
Instant at(int hour) { return kZone.at(kDay, {hour * 60}); }
}  // namespace

TEST(PaperRules, a_duty_sheet_counts_visits_and_names_nobody) {
  DutyDay day{kDay, "李老师", {}, {}};
  day.shifts = {{.room = {{}, "咨询室 B"}, .starts_at = at(14), .ends_at = at(17)}, {.room = {{}, "咨询室 A"}, .starts_at = at(9), .ends_at = at(12)}};
  day.visits = {{at(15), at(16), "咨询室 B", AppointmentState::came, true, ""},    {at(9), at(10), "咨询室 A", AppointmentState::came, false, ""},
                {at(10), at(11), "咨询室 A", AppointmentState::no_show, false, ""}, {at(11), at(12), "咨询室 A", AppointmentState::cancelled, false, ""}};
  const auto v = duty_values(day, kZone, print::Language::zh);
  EXPECT_EQ(v.text.at("booked"), "2");
  EXPECT_EQ(v.text.at("walk_in"), "1");
  EXPECT_EQ(v.text.at("no_show"), "1");
  EXPECT_FALSE(v.text.contains("phone")) << "nobody knows; it stays to be written in";
  EXPECT_EQ(v.text.at("weekday"), "星期一");
  EXPECT_EQ(v.text.at("place"), "咨询室 A、咨询室 B");
  EXPECT_EQ(v.text.at("hours"), "09:00–12:00，14:00–17:00");
  ASSERT_EQ(v.rows.at("visits").size(), 4u);
  EXPECT_EQ(v.rows.at("visits")[0], (std::vector<std::string>{"09:00–10:00", "咨询室 A", "预约", "已到", ""}));
  EXPECT_EQ(v.rows.at("visits")[3], (std::vector<std::string>{"15:00–16:00", "咨询室 B", "临时来访", "已到", ""}));
  EXPECT_NO_THROW(print::check(*print::form("duty"), v)) << "every value has its place on the form";
}

TEST(PaperRules, a_day_without_duty_is_a_blank_sheet_with_its_date) {
  const auto v = duty_values({kDay, "李老师", {}, {}}, kZone, print::Language::en);
  EXPECT_EQ(v.text.at("weekday"), "Monday");
  EXPECT_EQ(v.text.at("booked"), "0");
  EXPECT_FALSE(v.text.contains("hours"));
  EXPECT_NO_THROW(print::check(*print::form("duty"), v));
}

TEST(PaperRules, a_week_begins_on_monday) {
  const std::pair week{kDay, kDay.plus_days(6)};
  EXPECT_EQ(week_of(kDay), week);
  EXPECT_EQ(week_of(kDay.plus_days(6)), week);
  EXPECT_EQ(week_of(kDay.plus_days(7)).first, kDay.plus_days(7));
}

TEST(PaperRules, a_row_of_shifts_has_a_cell_for_each_column) {
  for (const auto language : {print::Language::zh, print::Language::en})
    EXPECT_EQ(shift_row({.date = kDay, .starts_at = at(9), .ends_at = at(12)}, kZone, language).size(), shift_sheet(kDay, language, at(0)).columns.size());
}
