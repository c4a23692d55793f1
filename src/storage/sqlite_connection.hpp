// One SQLite connection: settings, statements, errors. Used by one thread at a time.
#pragma once
#include <sqlite3.h>

#include <chrono>
#include <map>
#include <unordered_map>

#include "kernel/problem.hpp"
#include "storage/database.hpp"

namespace xinyi::storage {

/// An error of the engine as the house's exceptions: constraints as ConstraintError, a full disk as
/// Refusal(storage_full), a lock or an interrupted read as Refusal(unavailable), the rest as Refusal(internal).
[[noreturn]] void throw_sqlite(sqlite3* db, int rc, std::string_view doing);

class SqliteConnection {
 public:
  enum class Use { write, read, copy };  // copy: a backup in the making, where what is deleted is overwritten
  SqliteConnection(const SqliteOptions& options, Use use);
  ~SqliteConnection();
  SqliteConnection(const SqliteConnection&) = delete;
  SqliteConnection& operator=(const SqliteConnection&) = delete;

  sqlite3* handle() const { return db_; }
  /// False as soon as the engine has rolled the whole transaction back by itself.
  bool in_transaction() const { return sqlite3_get_autocommit(db_) == 0; }

  /// Statements without parameters and rows (BEGIN, SAVEPOINT …); returns the engine's result code.
  int control(Sql sql);
  void control_or_throw(Sql sql);
  /// Several statements at once, not kept: schema steps.
  void script(const std::string& sql);

  std::int64_t change(Sql sql, std::span<const Param> params);
  /// Stepped while the caller reads. Cursors must be gone when the transaction ends.
  std::unique_ptr<Cursor> stream(Sql sql, std::span<const Param> params);
  /// All rows at once: nothing stays open while the caller goes on to change what it reads.
  std::unique_ptr<Cursor> gather(Sql sql, std::span<const Param> params);
  int open_cursors() const { return open_cursors_; }

  /// Reads that run longer are interrupted. Zero point: no limit.
  void set_deadline(std::chrono::steady_clock::time_point deadline) { deadline_ = deadline; }

  int wal_frames = 0;  // as of the last commit of this connection

 private:
  class Borrowed;
  class Stream;
  sqlite3_stmt* take(Sql sql);
  void give_back(Sql sql, sqlite3_stmt* stmt) noexcept;
  void configure(const SqliteOptions& options, Use use);

  sqlite3* db_ = nullptr;
  // Free statements by the literal's address: the same literal may be open several times at once.
  std::unordered_map<const char*, std::vector<sqlite3_stmt*>> free_;
  int open_cursors_ = 0;
  std::chrono::steady_clock::time_point deadline_{};
};

}  // namespace xinyi::storage
