// Space of the disk that is set aside for the day it is full: signing in and out and audited reading then go on, while
// ordinary writes are refused and leave it to them.
#pragma once
#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

namespace xinyi::storage {

/// The space itself. Used by one thread at a time.
class Reserve {
 public:
  enum class Taken {
    whole,       // it is there
    no_room,     // the disk has no room for it; nothing of it was kept
    impossible,  // the file system cannot set space aside
  };
  virtual ~Reserve() = default;
  /// Sets the space aside where it is not yet.
  virtual Taken take() = 0;
  /// The disk has it back at once.
  virtual void give_back() noexcept = 0;
  virtual std::int64_t bytes() const = 0;
};

/// A file of `bytes` whose blocks are allocated, readable by its owner alone; it stays when the program ends. Is taken
/// anew only when a quarter more than its size is free, so that a disk at the brink does not go back and forth.
std::unique_ptr<Reserve> file_reserve(std::string path, std::int64_t bytes);

/// The reserve as a writer handles it. Without one (null) nothing is ever spent.
class SetAside {
 public:
  /// Takes it. When there is no room for it the disk is as good as full: it counts as spent.
  explicit SetAside(std::shared_ptr<Reserve> reserve);
  /// Given back to the disk, and not there again yet. Safe from any thread.
  bool spent() const { return state_ == State::spent; }
  /// Gives it back; false when there was nothing to give.
  bool spend() noexcept;
  /// Takes it anew if it is spent and there is room again.
  void look();
  /// Zero without one.
  std::int64_t bytes() const { return reserve_ ? reserve_->bytes() : 0; }

 private:
  enum class State { none, whole, spent };
  State take();
  std::shared_ptr<Reserve> reserve_;
  std::atomic<State> state_{State::none};
};

}  // namespace xinyi::storage
