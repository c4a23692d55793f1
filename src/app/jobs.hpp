// What the server does by itself: ended sessions and keys cleared, audit heads signed and copied. No job holds a
// person's key.
#pragma once
#include <condition_variable>
#include <mutex>
#include <thread>

#include "app/house.hpp"
#include "audit/sealer.hpp"

namespace xinyi::app {

class Jobs {
 public:
  Jobs(House& house, bool heads);
  ~Jobs();

 private:
  void run();
  void round(bool seal);
  House& house_;
  bool heads_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stop_ = false;
  std::thread thread_;
};

/// Signs and copies the head of a school's log now; nothing when the log is empty.
std::optional<audit::StoredHead> seal_and_copy(House& house, const SchoolId& school);

}  // namespace xinyi::app
