#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <condition_variable>
#include <mutex>
#include <thread>

#include "storage/engine_rules.hpp"
#include "storage/sqlite_writer.hpp"

namespace xinyi::storage {
namespace {

class SqliteReadTx final : public ReadTx {
 public:
  SqliteReadTx(const SchoolId& school, SqliteConnection& c, const Clock& clock)
      : ReadTx(school), c_(c), clock_(clock) {}
  Instant clock_now() override { return clock_.now(); }

 protected:
  std::unique_ptr<Cursor> run(Sql sql, std::span<const Param> params) override { return c_.stream(sql, params); }

 private:
  SqliteConnection& c_;
  const Clock& clock_;
};

/// Connections on loan; each thread gets the one it had last if it can, whose pages and statements are warm.
class ReaderPool {
 public:
  ReaderPool(const SqliteOptions& options, int count) {
    for (int i = 0; i < count; ++i) {
      free_.push_back({std::make_unique<SqliteConnection>(options, SqliteConnection::Use::read), {}});
    }
  }
  class Loan {
   public:
    explicit Loan(ReaderPool& pool) : pool_(pool), connection_(pool.take()) {}
    ~Loan() { pool_.give_back(std::move(connection_)); }
    Loan(const Loan&) = delete;
    Loan& operator=(const Loan&) = delete;
    SqliteConnection& connection() { return *connection_; }

   private:
    ReaderPool& pool_;
    std::unique_ptr<SqliteConnection> connection_;
  };

 private:
  struct Idle {
    std::unique_ptr<SqliteConnection> connection;
    std::thread::id last;
  };
  std::unique_ptr<SqliteConnection> take() {
    std::unique_lock lock(mutex_);
    if (!wake_.wait_for(lock, kReadLimit, [&] { return !free_.empty(); })) {
      throw Refusal(Code::unavailable, "no reading connection became free");
    }
    auto pick = std::prev(free_.end());
    for (auto it = free_.begin(); it != free_.end(); ++it) {
      if (it->last == std::this_thread::get_id()) pick = it;
    }
    auto connection = std::move(pick->connection);
    free_.erase(pick);
    return connection;
  }
  void give_back(std::unique_ptr<SqliteConnection> connection) {
    {
      const std::lock_guard lock(mutex_);
      free_.push_back({std::move(connection), std::this_thread::get_id()});
    }
    wake_.notify_one();
  }
  std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<Idle> free_;
};

/// BEGIN … COMMIT around a read; leaves the connection without a transaction whatever happens.
class Snapshot {
 public:
  explicit Snapshot(SqliteConnection& c) : c_(c) {
    c_.set_deadline(std::chrono::steady_clock::now() + kReadLimit);
    c_.control_or_throw("BEGIN DEFERRED");
  }
  ~Snapshot() {
    c_.set_deadline({});
    c_.control("ROLLBACK");  // nothing was written
  }
  Snapshot(const Snapshot&) = delete;
  Snapshot& operator=(const Snapshot&) = delete;

 private:
  SqliteConnection& c_;
};

class SqliteDatabase final : public Database {
 public:
  explicit SqliteDatabase(const SqliteOptions& options)
      : options_(options), writer_(options), readers_(options, options.readers) {}

  std::string_view engine() const override { return "sqlite"; }
  bool reads_block() const override { return false; }

  void read_now(const SchoolId& school, const std::function<void(ReadTx&)>& work) override {
    ReaderPool::Loan loan(readers_);
    const Snapshot snapshot(loan.connection());
    SqliteReadTx tx(school, loan.connection(), *options_.clock);
    work(tx);
    invariant(loan.connection().open_cursors() == 0, "a cursor outlived its transaction");
  }
  void read_later(const SchoolId& school, std::function<void(ReadTx&)> work, Done done) override {
    std::exception_ptr error;
    try {
      read_now(school, work);
    } catch (...) {
      error = std::current_exception();
    }
    done(std::move(error));
  }
  void write_later(const SchoolId& school, Job job, Done done, Weight weight) override {
    writer_.enqueue(school, std::move(job), std::move(done), weight);
  }
  bool scarce() const override { return writer_.scarce(); }

  void migrate(std::span<const Migration> migrations) override;
  int schema_version() override;
  std::string ailment() override;
  void backup_to(const std::string& path, const Job& leave_out) override;

