// Within the wiring: the demonstration school's roster.
#pragma once
#include <random>
#include <string>

#include "kernel/time.hpp"

namespace xinyi::app {
/// A CSV as a student-status system might export it; about 30 students a class, grades 7 to 12.
std::string demo_roster_csv(int students, std::uint64_t seed, SchoolDate today);
}  // namespace xinyi::app
