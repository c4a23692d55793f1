// Two threads for Argon2id: signing in never holds up an event loop, and a flood of tries waits in a bounded queue.
#pragma once
#include "kernel/workers.hpp"

namespace xinyi::identity {

class PasswordWorkers : public Workers {
 public:
  explicit PasswordWorkers(unsigned threads = 2, std::size_t longest_queue = 400) : Workers(threads, longest_queue) {}
};

}  // namespace xinyi::identity
