// Writes to PostgreSQL: the waiting jobs of one school in one transaction, under the school's lock.
#pragma once
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

#include "storage/postgres_connection.hpp"

namespace xinyi::storage {

/// The lock that makes the writes of a school run one after the other, over all processes.
std::int64_t school_lock(const SchoolId& school);
/// What the server's clock says now.
Instant server_clock(ReadTx& tx);

class PostgresWriter {
 public:
  explicit PostgresWriter(std::string url);
  /// Finishes what is queued.
  ~PostgresWriter();
  void enqueue(const SchoolId& school, Job job, Done done);

 private:
  struct Item {
    SchoolId school;
    Job job;
    Done done;
    std::exception_ptr error;
  };
  void loop();
  std::vector<Item> next_group();
  void run_group(std::span<Item> group);
  void connect();
  /// One attempt. PgError (lost) before COMMIT: nothing was written. CommitLost: nobody knows.
  void transact(std::span<Item> group);
  void run_in_savepoint(Item& item);

  std::string url_;
  std::optional<PgConnection> connection_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Item> queue_;
  bool stop_ = false;
  std::thread thread_;
};

}  // namespace xinyi::storage
