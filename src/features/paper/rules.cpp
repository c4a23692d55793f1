#include "features/paper/rules.hpp"

#include <algorithm>
#include <array>
#include <set>

namespace xinyi::paper {
namespace {
using print::Language;
using schedule::AppointmentState;

std::string_view state_name(AppointmentState state, Language language) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 4> kNames = {{{"已预约", "booked"}, {"已取消", "cancelled"}, {"已到", "came"}, {"未到", "missed"}}};
  const auto& [zh, en] = kNames.at(static_cast<std::size_t>(state));
  return language == Language::zh ? zh : en;
}

std::string span(Instant from, Instant to, const Zone& zone) { return to_text(zone.wall_time_of(from)) + "–" + to_text(zone.wall_time_of(to)); }

std::string joined(const std::set<std::string>& parts, std::string_view with) {
  std::string out;
  for (const auto& p : parts) out.append(out.empty() ? "" : with).append(p);
  return out;
}
}  // namespace

print::Values duty_values(const DutyDay& day, const Zone& zone, Language language) {
  const bool zh = language == Language::zh;
  print::Values out;
  out.text["date"] = to_text(day.date);
  out.text["weekday"] = weekday_name(day.date, language);
  out.text["person"] = day.counsellor;
  std::set<std::string> places;
  std::string hours;
  auto shifts = day.shifts;
  std::ranges::sort(shifts, {}, &schedule::Shift::starts_at);
  for (const auto& s : shifts) {
    places.insert(s.room.name);
    hours.append(hours.empty() ? "" : zh ? "，" : ", ").append(span(s.starts_at, s.ends_at, zone));
  }
  if (!places.empty()) out.text["place"] = joined(places, zh ? "、" : ", ");
  if (!hours.empty()) out.text["hours"] = hours;

  std::int64_t booked = 0, walk_in = 0, missed = 0;
  auto visits = day.visits;
  std::ranges::stable_sort(visits, {}, &Visit::starts_at);
  for (const auto& v : visits) {
    const bool counts = v.state != AppointmentState::cancelled;
    booked += counts && !v.walk_in ? 1 : 0;
    walk_in += counts && v.walk_in ? 1 : 0;
    missed += v.state == AppointmentState::no_show ? 1 : 0;
    out.rows["visits"].push_back({span(v.starts_at, v.ends_at, zone), v.room, v.walk_in ? zh ? "临时来访" : "walk-in" : zh ? "预约" : "booked",
                                  std::string(state_name(v.state, language)), v.client});
  }
  out.text["booked"] = std::to_string(booked);
  out.text["walk_in"] = std::to_string(walk_in);
  out.text["no_show"] = std::to_string(missed);
  return out;
}

std::pair<SchoolDate, SchoolDate> week_of(SchoolDate day) {
  const auto monday = day.plus_days(1 - static_cast<int>(day.weekday().iso_encoding()));
  return {monday, monday.plus_days(6)};
}

std::string weekday_name(SchoolDate day, Language language) {
  constexpr std::array<std::pair<const char*, const char*>, 7> kNames = {{{"星期一", "Monday"}, {"星期二", "Tuesday"}, {"星期三", "Wednesday"},
                                                                          {"星期四", "Thursday"}, {"星期五", "Friday"}, {"星期六", "Saturday"}, {"星期日", "Sunday"}}};
  const auto& [zh, en] = kNames.at(day.weekday().iso_encoding() - 1);
  return language == Language::zh ? zh : en;
}

print::XlsxSheet shift_sheet(SchoolDate monday, Language language, Instant at) {
  if (language == Language::zh)
    return {"值班 " + to_text(monday), {{"日期", 12}, {"星期", 9}, {"开始", 8}, {"结束", 8}, {"值班老师", 16}, {"地点", 18}, {"每次（分钟）", 12}, {"已预约", 9}}, at};
  return {"Shifts " + to_text(monday), {{"Date", 12}, {"Weekday", 12}, {"From", 8}, {"To", 8}, {"On duty", 18}, {"Place", 18}, {"Minutes each", 13}, {"Booked", 9}}, at};
}

std::vector<print::XlsxCell> shift_row(const schedule::Shift& s, const Zone& zone, Language language) {
  return {s.date, weekday_name(s.date, language), to_text(zone.wall_time_of(s.starts_at)), to_text(zone.wall_time_of(s.ends_at)), s.counsellor.name, s.room.name,
          s.slot_minutes, s.appointments};
}
}  // namespace xinyi::paper