 private:
  SqliteOptions options_;
  SqliteWriter writer_;  // before the readers: they find the log in order, and are closed before its last checkpoint
  ReaderPool readers_;
};

bool has_steps(SqliteConnection& c) {
  return c.gather("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'schema_migrations'", {})->step();
}

void SqliteDatabase::migrate(std::span<const Migration> migrations) {
  writer_.alone([&](SqliteConnection& c) {
    std::map<std::string, std::string> applied;
    if (has_steps(c)) {
      const auto rows = c.gather("SELECT name, text FROM schema_migrations", {});
      while (rows->step()) applied.emplace(rows->text(0), rows->text(1));
    }
    for (const auto* m : missing_steps(applied, migrations)) {
      c.control_or_throw("BEGIN IMMEDIATE");
      try {
        c.script("CREATE TABLE IF NOT EXISTS schema_migrations (name TEXT PRIMARY KEY, text TEXT NOT NULL) STRICT");
        c.script(part_for(Engine::sqlite, m->sql));
        invariant(c.in_transaction(), "a schema step ended its transaction");
        const std::array<Param, 2> row{to_param(m->name), to_param(m->sql)};
        c.change("INSERT INTO schema_migrations (name, text) VALUES (?1, ?2)", row);
        c.control_or_throw("COMMIT");
      } catch (const Refusal& e) {
        c.control("ROLLBACK");
        throw OperatorError(fmt::format("The schema step {} could not be applied ({}); nothing of it was kept.",
                                        m->name, e.problem().inside));
      } catch (const ConstraintError& e) {
        c.control("ROLLBACK");
        throw OperatorError(
            fmt::format("The schema step {} could not be applied ({}); nothing of it was kept.", m->name, e.detail()));
      } catch (...) {
        c.control("ROLLBACK");
        throw;
      }
    }
  });
}

int SqliteDatabase::schema_version() {
  ReaderPool::Loan loan(readers_);
  auto& c = loan.connection();
  if (!has_steps(c)) return 0;
  const auto count = c.gather("SELECT count(*) FROM schema_migrations", {});
  count->step();
  return static_cast<int>(count->integer(0));
}

std::string SqliteDatabase::ailment() {
  if (writer_.broken()) return "the outcome of a commit is unknown; the program must be started again";
  try {
    schema_version();
  } catch (const Refusal& e) {
    return "the database cannot be read: " + e.problem().inside;
  }
  if (scarce()) {
    return "the disk is full and its reserve is in use: people can sign in and records be read, nothing else is saved. "
           "Make room; all goes on by itself then";
  }
  if (!options_.vfs.empty()) return {};
  struct statvfs disk {};
  constexpr std::uint64_t kLow = 256ull << 20;
  if (::statvfs(options_.path.c_str(), &disk) == 0 && std::uint64_t{disk.f_bavail} * disk.f_frsize < kLow) {
    return "the disk of the data folder has less than 256 MiB left";
  }
  struct stat log {};
  constexpr off_t kLongLog = off_t{1} << 30;
  if (::stat((options_.path + "-wal").c_str(), &log) == 0 && log.st_size > kLongLog) {
    return "the write-ahead log is longer than 1 GiB: a reading program keeps it from being emptied";
  }
  return {};
}

/// The whole database, page by page, as it stands at one moment.
void copy_pages(SqliteConnection& from, SqliteConnection& to) {
  if (auto* copy = sqlite3_backup_init(to.handle(), "main", from.handle(), "main")) {
    sqlite3_backup_step(copy, -1);  // in one piece: one consistent state, writers go on meanwhile
    sqlite3_backup_finish(copy);
  }
  const int rc = sqlite3_errcode(to.handle());
  if (rc != SQLITE_OK) throw_sqlite(to.handle(), rc, "backup");
}

void sync_to_disk(const std::string& path, int flags) {
  const int fd = ::open(path.c_str(), flags | O_CLOEXEC);
  const bool synced = fd >= 0 && ::fsync(fd) == 0;
  if (fd >= 0) ::close(fd);
  if (!synced) throw Refusal(Code::unavailable, "it did not reach the disk");
}

void SqliteDatabase::backup_to(const std::string& path, const Job& leave_out) {
  const auto unfinished = path + ".part";
  struct stat there {};
  const int fd = ::stat(path.c_str(), &there) == 0
                     ? -1
                     : ::open(unfinished.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) {
    throw OperatorError(
        fmt::format("The backup {} cannot be written: the file exists already or its folder cannot be used.", path));
  }
  ::close(fd);
  std::string why;
  try {
    {
      // Connections of their own: a long copy takes no reader from the screens and is bound by no time.
      SqliteConnection source(options_, SqliteConnection::Use::read);
      auto options = options_;
      options.path = unfinished;
      options.vfs.clear();
      SqliteConnection target(options, SqliteConnection::Use::copy);
      copy_pages(source, target);
      // One file that needs no log beside it.
      target.script("PRAGMA journal_mode=DELETE");
      if (leave_out) run_alone(target, {}, *options_.clock, leave_out);
    }
    sync_to_disk(unfinished, O_RDWR);
    if (::rename(unfinished.c_str(), path.c_str()) != 0) throw Refusal(Code::unavailable, "it could not be named");
    const auto slash = path.rfind('/');
    sync_to_disk(slash == path.npos ? "." : path.substr(0, slash + 1), O_RDONLY | O_DIRECTORY);
    return;
  } catch (const Refusal& e) {
    why = e.problem().inside;
  } catch (const ConstraintError& e) {
    why = e.detail();
  }
  for (const char* rest : {"", "-journal", "-wal", "-shm"}) ::unlink((unfinished + rest).c_str());
  throw OperatorError(fmt::format("The backup {} could not be written ({}). Check the space on its disk.", path, why));
}

}  // namespace

std::unique_ptr<Database> open_sqlite(const SqliteOptions& options) {
  // Nobody reads the engine's memory statistics, and keeping them takes one lock of the whole process for every block. Only
  // possible before the engine is first used; later it keeps them.
  static const int without_statistics = sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
  (void)without_statistics;
  static const SystemClock machine;
  auto all = options;
  if (!all.clock) all.clock = &machine;
  return std::make_unique<SqliteDatabase>(all);
}

}  // namespace xinyi::storage
