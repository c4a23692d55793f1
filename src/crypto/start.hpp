// Starting the cryptography: nothing runs before every primitive has given a known answer.
#pragma once
#include <string>
#include <vector>

#include "kernel/bytes.hpp"

namespace xinyi::crypto {

/// Initialises the library and runs the self-test. Throws Bug with the name of the first primitive that answers wrongly;
/// the program must not go on. Call once in main, before any other function of this room; more calls do no harm.
void start();

/// One known answer: what was expected and what the primitive gave.
struct KnownAnswer {
  std::string primitive;
  Bytes expected;
  Bytes given;
};
std::vector<KnownAnswer> known_answers();
/// Throws Bug at the first difference; apart from known_answers() so that a test can see it fail.
void require_equal(const std::vector<KnownAnswer>& answers);

}  // namespace xinyi::crypto
