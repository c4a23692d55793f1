// The demonstration school: the same contents for the same seed, dates around today. Its keys are random.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "app/house.hpp"

namespace xinyi::app {

struct DemoOptions {
  int students = 360;
  std::uint64_t seed = 1;
  bool everyone = false;  // every student can sign in, not the first six alone: for trying out crowds
};
struct DemoAccount {
  std::string username, name, role;
};
struct DemoSchool {
  std::string school, password;
  std::vector<DemoAccount> accounts;
};
/// Fills an empty data folder. OperatorError when there is a school already.
DemoSchool make_demo(House& house, const DemoOptions& options);

}  // namespace xinyi::app
