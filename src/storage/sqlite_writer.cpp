#include "storage/sqlite_writer.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <future>

#include "kernel/stack.hpp"
#include "storage/engine_rules.hpp"

namespace xinyi::storage {
namespace {

constexpr int kLongLog = 4;  // times the length at which the log is first emptied

std::exception_ptr refused(Code code, std::string inside) {
  return std::make_exception_ptr(Refusal(code, std::move(inside)));
}

/// One job's handle. Once a statement has failed for want of space or by I/O the job has failed, even if it says otherwise.
class SqliteWriteTx final : public WriteTx {
 public:
  SqliteWriteTx(const SchoolId& school, SqliteConnection& c) : WriteTx(school), c_(c) {}
  std::exception_ptr failure() const { return failure_; }

 private:
  template <class F>
  auto guarded(F f) {
    // Outside the transaction a statement would commit by itself.
    if (failure_) std::rethrow_exception(failure_);
    try {
      return f();
    } catch (const Refusal& e) {
      if (e.problem().code != Code::invalid_input) failure_ = std::current_exception();
      throw;
    }
  }

 protected:
  std::unique_ptr<Cursor> run(Sql sql, std::span<const Param> params) override {
    return guarded([&] { return c_.gather(sql, params); });
  }
  std::int64_t change(Sql sql, std::span<const Param> params) override {
    return guarded([&] { return c_.change(sql, params); });
  }

 private:
  SqliteConnection& c_;
  std::exception_ptr failure_;
};

void stop_process(std::string_view line) {
  std::fprintf(stderr, "xinyi: %.*s\n", static_cast<int>(line.size()), line.data());
  ::_exit(70);
}

}  // namespace

SqliteWriter::SqliteWriter(const SqliteOptions& options)
    : connection_(options, SqliteConnection::Use::write),
      on_unknown_(options.on_unknown_commit ? options.on_unknown_commit : stop_process),
      checkpoint_pages_(options.checkpoint_pages),
      next_checkpoint_(options.checkpoint_pages),
      thread_([this] { loop(); }) {}

SqliteWriter::~SqliteWriter() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  wake_.notify_one();
  thread_.join();
  if (!broken_) sqlite3_wal_checkpoint_v2(connection_.handle(), nullptr, SQLITE_CHECKPOINT_TRUNCATE, nullptr, nullptr);
}

bool SqliteWriter::broken() const {
  const std::lock_guard lock(mutex_);
  return broken_;
}

void SqliteWriter::enqueue(const SchoolId& school, Job job, Done done) {
  {
    const std::lock_guard lock(mutex_);
    if (!stop_ && !broken_) {
      queue_.push_back({school, std::move(job), std::move(done), {}, {}});
      if (queue_.size() == 1) wake_.notify_one();
      return;
    }
  }
  done(refused(Code::unavailable, "the database is closing or waits for a restart"));
}

void SqliteWriter::alone(const std::function<void(SqliteConnection&)>& work) {
  const auto promise = std::make_shared<std::promise<void>>();
  auto done = [promise](std::exception_ptr e) {
    if (e)
      promise->set_exception(std::move(e));
    else
      promise->set_value();
  };
  {
    const std::lock_guard lock(mutex_);
    if (stop_ || broken_) throw Refusal(Code::unavailable, "the database is closing or waits for a restart");
    queue_.push_back({{}, {}, std::move(done), work, {}});
  }
  wake_.notify_one();
  promise->get_future().get();
}

std::vector<SqliteWriter::Item> SqliteWriter::next_group() {
  std::unique_lock lock(mutex_);
  wake_.wait(lock, [&] { return stop_ || !queue_.empty(); });
  std::vector<Item> group;
  while (!queue_.empty() && group.size() < kGroup) {
    const bool alone = static_cast<bool>(queue_.front().alone);
    if (alone && !group.empty()) break;
    group.push_back(std::move(queue_.front()));
    queue_.pop_front();
    if (alone) break;
  }
  return group;
}

void SqliteWriter::loop() {
  while (true) {
    auto group = next_group();
    if (group.empty()) return;
    if (broken()) {
      for (auto& item : group) item.error = refused(Code::unavailable, "the database waits for a restart");
    } else if (group.front().alone) {
      try {
        group.front().alone(connection_);
      } catch (...) {
        group.front().error = std::current_exception();
      }
      if (connection_.in_transaction()) undo();
    } else {
      run_group(group);
    }
    for (auto& item : group) item.done(std::move(item.error));
    wipe_stack_below();
    tidy_log();
  }
}

