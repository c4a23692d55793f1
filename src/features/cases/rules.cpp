#include "features/cases/rules.hpp"

#include <fmt/format.h>

namespace xinyi::cases {

std::vector<FieldProblem> missing_for_signature(const RecordFields& f) {
  std::vector<FieldProblem> out;
  const auto need = [&](bool there, const char* field) {
    if (!there) out.push_back({std::string("fields.") + field, Code::field_missing});
  };
  const auto written = [](const std::optional<Part>& p) { return p && !trimmed(p->str()).empty(); };
  need(f.session_on.has_value(), "session_on");
  need(f.way.has_value(), "way");
  need(written(f.complaint), "complaint");
  need(written(f.process), "process");
  need(written(f.assessment), "assessment");
  need(f.risk_level.has_value(), "risk_level");
  need(written(f.measures), "measures");
  return out;
}

std::vector<FieldProblem> contradictions(const RecordFields& f) {
  std::vector<FieldProblem> out;
  if (f.starts && f.ends && *f.ends <= *f.starts) out.push_back({"fields.ends", Code::field_range});
  if (f.session_on && f.next_on && *f.next_on < *f.session_on) out.push_back({"fields.next_on", Code::field_range});
  return out;
}

bool is_late(RecordState state, Instant due_at, Instant now) { return state == RecordState::draft && now > due_at; }

int school_year_of(SchoolDate day) {
  const int year = static_cast<int>(day.ymd.year());
  return day.ymd.month() >= std::chrono::August ? year : year - 1;
}

std::string case_number(std::int64_t year, std::int64_t serial) { return fmt::format("{}-{:04}", year, serial); }
std::string record_number(std::int64_t year, std::int64_t serial, std::int64_t session_number) {
  return fmt::format("{}-{:04}-{:02}", year, serial, session_number);
}
std::string card_number(std::int64_t number) { return fmt::format("K{:06}", number); }

}  // namespace xinyi::cases
