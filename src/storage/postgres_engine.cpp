#include <fmt/format.h>

#include "kernel/stack.hpp"
#include "storage/postgres_migrate.hpp"
#include "storage/postgres_writer.hpp"

namespace xinyi::storage {
namespace {

class PgReadTx final : public ReadTx {
 public:
  PgReadTx(const SchoolId& school, PgConnection& c)
      : ReadTx(school), c_(c), ends_(std::chrono::steady_clock::now() + kReadLimit) {}
  Instant clock_now() override { return server_clock(*this); }

 protected:
  std::unique_ptr<Cursor> run(Sql sql, std::span<const Param> params) override {
    check_params(params);
    if (std::chrono::steady_clock::now() > ends_) throw Refusal(Code::unavailable, "a read lasted longer than 5 s");
    try {
      return c_.run(sql, params);
    } catch (const PgError& e) {
      throw_postgres(e);
    }
  }

 private:
  PgConnection& c_;
  std::chrono::steady_clock::time_point ends_;
};

/// Reading connections, opened when first needed.
class ReadPool {
 public:
  ReadPool(std::string url, int size) : url_(std::move(url)), allowed_(size) {}

  /// A connection in a transaction of the school; what the server had closed meanwhile is replaced.
  class Loan {
   public:
    Loan(ReadPool& pool, const SchoolId& school) : pool_(pool), connection_(pool.take()) {
      try {
        const auto hex = to_hex(school.bytes());
        if (connection_ && !begin(hex)) connection_.reset();
        while (!connection_ && (connection_ = pool.idle())) {
          if (!begin(hex)) connection_.reset();
        }
        if (!connection_) {
          connection_ = std::make_unique<PgConnection>(pool.url_, PgConnection::Use::read);
          if (!begin(hex)) throw Refusal(Code::unavailable, "the database ended the connection");
        }
      } catch (...) {
        pool_.give_back(nullptr);
        throw;
      }
    }
    ~Loan() {
      try {
        connection_->forget_pending();
        connection_->run("ROLLBACK");  // nothing was written
      } catch (...) {
        connection_.reset();
      }
      pool_.give_back(std::move(connection_));
    }
    Loan(const Loan&) = delete;
    Loan& operator=(const Loan&) = delete;
    PgConnection& connection() { return *connection_; }

   private:
    bool begin(const std::string& hex) {
      try {
        connection_->before("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
        connection_->before("SELECT set_config('xinyi.school', ?1, true)", {to_param(hex)});
        connection_->flush();
        return true;
      } catch (const PgError& e) {
        if (!e.lost) throw;
        return false;
      }
    }
    ReadPool& pool_;
    std::unique_ptr<PgConnection> connection_;
  };

 private:
  /// A right to one connection, with an idle one if there is any.
  std::unique_ptr<PgConnection> take() {
    std::unique_lock lock(mutex_);
    if (!wake_.wait_for(lock, kReadLimit, [&] { return allowed_ > 0; })) {
      throw Refusal(Code::unavailable, "no reading connection became free");
    }
    --allowed_;
    return pop();
  }
  std::unique_ptr<PgConnection> idle() {
    const std::lock_guard lock(mutex_);
    return pop();
  }
  std::unique_ptr<PgConnection> pop() {
    if (idle_.empty()) return nullptr;
    auto c = std::move(idle_.back());
    idle_.pop_back();
    return c;
  }
  void give_back(std::unique_ptr<PgConnection> c) {
    {
      const std::lock_guard lock(mutex_);
      ++allowed_;
      if (c && c->usable()) idle_.push_back(std::move(c));
    }
    wake_.notify_one();
  }
  std::string url_;
  std::mutex mutex_;
  std::condition_variable wake_;
  int allowed_;
  std::vector<std::unique_ptr<PgConnection>> idle_;
};

/// Threads that wait for the network in place of the event loops.
class ReadThreads {
 public:
  explicit ReadThreads(int count) {
    for (int i = 0; i < count; ++i) threads_.emplace_back([this] { loop(); });
  }
  ~ReadThreads() {
    {
      const std::lock_guard lock(mutex_);
      stop_ = true;
    }
    wake_.notify_all();
    for (auto& t : threads_) t.join();
  }
  void post(std::function<void()> work) {
    {
      const std::lock_guard lock(mutex_);
      queue_.push_back(std::move(work));
    }
    wake_.notify_one();
  }

