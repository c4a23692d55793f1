// The one thread that writes: waiting jobs are committed in groups.
#pragma once
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

#include "storage/sqlite_connection.hpp"

namespace xinyi::storage {

/// Owns the only writing connection and all checkpoints. A job is answered when its commit is durable; what the engine
/// rolled back by itself is never answered as done.
class SqliteWriter {
 public:
  explicit SqliteWriter(const SqliteOptions& options);
  /// Finishes what is queued, then empties the log into the database.
  ~SqliteWriter();

  void enqueue(const SchoolId& school, Job job, Done done);
  /// Runs alone on the writer's thread, outside any transaction; waits for it.
  void alone(const std::function<void(SqliteConnection&)>& work);
  bool broken() const;

 private:
  struct Item {
    SchoolId school;
    Job job;
    Done done;
    std::function<void(SqliteConnection&)> alone;
    std::exception_ptr error;
  };
  enum class Commit { done, undone, unknown };

  void loop();
  std::vector<Item> next_group();
  void run_group(std::vector<Item>& group);
  bool begin(std::span<Item> items);
  void run_in_savepoint(Item& item);
  void run_one_by_one(std::vector<Item>& group, const Item* culprit);
  Commit commit(std::exception_ptr& why);
  void undo() noexcept;
  void unknown(std::span<Item> items, const std::string& what);
  void tidy_log();

  SqliteConnection connection_;
  std::function<void(std::string_view)> on_unknown_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Item> queue_;
  bool stop_ = false;
  bool broken_ = false;
  int checkpoint_pages_;
  int next_checkpoint_;
  int last_frames_ = 0;
  std::thread thread_;
};

}  // namespace xinyi::storage
