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

constexpr int kLongLog = 4;                      // times the length at which the log is first emptied
constexpr int kScarceLog = 256;                  // its length in pages while the disk is full; 1 MB
constexpr std::chrono::seconds kLookForRoom{2};  // how often, while nobody writes

std::exception_ptr refused(Code code, std::string inside) {
  return std::make_exception_ptr(Refusal(code, std::move(inside)));
}

/// One job's handle. Once a statement has failed for want of space or by I/O the job has failed, even if it says otherwise.
class SqliteWriteTx final : public WriteTx {
 public:
  SqliteWriteTx(const SchoolId& school, SqliteConnection& c, const Clock& clock)
      : WriteTx(school), c_(c), clock_(clock) {}
  std::exception_ptr failure() const { return failure_; }
  Instant clock_now() override { return clock_.now(); }

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
  const Clock& clock_;
  std::exception_ptr failure_;
};

void stop_process(std::string_view line) {
  std::fprintf(stderr, "xinyi: %.*s\n", static_cast<int>(line.size()), line.data());
  ::_exit(70);
}

bool disk_was_full(const std::exception_ptr& error) {
  if (!error) return false;
  try {
    std::rethrow_exception(error);
  } catch (const Refusal& e) {
    return e.problem().code == Code::storage_full;
  } catch (...) {
    return false;
  }
}

/// The log's index needs a few pages before anything can be read: a start on a full disk takes them from the reserve.
SqliteConnection open_writing(const SqliteOptions& options, SetAside& set_aside) {
  try {
    return SqliteConnection(options, SqliteConnection::Use::write);
  } catch (const OperatorError&) {
    if (!set_aside.spend()) throw;
  }
  return SqliteConnection(options, SqliteConnection::Use::write);
}

std::int64_t number(SqliteConnection& c, Sql pragma) {
  const auto row = c.gather(pragma, {});
  row->step();
  return row->integer(0);
}

}  // namespace

void run_alone(SqliteConnection& connection, const SchoolId& school, const Clock& clock, const Job& job) {
  connection.control_or_throw("BEGIN IMMEDIATE");
  try {
    SqliteWriteTx tx(school, connection, clock);
    job(tx);
    if (tx.failure()) std::rethrow_exception(tx.failure());
    connection.control_or_throw("COMMIT");
  } catch (...) {
    if (connection.in_transaction()) connection.control("ROLLBACK");
    throw;
  }
}

SqliteWriter::SqliteWriter(const SqliteOptions& options)
    : clock_(*options.clock),
      set_aside_(options.reserve),
      connection_(open_writing(options, set_aside_)),
      on_unknown_(options.on_unknown_commit ? options.on_unknown_commit : stop_process),
      checkpoint_pages_(options.checkpoint_pages),
      next_checkpoint_(options.checkpoint_pages),
      next_look_(0),
      page_size_(number(connection_, "PRAGMA page_size")),
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