bool SqliteWriter::begin(std::span<Item> items) {
  const int rc = connection_.control("BEGIN IMMEDIATE");
  if (rc == SQLITE_OK) return true;
  std::exception_ptr why;
  try {
    throw_sqlite(connection_.handle(), rc, "BEGIN IMMEDIATE");
  } catch (...) {
    why = std::current_exception();
  }
  for (auto& item : items) item.error = why;
  return false;
}

void SqliteWriter::run_group(std::vector<Item>& group) {
  if (!begin(group)) return;
  for (auto& item : group) {
    run_in_savepoint(item);
    // The engine gave the whole transaction up: what ran before this job is undone as well.
    if (!connection_.in_transaction()) return run_one_by_one(group, &item);
  }
  std::exception_ptr why;
  switch (commit(why)) {
    case Commit::done: return;
    case Commit::unknown: return unknown(group, "outcome of a commit");
    case Commit::undone:
      if (group.size() > 1) return run_one_by_one(group, nullptr);
      if (!group.front().error) group.front().error = why;
  }
}

/// After a group was undone: every job but the one that brought it down once more, in a transaction of its own, so that
/// none can take another down. Also those that were refused: what they were refused for may have been undone.
void SqliteWriter::run_one_by_one(std::vector<Item>& group, const Item* culprit) {
  for (auto& item : group) {
    if (&item == culprit) continue;
    item.error = nullptr;
    const std::span<Item> alone(&item, 1);
    if (broken()) {
      item.error = refused(Code::unavailable, "the database waits for a restart");
      continue;
    }
    if (!begin(alone)) continue;
    run_in_savepoint(item);
    if (!connection_.in_transaction()) continue;
    std::exception_ptr why;
    const auto outcome = commit(why);
    if (outcome == Commit::unknown)
      unknown(alone, "outcome of a commit");
    else if (outcome == Commit::undone && !item.error)
      item.error = why;
  }
}

void SqliteWriter::run_in_savepoint(Item& item) {
  try {
    connection_.control_or_throw("SAVEPOINT job");
    SqliteWriteTx tx(item.school, connection_);
    item.job(tx);
    item.error = tx.failure();
  } catch (...) {
    item.error = std::current_exception();
  }
  if (!connection_.in_transaction()) {
    if (!item.error) item.error = refused(Code::unavailable, "the engine gave the transaction up");
    return;
  }
  if (item.error && connection_.control("ROLLBACK TO job") != SQLITE_OK) return undo();
  if (connection_.control("RELEASE job") != SQLITE_OK) {
    if (!item.error) item.error = refused(Code::internal, "a savepoint could not be released");
    undo();
  }
}

SqliteWriter::Commit SqliteWriter::commit(std::exception_ptr& why) {
  const int rc = connection_.control("COMMIT");
  if (rc == SQLITE_OK) return Commit::done;
  try {
    throw_sqlite(connection_.handle(), rc, "COMMIT");
  } catch (...) {
    why = std::current_exception();
  }
  // A full disk, a lock and a deferred constraint are met before the commit's last page is written: a definite no.
  const int kind = rc & 0xff;
  const bool definite = kind == SQLITE_FULL || kind == SQLITE_BUSY || kind == SQLITE_CONSTRAINT;
  if (connection_.in_transaction()) undo();
  return definite ? Commit::undone : Commit::unknown;
}

void SqliteWriter::undo() noexcept { sqlite3_exec(connection_.handle(), "ROLLBACK", nullptr, nullptr, nullptr); }

void SqliteWriter::unknown(std::span<Item> items, const std::string& what) {
  const auto message = fmt::format(
      "the {} is unknown ({}, code {}, system error {}); ending, so that the next start reads "
      "what the disk holds",
      what, sqlite3_errmsg(connection_.handle()), sqlite3_extended_errcode(connection_.handle()),
      sqlite3_system_errno(connection_.handle()));
  on_unknown_(message);
  {
    const std::lock_guard lock(mutex_);
    broken_ = true;
  }
  for (auto& item : items) item.error = refused(Code::unavailable, message);
}

void SqliteWriter::tidy_log() {
  const int frames = connection_.wal_frames;
  if (frames < last_frames_) next_checkpoint_ = checkpoint_pages_;  // it began anew
  last_frames_ = frames;
  if (frames < next_checkpoint_ || broken()) return;
  // Readers that follow one another without a gap keep the log from ever beginning anew. Before it grows without end the
  // writer waits for those that are reading now; later ones no longer need the log.
  const bool long_log = frames >= kLongLog * checkpoint_pages_;
  sqlite3_wal_checkpoint_v2(connection_.handle(), nullptr,
                            long_log ? SQLITE_CHECKPOINT_RESTART : SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
  next_checkpoint_ = frames + std::max(1, checkpoint_pages_ / 4);
}

}  // namespace xinyi::storage
