// What stands on a duty sheet and in the list of shifts. Pure.
#pragma once
#include "features/schedule/model.hpp"
#include "print/print.hpp"
#include "print/xlsx.hpp"

namespace xinyi::paper {

struct Visit {
  Instant starts_at, ends_at;
  std::string room;
  schedule::AppointmentState state{};
  bool walk_in = false;
  std::string client;  // name and class, only on the counsellor's own working copy; empty on the sheet that is filed
};
struct DutyDay {
  SchoolDate date;
  std::string counsellor;
  std::vector<schedule::Shift> shifts;
  std::vector<Visit> visits;
};

/// The 值班记录表 of a day. Cancelled visits stand in the course of the day and are not counted; calls by phone are not
/// known to the schedule and stay to be written in.
print::Values duty_values(const DutyDay& day, const Zone& zone, print::Language language);

/// Monday to Sunday around `day`.
std::pair<SchoolDate, SchoolDate> week_of(SchoolDate day);
std::string weekday_name(SchoolDate day, print::Language language);
print::XlsxSheet shift_sheet(SchoolDate monday, print::Language language, Instant at);
std::vector<print::XlsxCell> shift_row(const schedule::Shift& shift, const Zone& zone, print::Language language);

}  // namespace xinyi::paper
