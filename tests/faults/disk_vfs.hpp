// A disk in memory for the embedded database. It remembers what was written but not yet synced, can lose power at any
// step, fill up, or fail, and comes back with what a real disk might still hold.
#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <vector>

namespace xinyi::faults {

/// What survives of the writes that no sync had covered.
enum class Unsynced { none, some, torn };

struct DiskFile;

class Disk {
 public:
  /// Registers the file system under this name; one disk per name, for the life of the process.
  explicit Disk(std::string name);
  ~Disk();
  Disk(const Disk&) = delete;
  Disk& operator=(const Disk&) = delete;
  const std::string& name() const { return name_; }

  /// An empty disk with power.
  void wipe();
  /// The power fails in the middle of the n-th step (write, truncation, sync, deletion) from now on; 0: never.
  void cut_power_at(std::int64_t step);
  /// Power back: files hold what was synced and, of the rest, what `rest` says. Everything must have been closed.
  void reboot(Unsynced rest, std::mt19937_64& random);
  std::int64_t steps() const;
  bool dead() const;

  /// Bytes that all files together may hold.
  void set_capacity(std::int64_t bytes);
  /// The capacity becomes what the files hold now, and `more`.
  void fill_up(std::int64_t more = 0);
  /// Bytes that no file may use from now on; false, and nothing is set aside, when they are not free.
  bool set_aside(std::int64_t bytes);
  /// The next sync reports an I/O error, once.
  void fail_next_sync();
  /// A disk that says "synced" without doing it: to see the tests fail.
  void set_lying(bool lies);

 private:
  friend struct Vfs;
  bool step();  // false when there is no power (any more)
  std::int64_t used() const;

  std::string name_;
  mutable std::mutex mutex_;
  std::map<std::string, std::shared_ptr<DiskFile>> files_;
  std::int64_t steps_ = 0;
  std::int64_t cut_at_ = 0;
  std::int64_t capacity_ = INT64_MAX;
  std::int64_t aside_ = 0;
  bool dead_ = false;
  bool lies_ = false;
  bool sync_fails_ = false;
  std::shared_ptr<void> registration_;
};

}  // namespace xinyi::faults
