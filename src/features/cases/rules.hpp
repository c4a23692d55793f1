// Decisions about records. No I/O.
#pragma once
#include "features/cases/model.hpp"

namespace xinyi::cases {

/// A record is to be signed within 24 hours of the session's end (SVC-5 default; school setting later).
inline constexpr Span kRecordDue = std::chrono::hours(24);

/// What still misses before it can be signed: date, way, complaint, process, assessment, risk level and measures.
std::vector<FieldProblem> missing_for_signature(const RecordFields& fields);
/// Start and end of the session fit together.
std::vector<FieldProblem> contradictions(const RecordFields& fields);
/// Anything unsigned after its time, by the very second.
bool is_late(RecordState state, Instant due_at, Instant now);
/// School years begin in August: 2026-08-01 to 2027-07-31 is 2026.
int school_year_of(SchoolDate day);
std::string case_number(std::int64_t year, std::int64_t serial);                                   // "2026-0007"
std::string record_number(std::int64_t year, std::int64_t serial, std::int64_t session_number);   // "2026-0007-03"
std::string card_number(std::int64_t number);                                                      // "K000012"

}  // namespace xinyi::cases
