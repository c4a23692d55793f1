// What the server does by itself: ended sessions and keys cleared, audit heads signed and copied. Of several processes on
// one database one does each job of a school, under a lease; when it dies, another goes on. No job holds a person's key.
#pragma once
#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <thread>

#include "app/house.hpp"
#include "audit/sealer.hpp"
#include "storage/lease.hpp"

namespace xinyi::app {

class Jobs {
 public:
  explicit Jobs(House& house);
  /// Does what this process is responsible for once more, and lets its work go.
  ~Jobs();
  Jobs(const Jobs&) = delete;

 private:
  using Steady = std::chrono::steady_clock::time_point;
  struct Work {
    const char* name;
    std::chrono::seconds every;
    void (*run)(House& house, const SchoolId& school, const storage::Lease& lease);
  };
  static const Work kWorks[];
  /// What this process does for a school.
  struct Held {
    storage::Lease lease;
    Steady renewed, due;
  };
  using Key = std::pair<SchoolId, const Work*>;

  void run();
  void round(bool last);
  /// Takes what is free and keeps what is ours.
  void keep(const SchoolId& school);
  void work(const SchoolId& school, bool last);
  void release(const SchoolId& school);

  House& house_;
  bool first_ = true;
  std::map<Key, Held> held_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stop_ = false;
  std::thread thread_;
};

/// Signs and copies the head of a school's log now, as an operator's command: takes the sealer's work over for it. Nothing
/// when the log is empty.
std::optional<audit::StoredHead> seal_and_copy(House& house, const SchoolId& school);

}  // namespace xinyi::app
