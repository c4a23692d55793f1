#include "features/schedule/rules.hpp"

#include <gtest/gtest.h>

#include <random>

using namespace xinyi;
using namespace xinyi::schedule;

namespace {
Instant minute(std::int64_t m) { return Instant{m * 60'000'000}; }
Interval between(std::int64_t a, std::int64_t b) { return {minute(a), minute(b)}; }
NewShift shift_on(const char* day, const char* from, const char* to, std::int64_t slot) {
  NewShift s;
  s.date = *date_from_text(day);
  s.starts = *wall_time_from_text(from);
  s.ends = *wall_time_from_text(to);
  s.slot_minutes.value = slot;
  return s;
}
}  // namespace

TEST(Slots, WholeSlotsOnly) {
  const auto s = slots_of(between(0, 130), 40);
  ASSERT_EQ(s.size(), 3u);
  EXPECT_EQ(s.back(), between(80, 120));
}

TEST(Slots, PastAndTakenAreNotOffered) {
  const std::vector<Interval> taken = {between(70, 90)};
  const auto s = open_slots(between(0, 200), 40, taken, minute(0));
  EXPECT_EQ(s, (std::vector<Interval>{between(120, 160), between(160, 200)}));
}

TEST(Slots, PropertyEveryOfferIsFreeAndBookable) {
  std::mt19937 rng(7);
  for (int round = 0; round < 2000; ++round) {
    const auto shift = between(rng() % 100, 100 + rng() % 700);
    const auto length = static_cast<std::int64_t>(10 + rng() % 60);
    std::vector<Interval> taken;
    for (unsigned i = 0; i < rng() % 6; ++i) {
      const auto a = rng() % 800;
      taken.push_back(between(a, a + 1 + rng() % 60));
    }
    for (const auto& slot : open_slots(shift, length, taken, minute(rng() % 300))) {
      EXPECT_EQ(slot_at(shift, length, slot.starts_at), slot);
      for (const auto& t : taken) EXPECT_FALSE(t.overlaps(slot));
    }
  }
}

TEST(Slots, OnlyTheGridIsBookable) {
  EXPECT_TRUE(slot_at(between(0, 120), 40, minute(40)));
  EXPECT_FALSE(slot_at(between(0, 120), 40, minute(41)));
  EXPECT_FALSE(slot_at(between(0, 120), 40, minute(120)));
  EXPECT_FALSE(slot_at(between(0, 120), 40, minute(-40)));
}

TEST(Shifts, WallClockOfTheSchool) {
  const auto zone = *Zone::named("Asia/Shanghai");
  EXPECT_EQ(to_text(interval_of(shift_on("2026-11-23", "14:00", "17:00", 40), zone).starts_at), "2026-11-23T06:00:00Z");
  EXPECT_THROW(interval_of(shift_on("2026-11-23", "17:00", "14:00", 40), zone), Refusal);
  EXPECT_THROW(interval_of(shift_on("2026-11-23", "14:00", "14:30", 40), zone), Refusal);
  EXPECT_THROW(interval_of(shift_on("2026-11-23", "06:00", "19:00", 40), zone), Refusal);
}

TEST(Appointments, CancelledStaysCancelled) {
  using enum AppointmentState;
  EXPECT_TRUE(may_become(booked, cancelled));
  EXPECT_TRUE(may_become(no_show, came));
  for (auto to : {booked, came, no_show, cancelled}) EXPECT_FALSE(may_become(cancelled, to));
}
