#include "kernel/time.hpp"

#include <date/tz.h>
#include <fmt/format.h>

#include <charconv>

namespace xinyi {
namespace {
template <class T>
bool number(std::string_view t, T& out) {
  if (t.empty()) return false;
  for (char c : t)
    if (c < '0' || c > '9') return false;
  return std::from_chars(t.data(), t.data() + t.size(), out).ec == std::errc{};
}
using Micros = std::chrono::sys_time<std::chrono::microseconds>;
date::sys_time<std::chrono::microseconds> sys(Instant t) {
  return date::sys_time<std::chrono::microseconds>(std::chrono::microseconds(t.micros));
}
}  // namespace

std::string to_text(Instant t) {
  const Micros at{std::chrono::microseconds(t.micros)};
  const auto day = std::chrono::floor<std::chrono::days>(at);
  const std::chrono::year_month_day ymd(day);
  const auto rest = (at - day).count();
  const auto s = rest / 1'000'000, us = rest % 1'000'000;
  auto out = fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", static_cast<int>(ymd.year()), static_cast<unsigned>(ymd.month()),
                         static_cast<unsigned>(ymd.day()), s / 3600, s / 60 % 60, s % 60);
  if (us != 0) out += fmt::format(".{:06}", us);
  return out + "Z";
}

std::optional<Instant> instant_from_text(std::string_view t) {
  if (t.size() < 20 || t[10] != 'T' || t[13] != ':' || t[16] != ':' || t.back() != 'Z') return std::nullopt;
  const auto day = date_from_text(t.substr(0, 10));
  int h, m, s;
  if (!day || !number(t.substr(11, 2), h) || !number(t.substr(14, 2), m) || !number(t.substr(17, 2), s)) return std::nullopt;
  if (h > 23 || m > 59 || s > 59) return std::nullopt;
  std::int64_t us = 0;
  if (t.size() > 20) {
    auto fraction = t.substr(20, t.size() - 21);
    if (t[19] != '.' || fraction.empty() || fraction.size() > 6 || !number(fraction, us)) return std::nullopt;
    for (auto n = fraction.size(); n < 6; ++n) us *= 10;
  }
  return Instant{(static_cast<std::int64_t>(day->day_number()) * 86400 + h * 3600 + m * 60 + s) * 1'000'000 + us};
}

std::string to_text(SchoolDate d) {
  return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(d.ymd.year()), static_cast<unsigned>(d.ymd.month()),
                     static_cast<unsigned>(d.ymd.day()));
}

std::optional<SchoolDate> date_from_text(std::string_view t) {
  int y;
  unsigned m, d;
  if (t.size() != 10 || t[4] != '-' || t[7] != '-' || !number(t.substr(0, 4), y) || !number(t.substr(5, 2), m) ||
      !number(t.substr(8, 2), d))
    return std::nullopt;
  const SchoolDate out{std::chrono::year(y) / std::chrono::month(m) / std::chrono::day(d)};
  if (!out.ymd.ok() || y < 1900 || y > 2199) return std::nullopt;
  return out;
}

int age_on(SchoolDate birth, SchoolDate on) {
  int years = static_cast<int>(on.ymd.year()) - static_cast<int>(birth.ymd.year());
  if (std::pair(on.ymd.month(), on.ymd.day()) < std::pair(birth.ymd.month(), birth.ymd.day())) --years;
  return years;
}

std::string to_text(WallTime t) { return fmt::format("{:02}:{:02}", t.minutes / 60, t.minutes % 60); }

std::optional<WallTime> wall_time_from_text(std::string_view t) {
  int h, m;
  if (t.size() != 5 || t[2] != ':' || !number(t.substr(0, 2), h) || !number(t.substr(3, 2), m) || h > 23 || m > 59)
    return std::nullopt;
  return WallTime{h * 60 + m};
}

std::optional<Zone> Zone::named(std::string_view name) {
  try {
    return Zone(std::string(name), date::locate_zone(std::string(name)));
  } catch (const std::exception&) {
    return std::nullopt;
  }
}

SchoolDate Zone::date_of(Instant t) const {
  const auto local = static_cast<const date::time_zone*>(impl_)->to_local(sys(t));
  return SchoolDate::from_day_number(static_cast<int>(date::floor<date::days>(local).time_since_epoch().count()));
}

WallTime Zone::wall_time_of(Instant t) const {
  const auto local = static_cast<const date::time_zone*>(impl_)->to_local(sys(t));
  return {static_cast<int>(date::floor<std::chrono::minutes>(local - date::floor<date::days>(local)).count())};
}

Instant Zone::at(SchoolDate day, WallTime time) const {
  const date::local_time<std::chrono::microseconds> local(std::chrono::hours(24) * day.day_number() + std::chrono::minutes(time.minutes));
  const auto* zone = static_cast<const date::time_zone*>(impl_);
  return {zone->to_sys(local, date::choose::earliest).time_since_epoch().count()};
}

Instant SystemClock::now() const {
  return {std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::system_clock::now().time_since_epoch()).count()};
}
}  // namespace xinyi
