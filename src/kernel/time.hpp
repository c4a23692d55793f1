// Points in time are UTC; wall clocks belong to the school's zone. Time is injected.
#pragma once
#include <chrono>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace xinyi {

/// Microseconds since 1970-01-01T00:00:00Z.
struct Instant {
  std::int64_t micros = 0;
  auto operator<=>(const Instant&) const = default;
};
using Span = std::chrono::microseconds;
constexpr Instant operator+(Instant t, Span d) { return {t.micros + d.count()}; }
constexpr Instant operator-(Instant t, Span d) { return {t.micros - d.count()}; }
constexpr Span operator-(Instant a, Instant b) { return Span(a.micros - b.micros); }

/// RFC 3339 with seconds, "2026-11-23T06:00:00Z"; fractions are written only when present.
std::string to_text(Instant t);
std::optional<Instant> instant_from_text(std::string_view t);

/// A day of the civil calendar, as people write it: 2026-09-01. Years 1900 to 2199.
struct SchoolDate {
  std::chrono::year_month_day ymd{};
  auto operator<=>(const SchoolDate&) const = default;
  std::chrono::weekday weekday() const { return std::chrono::weekday(std::chrono::sys_days(ymd)); }
  SchoolDate plus_days(int n) const { return {std::chrono::year_month_day(std::chrono::sys_days(ymd) + std::chrono::days(n))}; }
  /// Days since 1970-01-01; how dates are stored.
  int day_number() const { return static_cast<int>(std::chrono::sys_days(ymd).time_since_epoch().count()); }
  static SchoolDate from_day_number(int n) { return {std::chrono::year_month_day(std::chrono::sys_days(std::chrono::days(n)))}; }
};
std::string to_text(SchoolDate d);
std::optional<SchoolDate> date_from_text(std::string_view t);
/// Whole years between birth and `on` (birthdays of 29 February fall on 1 March in common years).
int age_on(SchoolDate birth, SchoolDate on);

/// Minutes after midnight of the school's wall clock, 0..1439. Text "14:30".
struct WallTime {
  int minutes = 0;
  auto operator<=>(const WallTime&) const = default;
};
std::string to_text(WallTime t);
std::optional<WallTime> wall_time_from_text(std::string_view t);

/// A zone of the tz database, e.g. "Asia/Shanghai".
class Zone {
 public:
  static std::optional<Zone> named(std::string_view name);
  const std::string& name() const { return name_; }
  SchoolDate date_of(Instant t) const;
  WallTime wall_time_of(Instant t) const;
  /// The point in time; a wall time that a clock change skips becomes the moment of the change,
  /// one that happens twice the first of them.
  Instant at(SchoolDate day, WallTime time) const;

 private:
  explicit Zone(std::string name, const void* impl) : name_(std::move(name)), impl_(impl) {}
  std::string name_;
  const void* impl_;
};

class Clock {
 public:
  virtual ~Clock() = default;
  virtual Instant now() const = 0;
};
class SystemClock final : public Clock {
 public:
  Instant now() const override;
};
/// For tests: stands still until moved.
class FakeClock final : public Clock {
 public:
  explicit FakeClock(Instant start) : now_(start) {}
  Instant now() const override { return now_; }
  void set(Instant t) { now_ = t; }
  void advance(Span d) { now_ = now_ + d; }

 private:
  Instant now_;
};

}  // namespace xinyi
