// Wakes what looks at the tables every half second sooner, when something was posted in this process. A hint only: the bell
// rings inside the transaction, before its commit, and perhaps for one that is undone; the tables alone decide.
#pragma once
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>

namespace xinyi::notify {

class Doorbell {
 public:
  void ring();
  /// One who looks: waits between two looks.
  class Watch {
   public:
    explicit Watch(Doorbell& bell) : bell_(bell), heard_(bell.rung()) {}
    /// Waits for the next look: half a second, or, after a ring, some short moments one after the other, for the commit
    /// follows the bell. False when it is time to end.
    bool wait();
    void stop();

   private:
    Doorbell& bell_;
    std::uint64_t heard_;
    int soon_ = 0;
    bool stop_ = false;
  };

 private:
  std::uint64_t rung();
  std::mutex mutex_;
  std::condition_variable wake_;
  std::uint64_t rings_ = 0;
};

/// The one of this process.
Doorbell& doorbell();

}  // namespace xinyi::notify