 private:
  void loop() {
    while (true) {
      std::function<void()> work;
      {
        std::unique_lock lock(mutex_);
        wake_.wait(lock, [&] { return stop_ || !queue_.empty(); });
        if (queue_.empty()) return;
        work = std::move(queue_.front());
        queue_.pop_front();
      }
      work();
      wipe_stack_below();
    }
  }
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::function<void()>> queue_;
  bool stop_ = false;
  std::vector<std::thread> threads_;
};

class PostgresDatabase final : public Database {
 public:
  explicit PostgresDatabase(const PostgresOptions& options)
      : options_(options),
        pool_(options.url, options.connections),
        writer_(options.url),
        threads_(options.connections) {}

  std::string_view engine() const override { return "postgresql"; }
  bool reads_block() const override { return true; }

  void read_now(const SchoolId& school, const std::function<void(ReadTx&)>& work) override {
    try {
      ReadPool::Loan loan(pool_, school);
      PgReadTx tx(school, loan.connection());
      work(tx);
    } catch (const PgError& e) {
      throw_postgres(e);
    }
  }
  void read_later(const SchoolId& school, std::function<void(ReadTx&)> work, Done done) override {
    threads_.post([this, school, work = std::move(work), done = std::move(done)] {
      std::exception_ptr error;
      try {
        read_now(school, work);
      } catch (...) {
        error = std::current_exception();
      }
      done(std::move(error));
    });
  }
  void write_later(const SchoolId& school, Job job, Done done, Weight) override {
    writer_.enqueue(school, std::move(job), std::move(done));
  }
  void migrate(std::span<const Migration> migrations) override { migrate_postgres(options_, migrations); }

  int schema_version() override {
    return read(SchoolId(), [](ReadTx& tx) {
      if (!tx.one("SELECT 1 FROM pg_class WHERE relname = 'schema_migrations' AND relnamespace = "
                  "current_schema()::regnamespace"))
        return 0;
      return tx.one("SELECT count(*) FROM schema_migrations")->get<int>(0);
    });
  }
  std::string ailment() override {
    try {
      return read(SchoolId(), [](ReadTx& tx) -> std::string {
        const auto row = tx.one(
            "SELECT current_setting('fsync') = 'on', current_setting('full_page_writes') = 'on', "
            "pg_is_in_recovery()");
        if (!row->get<bool>(0)) return "the database server runs with fsync off and loses writes in a power cut";
        if (!row->get<bool>(1))
          return "the database server runs with full_page_writes off and may be damaged by a power cut";
        if (row->get<bool>(2)) return "the database server is a standby and takes no writes";
        return {};
      });
    } catch (const Refusal& e) {
      return "the database server does not answer: " + e.problem().inside;
    }
  }
  void backup_to(const std::string&, const Job&) override {
    throw OperatorError("A database on PostgreSQL is backed up with its own tools, such as pg_basebackup or pg_dump.");
  }

  /// Refuses a server or a role on which the promises of this house would not hold.
  void check() {
    try {
      PgConnection c(options_.url, PgConnection::Use::read);
      const auto row = c.run(
          "SELECT r.rolsuper OR r.rolbypassrls, current_setting('server_version_num')::int, "
          "current_setting('server_encoding') FROM pg_roles r WHERE r.rolname = current_user");
      invariant(row->step(), "the server does not know the role that signed in");
      if (row->integer(0) != 0) {
        throw OperatorError(
            "The application's role of the database may pass over row-level security. Give the application a "
            "role without SUPERUSER and BYPASSRLS that owns nothing.");
      }
      if (row->integer(1) < 150'000)
        throw OperatorError("The database server is too old: PostgreSQL 15 or newer is needed.");
      if (row->text(2) != "UTF8") throw OperatorError("The database must be created with the encoding UTF8.");
    } catch (const PgError& e) {
      throw OperatorError(
          fmt::format("The database server cannot be used ({}). Check that it runs and that its address is "
                      "right.",
                      e.message));
    }
  }

 private:
  PostgresOptions options_;
  ReadPool pool_;
  PostgresWriter writer_;
  ReadThreads threads_;
};

}  // namespace

std::unique_ptr<Database> open_postgresql(const PostgresOptions& options) {
  auto db = std::make_unique<PostgresDatabase>(options);
  db->check();
  return db;
}

}  // namespace xinyi::storage