void SqliteWriter::enqueue(const SchoolId& school, Job job, Done done, Weight weight) {
  {
    const std::lock_guard lock(mutex_);
    if (!stop_ && !broken_) {
      queue_.push_back({school, std::move(job), std::move(done), weight});
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
    queue_.push_back({{}, {}, std::move(done), Weight::ordinary, work});
  }
  wake_.notify_one();
  promise->get_future().get();
}

/// Empty when it is time to look for room on the disk; nothing when all is done.
std::optional<std::vector<SqliteWriter::Item>> SqliteWriter::next_group() {
  std::unique_lock lock(mutex_);
  const auto some = [&] { return stop_ || !queue_.empty(); };
  if (set_aside_.spent())
    wake_.wait_for(lock, kLookForRoom, some);
  else
    wake_.wait(lock, some);
  if (stop_ && queue_.empty()) return std::nullopt;
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
    auto next = next_group();
    if (!next) return;
    auto& group = *next;
    set_aside_.look();
    if (group.empty()) continue;
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
      serve(group);
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

/// The group, with what a full disk asks for: while the reserve is spent only vital jobs are tried, so that the others do
/// not eat it; a vital job that meets the full disk gets the reserve and is tried once more.
void SqliteWriter::serve(std::vector<Item>& group) {
  auto end = group.end();
  const bool was_spent = set_aside_.spent();
  if (was_spent) {
    end = std::stable_partition(group.begin(), end, [](const Item& item) { return item.weight == Weight::vital; });
    for (auto item = end; item != group.end(); ++item)
      item->error = refused(Code::storage_full, "the disk is full, and its reserve is kept for vital writes");
  }
  const std::span<Item> tried(group.begin(), end);
  if (!tried.empty()) run_group(tried);
  if (was_spent) return;
  for (auto& item : tried)
    if (item.weight == Weight::vital && disk_was_full(item.error) && (set_aside_.spend() || set_aside_.spent()))
      run_by_itself(item);
}

void SqliteWriter::run_group(std::span<Item> group) {
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
void SqliteWriter::run_one_by_one(std::span<Item> group, const Item* culprit) {
  for (auto& item : group)
    if (&item != culprit) run_by_itself(item);
}

void SqliteWriter::run_by_itself(Item& item) {
  item.error = nullptr;
  const std::span<Item> alone(&item, 1);
  if (broken()) {
    item.error = refused(Code::unavailable, "the database waits for a restart");
    return;
  }
  if (!begin(alone)) return;
  run_in_savepoint(item);
  if (!connection_.in_transaction()) return;
  std::exception_ptr why;
  const auto outcome = commit(why);
  if (outcome == Commit::unknown)
    unknown(alone, "outcome of a commit");
  else if (outcome == Commit::undone && !item.error)
    item.error = why;
}

void SqliteWriter::run_in_savepoint(Item& item) {
  try {
    connection_.control_or_throw("SAVEPOINT job");
    SqliteWriteTx tx(item.school, connection_, clock_);
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

int SqliteWriter::log_limit() const { return set_aside_.spent() ? kScarceLog : checkpoint_pages_; }

/// How much longer the database file becomes when the log is emptied into it.
std::int64_t SqliteWriter::missing_bytes() {
  sqlite3_file* file = nullptr;
  sqlite3_int64 size = 0;
  if (sqlite3_file_control(connection_.handle(), "main", SQLITE_FCNTL_FILE_POINTER, &file) != SQLITE_OK ||
      file->pMethods->xFileSize(file, &size) != SQLITE_OK)
    return 0;
  return number(connection_, "PRAGMA page_count") * page_size_ - size;
}

/// Empties the log into the database when it has become long.
///
/// The log's own space is used again from its beginning, but pages that are new to the database need room beside it. So
/// that the reserve is not used up by them once the disk is full, the log never holds more of them than half the reserve
/// as long as there is room; and while the reserve is in use, it is emptied early, for its space, unless that would cost
/// more than the other half.
void SqliteWriter::tidy_log() {
  const int frames = connection_.wal_frames;
  const auto half = set_aside_.bytes() / 2;
  const auto half_pages = static_cast<int>(half / page_size_);
  if (frames < last_frames_) {  // it began anew
    next_checkpoint_ = log_limit();
    next_look_ = half_pages;
  }
  last_frames_ = frames;
  if (broken()) return;
  if (set_aside_.spent()) next_checkpoint_ = std::min(next_checkpoint_, std::max(frames, kScarceLog));
  bool due = frames >= next_checkpoint_;
  if (half > 0 && (set_aside_.spent() ? due : frames >= next_look_)) {
    next_look_ = frames + std::max(1, half_pages / 4);
    const bool much = missing_bytes() > half;
    due = set_aside_.spent() ? !much : due || much;
  }
  if (!due) return;
  const auto limit = log_limit();
  // Readers that follow one another without a gap keep the log from ever beginning anew. Before it grows without end the
  // writer waits for those that are reading now; later ones no longer need the log.
  const bool long_log = frames >= kLongLog * limit;
  sqlite3_wal_checkpoint_v2(connection_.handle(), nullptr,
                            long_log ? SQLITE_CHECKPOINT_RESTART : SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
  next_checkpoint_ = frames + std::max(1, limit / 4);
}

}  // namespace xinyi::storage
