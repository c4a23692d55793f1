#include "storage/postgres_writer.hpp"

#include <algorithm>

#include "kernel/stack.hpp"

namespace xinyi::storage {
namespace {

// Longer groups gain little and keep the school's other server processes waiting.
constexpr std::size_t kPostgresGroup = 64;
constexpr int kAttempts = 4;
constexpr std::chrono::milliseconds kPause{200};

struct CommitLost {
  PgError why;
};
struct CommitRefused {
  std::exception_ptr why;
};

std::exception_ptr as_exception(const PgError& e) {
  try {
    throw_postgres(e);
  } catch (...) {
    return std::current_exception();
  }
}

bool only_reads(std::string_view sql) {
  const auto word = trimmed(sql).substr(0, 6);
  return std::equal(word.begin(), word.end(), "SELECT", "SELECT" + word.size(),
                    [](char a, char b) { return std::toupper(static_cast<unsigned char>(a)) == b; });
}

/// One job's handle. A refused constraint would spoil the whole transaction on this engine: every change has a savepoint
/// of its own, which travels with it and costs no wait.
class PgWriteTx final : public WriteTx {
 public:
  PgWriteTx(const SchoolId& school, PgConnection& c) : WriteTx(school), c_(c) {}
  /// What ended the job from below, even when the job itself says that all is well.
  std::exception_ptr failure() const { return failure_; }
  const std::optional<PgError>& lost() const { return lost_; }
  Instant clock_now() override { return server_clock(*this); }

 protected:
  std::unique_ptr<Cursor> run(Sql sql, std::span<const Param> params) override { return execute(sql, params, nullptr); }
  std::int64_t change(Sql sql, std::span<const Param> params) override {
    std::int64_t n = 0;
    execute(sql, params, &n);
    return n;
  }

 private:
  struct Abandoned {};  // not a std::exception: a job that handles errors lets it pass

  std::unique_ptr<Cursor> execute(Sql sql, std::span<const Param> params, std::int64_t* changed) {
    if (failure_) std::rethrow_exception(failure_);
    if (lost_) throw Abandoned{};
    check_params(params);
    const bool guarded = !only_reads(sql.text);
    if (guarded) {
      if (savepoint_) c_.before("RELEASE SAVEPOINT statement");
      c_.before("SAVEPOINT statement");
      savepoint_ = true;
    }
    try {
      return c_.run(sql, params, changed);
    } catch (const PgError& e) {
      if (e.lost) {
        lost_ = e;
        throw Abandoned{};
      }
      if (e.constraint() && guarded) {
        c_.before("ROLLBACK TO SAVEPOINT statement");
        throw_postgres(e);
      }
      failure_ = as_exception(e);
      std::rethrow_exception(failure_);
    }
  }

  PgConnection& c_;
  bool savepoint_ = false;
  std::exception_ptr failure_;
  std::optional<PgError> lost_;
};

}  // namespace

std::int64_t school_lock(const SchoolId& school) {
  std::uint64_t h = 0xcbf29ce484222325;
  for (const auto b : school.bytes()) h = (h ^ b) * 0x100000001b3;
  return static_cast<std::int64_t>(h);
}

Instant server_clock(ReadTx& tx) {
  // Not the transaction's beginning: it may have waited for the school's lock.
  return tx.one("SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint")->get<Instant>(0);
}

PostgresWriter::PostgresWriter(std::string url) : url_(std::move(url)), thread_([this] { loop(); }) {}

PostgresWriter::~PostgresWriter() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void PostgresWriter::enqueue(const SchoolId& school, Job job, Done done) {
  {
    const std::lock_guard lock(mutex_);
    if (!stop_) {
      queue_.push_back({school, std::move(job), std::move(done), {}});
      if (queue_.size() == 1) wake_.notify_one();
      return;
    }
  }
  done(std::make_exception_ptr(Refusal(Code::unavailable, "the database is closing")));
}

/// The longest waiting job's school; its other jobs come along, those of other schools keep their places.
std::vector<PostgresWriter::Item> PostgresWriter::next_group() {
  std::unique_lock lock(mutex_);
  wake_.wait(lock, [&] { return stop_ || !queue_.empty(); });
  std::vector<Item> group;
  if (queue_.empty()) return group;
  const auto school = queue_.front().school;
  std::deque<Item> others;
  for (auto& item : queue_) {
    if (item.school == school && group.size() < kPostgresGroup)
      group.push_back(std::move(item));
    else
      others.push_back(std::move(item));
  }
  queue_ = std::move(others);
  return group;
}

void PostgresWriter::loop() {
  while (true) {
    auto group = next_group();
    if (group.empty()) return;
    run_group(group);
    for (auto& item : group) item.done(std::move(item.error));
    wipe_stack_below();
  }
}

void PostgresWriter::connect() {
  if (!connection_ || !connection_->usable()) {
    connection_.reset();
    connection_.emplace(url_, PgConnection::Use::write);
  }
  connection_->forget_pending();
}

void PostgresWriter::run_group(std::span<Item> group) {
  std::exception_ptr why;
  for (int n = 0; n < kAttempts; ++n) {
    if (n > 1) std::this_thread::sleep_for(kPause * (1 << n));
    try {
      connect();
      return transact(group);
    } catch (const PgError& e) {
      why = as_exception(e);  // before COMMIT: nothing was written, all jobs may run again
    } catch (const CommitLost& e) {
      why = as_exception(e.why);
      connection_.reset();
      break;  // whether it was written nobody knows: the clients repeat with their keys
    } catch (const CommitRefused& e) {
      if (group.size() > 1) {
        for (auto& item : group) run_group({&item, 1});
        return;
      }
      if (!group.front().error) group.front().error = e.why;
      return;
    }
    connection_.reset();
  }
  for (auto& item : group) item.error = why;
}

void PostgresWriter::transact(std::span<Item> group) {
  auto& c = *connection_;
  const auto& school = group.front().school;
  const auto hex = to_hex(school.bytes());
  c.before("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE");
  c.before("SELECT pg_advisory_xact_lock(?1)", {to_param(school_lock(school))});
  c.before("SELECT set_config('xinyi.school', ?1, true)", {to_param(hex)});
  try {
    c.flush();
  } catch (const PgError& e) {
    if (e.lost) throw;
    connection_.reset();  // the school's lock was not to be had: no job's fault, and no job was run
    for (auto& item : group) item.error = as_exception(e);
    return;
  }
  try {
    for (auto& item : group) run_in_savepoint(item);
    c.flush();
  } catch (const PgError& e) {
    if (e.lost) throw;
    connection_.reset();
    throw CommitRefused{as_exception(e)};
  }
  std::string tag;
  try {
    c.run("COMMIT", {}, nullptr, &tag);
  } catch (const PgError& e) {
    if (e.lost) throw CommitLost{e};
    throw CommitRefused{as_exception(e)};
  }
  if (tag != "COMMIT") throw CommitRefused{as_exception({"", "the server undid the transaction", true})};
}

void PostgresWriter::run_in_savepoint(Item& item) {
  auto& c = *connection_;
  c.before("SAVEPOINT job");
  PgWriteTx tx(item.school, c);
  item.error = nullptr;
  try {
    item.job(tx);
  } catch (...) {
    item.error = std::current_exception();
  }
  if (tx.lost()) throw *tx.lost();
  if (tx.failure()) item.error = tx.failure();
  if (item.error) c.before("ROLLBACK TO SAVEPOINT job");
  c.before("RELEASE SAVEPOINT job");
}

}  // namespace xinyi::storage
