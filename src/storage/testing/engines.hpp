// The two engines as the conformance suite sees them: an empty database each, opened as often as a test likes.
#pragma once
#include <gtest/gtest.h>

#include <condition_variable>
#include <deque>
#include <filesystem>
#include <latch>
#include <mutex>

#include "kernel/embedded.hpp"
#include "kernel/problem.hpp"
#include "storage/testing/postgres_server.hpp"

namespace xinyi::embedded {
std::span<const File> storage_migrations();
}

namespace xinyi::storage::testing {

class TemporaryFolder {
 public:
  TemporaryFolder() {
    auto name = (std::filesystem::temp_directory_path() / "xinyi-test.XXXXXX").string();
    if (!::mkdtemp(name.data())) throw std::runtime_error("no temporary folder");
    path_ = name;
  }
  ~TemporaryFolder() { std::filesystem::remove_all(path_); }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

class SqliteEngine {
 public:
  static constexpr bool kManyProcesses = false;
  SqliteOptions options() const {
    SqliteOptions out;
    out.path = folder_.path() + "/xinyi.db";
    return out;
  }
  std::unique_ptr<Database> open() const { return open_sqlite(options()); }

 private:
  TemporaryFolder folder_;
};

class PostgresEngine {
 public:
  static constexpr bool kManyProcesses = true;
  std::unique_ptr<Database> open() const { return open_postgresql(database_.options()); }
  const TemporaryDatabase& database() const { return database_; }

 private:
  TemporaryDatabase database_;
};

struct EngineNames {
  template <class T>
  static std::string GetName(int) {
    return std::is_same_v<T, SqliteEngine> ? "sqlite" : "postgresql";
  }
};
using Engines = ::testing::Types<SqliteEngine, PostgresEngine>;

inline SchoolId school(std::uint8_t n) { return SchoolId(Fixed<16>{0x5c, n}); }

/// Storage's own steps and one table of every type.
inline std::vector<Migration> test_schema() {
  std::vector<Migration> steps;
  for (const auto& f : embedded::storage_migrations()) steps.push_back({std::string(f.name), std::string(f.text)});
  steps.push_back(
      {"9001_values.sql",
       "CREATE TABLE vals (\n"
       "  school_id BLOB NOT NULL,\n  id INTEGER NOT NULL,\n  i INTEGER,\n  r REAL,\n  t TEXT,\n  b BLOB,\n"
       "  PRIMARY KEY (school_id, id),\n  UNIQUE (school_id, t),\n  CHECK (i <> -13)\n) STRICT, WITHOUT ROWID;\n"});
  return steps;
}

template <class E>
class EngineTest : public ::testing::Test {
 protected:
  void SetUp() override { database->migrate(test_schema()); }
  std::int64_t count(const SchoolId& s) {
    return database->read(s, [&](ReadTx& tx) {
      return tx.one("SELECT count(*) FROM vals WHERE school_id = ?1", s)->template get<std::int64_t>(0);
    });
  }
  void put(WriteTx& tx, std::int64_t id) {
    tx.exec("INSERT INTO vals (school_id, id) VALUES (?1, ?2)", tx.school(), id);
  }

  E engine;
  std::unique_ptr<Database> database = engine.open();
  const SchoolId home = school(1);
};

/// Holds an engine's writer so that what is queued meanwhile becomes one group.
class Gate {
 public:
  explicit Gate(Database& db, const SchoolId& s) {
    db.write_later(
        s, [this](WriteTx&) { open_.wait(); }, [](std::exception_ptr) {});
  }
  void open() { open_.count_down(); }

 private:
  std::latch open_{1};
};

/// Queues jobs and waits for all answers.
class Answers {
 public:
  Done next() {
    const auto n = errors_.size();
    errors_.emplace_back();
    return [this, n](std::exception_ptr e) {
      const std::lock_guard lock(mutex_);
      errors_[n] = std::move(e);
      ++arrived_;
      wake_.notify_all();
    };
  }
  /// The errors in the order of next(); null for what was done.
  const std::deque<std::exception_ptr>& wait() {
    std::unique_lock lock(mutex_);
    wake_.wait(lock, [&] { return arrived_ == errors_.size(); });
    return errors_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::exception_ptr> errors_;
  std::size_t arrived_ = 0;
};

/// For a test's message.
inline std::string describe(const std::exception_ptr& e) {
  try {
    if (e) std::rethrow_exception(e);
  } catch (const Refusal& r) {
    return std::string(r.what()) + ": " + r.problem().inside;
  } catch (const ConstraintError& c) {
    return c.detail();
  } catch (const std::exception& other) {
    return other.what();
  }
  return "done";
}

inline Code code_of(const std::exception_ptr& e) {
  try {
    if (e) std::rethrow_exception(e);
  } catch (const Refusal& r) {
    return r.problem().code;
  }
  throw std::runtime_error("not a refusal");
}
inline bool occupied(const std::exception_ptr& e) {
  try {
    if (e) std::rethrow_exception(e);
  } catch (const ConstraintError& c) {
    return c.kind() == ConstraintError::Kind::occupied;
  }
  return false;
}

}  // namespace xinyi::storage::testing
