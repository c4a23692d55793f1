#include "features/cases/rules.hpp"

#include <gtest/gtest.h>

using namespace xinyi;
using namespace xinyi::cases;

namespace {
RecordFields complete() {
  RecordFields f;
  f.session_on = *date_from_text("2026-11-23");
  f.way = Way::face;
  f.complaint = *Part::from("睡不着");
  f.process = *Part::from("谈了考试");
  f.assessment = *Part::from("状态平稳");
  f.risk_level = RiskLevel::none;
  f.measures = *Part::from("一周后再来");
  return f;
}
}  // namespace

TEST(Signing, EveryPartThatMissesIsNamed) {
  EXPECT_TRUE(missing_for_signature(complete()).empty());
  EXPECT_EQ(missing_for_signature({}).size(), 7u);
  auto f = complete();
  f.process = *Part::from("  \n ");
  ASSERT_EQ(missing_for_signature(f).size(), 1u);
  EXPECT_EQ(missing_for_signature(f)[0].field, "fields.process");
}

TEST(Signing, TimesFitTogether) {
  auto f = complete();
  f.starts = WallTime{600};
  f.ends = WallTime{600};
  f.next_on = *date_from_text("2026-11-22");
  EXPECT_EQ(contradictions(f).size(), 2u);
  f.ends = WallTime{640};
  f.next_on = f.session_on;
  EXPECT_TRUE(contradictions(f).empty());
}

TEST(Signing, LateByTheSecondAndOnlyWhileUnsigned) {
  const Instant due{1'000'000};
  EXPECT_FALSE(is_late(RecordState::draft, due, due));
  EXPECT_TRUE(is_late(RecordState::draft, due, due + Span(1)));
  EXPECT_FALSE(is_late(RecordState::signed_, due, due + Span(1)));
}

TEST(Numbers, SchoolYearTurnsInAugust) {
  EXPECT_EQ(school_year_of(*date_from_text("2026-07-31")), 2025);
  EXPECT_EQ(school_year_of(*date_from_text("2026-08-01")), 2026);
  EXPECT_EQ(record_number(2026, 7, 3), "2026-0007-03");
}

TEST(Fields, NoDiagnosis) {
  contract::Components c;
  (void)contract::schema<RecordFields>(c);
  for (const auto& p : c["RecordFields"]["properties"].as_object()) EXPECT_EQ(std::string(p.key()).find("diagnos"), std::string::npos);
}
