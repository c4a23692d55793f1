// The one thread that writes: waiting jobs are committed in groups.
#pragma once
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

#include "storage/sqlite_connection.hpp"

namespace xinyi::storage {

/// One job in a transaction of its own, on a connection that nobody else uses.
void run_alone(SqliteConnection& connection, const SchoolId& school, const Clock& clock, const Job& job);

/// Owns the only writing connection and all checkpoints. A job is answered when its commit is durable; what the engine
/// rolled back by itself is never answered as done.
class SqliteWriter {
 public:
  explicit SqliteWriter(const SqliteOptions& options);
  /// Finishes what is queued, then empties the log into the database.
  ~SqliteWriter();

  void enqueue(const SchoolId& school, Job job, Done done, Weight weight);
  /// Runs alone on the writer's thread, outside any transaction; waits for it.
  void alone(const std::function<void(SqliteConnection&)>& work);
  bool broken() const;
  bool scarce() const { return set_aside_.spent(); }

 private:
  struct Item {
    SchoolId school;
    Job job;
    Done done;
    Weight weight = Weight::ordinary;
    std::function<void(SqliteConnection&)> alone = {};
    std::exception_ptr error = {};
  };
  enum class Commit { done, undone, unknown };

  void loop();
  std::optional<std::vector<Item>> next_group();
  void serve(std::vector<Item>& group);
  void run_group(std::span<Item> group);
  bool begin(std::span<Item> items);
  void run_in_savepoint(Item& item);
  void run_one_by_one(std::span<Item> group, const Item* culprit);
  void run_by_itself(Item& item);
  Commit commit(std::exception_ptr& why);
  void undo() noexcept;
  void unknown(std::span<Item> items, const std::string& what);
  void tidy_log();
  int log_limit() const;
  std::int64_t missing_bytes();

  const Clock& clock_;
  SetAside set_aside_;  // before the connection: on a full disk that needs it to open
  SqliteConnection connection_;
  std::function<void(std::string_view)> on_unknown_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Item> queue_;
  bool stop_ = false;
  bool broken_ = false;
  int checkpoint_pages_;
  int next_checkpoint_;
  int next_look_;  // length of the log at which its share of new pages is asked for
  int last_frames_ = 0;
  std::int64_t page_size_;
  std::thread thread_;
};

}  // namespace xinyi::storage
