// The transaction is the storage interface. Two engines, one behaviour: what is written here holds on
// SQLite and PostgreSQL alike and is proved by one conformance suite.
//
//   db.write(school, [&](WriteTx& tx) { tx.exec("INSERT ...", id, name); });
//
// * One request, one transaction. Writes of a school run one after the other on both engines; SQLite commits
//   them in groups (one fsync), PostgreSQL under an advisory lock of the school.
// * A job may be run more than once (group retry, lost connection before commit): it holds no side effect
//   outside the transaction.
// * A write is ordinary or vital. On a full disk the embedded engine refuses the ordinary ones and keeps a reserve for
//   the vital ones; the disk of a PostgreSQL server is that server's, and there the two are alike.
// * A job that throws is undone alone; the others of its group are kept.
// * Text is UTF-8 without NUL; anything else is refused with Refusal(invalid_input). TEXT compares byte by byte.
// * SQL is a literal: nothing is pasted into it. Placeholders are ?1, ?2 … on both engines.
// * Column types: INTEGER (64 bit), TEXT, BLOB, REAL. Ids are BLOB(16), instants INTEGER microseconds, dates INTEGER
//   day numbers, booleans INTEGER 0/1, enumerations TEXT.
#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <variant>

#include "kernel/bytes.hpp"
#include "kernel/id.hpp"
#include "kernel/task.hpp"
#include "kernel/text.hpp"
#include "kernel/time.hpp"
#include "storage/reserve.hpp"

namespace xinyi::storage {

/// A statement's text: only a literal can be one.
struct Sql {
  consteval Sql(const char* literal) : text(literal) {}
  const char* text;
};

using Param = std::variant<std::monostate, std::int64_t, double, std::string_view, View>;

// How our types are stored; a room adds an overload of to_param in its own namespace for a type of its own.
inline Param to_param(std::nullptr_t) { return std::monostate{}; }
template <class T>
requires std::is_integral_v<T> Param to_param(T v) { return static_cast<std::int64_t>(v); }
inline Param to_param(double v) { return v; }
inline Param to_param(std::string_view v) { return v; }
inline Param to_param(const std::string& v) { return std::string_view(v); }
inline Param to_param(const char* v) { return std::string_view(v); }
inline Param to_param(View v) { return v; }
inline Param to_param(const Bytes& v) { return View(v); }
template <std::size_t N>
Param to_param(const Fixed<N>& v) {
  return View(v);
}
template <class Tag>
Param to_param(const Id<Tag>& v) {
  return View(v.bytes());
}
inline Param to_param(Instant v) { return v.micros; }
inline Param to_param(SchoolDate v) { return static_cast<std::int64_t>(v.day_number()); }
inline Param to_param(WallTime v) { return static_cast<std::int64_t>(v.minutes); }
template <std::size_t A, std::size_t B, Lines L>
Param to_param(const Text<A, B, L>& v) {
  return std::string_view(v.str());
}
template <class T>
Param to_param(const std::optional<T>& v) {
  return v ? to_param(*v) : Param{std::monostate{}};
}

/// One result set being stepped through. Views are good until the next step; a cursor ends with its transaction.
/// Reading NULL or another type than the asked one is a Bug (real also takes an integer).
class Cursor {
 public:
  virtual ~Cursor() = default;
  virtual bool step() = 0;
  virtual bool null(int column) const = 0;
  virtual std::int64_t integer(int column) const = 0;
  virtual double real(int column) const = 0;
  virtual std::string_view text(int column) const = 0;
  virtual View blob(int column) const = 0;
};

class Row {
 public:
  explicit Row(Cursor& c) : c_(&c) {}
  bool null(int column) const { return c_->null(column); }
  /// The column as T: integers, bool, double, std::string, std::string_view, Bytes, View, Fixed<N>, Id<…>, Instant,
  /// SchoolDate, WallTime and optionals of them. A value of the wrong length is a Bug (a damaged database).
  template <class T>
  T get(int column) const;

 private:
  Cursor* c_;
};

/// for (Row row : tx.query(...)) …
class Rows {
 public:
  explicit Rows(std::unique_ptr<Cursor> c) : c_(std::move(c)) {}
  class iterator {
   public:
    iterator(Cursor* c, bool more) : c_(c), more_(more) {}
    Row operator*() const { return Row(*c_); }
    iterator& operator++() {
      more_ = c_->step();
      return *this;
    }
    bool operator!=(std::default_sentinel_t) const { return more_; }

   private:
    Cursor* c_;
    bool more_;
  };
  iterator begin() { return {c_.get(), c_->step()}; }
  std::default_sentinel_t end() const { return {}; }

 private:
  std::unique_ptr<Cursor> c_;
};

/// A row that keeps its cursor.
class OwnedRow {
 public:
  explicit OwnedRow(std::unique_ptr<Cursor> c) : c_(std::move(c)) {}
  bool null(int column) const { return c_->null(column); }
  template <class T>
  T get(int column) const {
    return Row(*c_).get<T>(column);
  }

 private:
  std::unique_ptr<Cursor> c_;
};

/// A consistent view of one school. Lives at most 5 s.
class ReadTx {
 public:
  virtual ~ReadTx() = default;
  const SchoolId& school() const { return school_; }
  /// The clock that all processes on this database share, for leases: PostgreSQL's own, on SQLite the process's. It may
  /// jump; what it dates must bear that.
  virtual Instant clock_now() = 0;
  template <class... P>
  Rows query(Sql sql, const P&... params) {
    const std::array<Param, sizeof...(P)> list{to_param(params)...};
    return Rows(run(sql, list));
  }
  /// The first row, if there is one.
  template <class... P>
  std::optional<OwnedRow> one(Sql sql, const P&... params) {
    const std::array<Param, sizeof...(P)> list{to_param(params)...};
    auto c = run(sql, list);
    if (!c->step()) return std::nullopt;
    return OwnedRow(std::move(c));
  }

 protected:
  explicit ReadTx(const SchoolId& school) : school_(school) {}
  virtual std::unique_ptr<Cursor> run(Sql sql, std::span<const Param> params) = 0;
  SchoolId school_;
};

/// Thrown by exec/query when a unique key, a check, a foreign key or the occupancy rule refuses.
class ConstraintError : public std::exception {
 public:
  enum class Kind { unique, occupied, other };
  ConstraintError(Kind kind, std::string detail) : kind_(kind), detail_(std::move(detail)) {}
  Kind kind() const { return kind_; }
  const std::string& detail() const { return detail_; }  // for the operator
  const char* what() const noexcept override { return "storage constraint"; }

 private:
  Kind kind_;
  std::string detail_;
};

class WriteTx : public ReadTx {
 public:
  /// Rows changed. A refused constraint throws ConstraintError and leaves the transaction usable on both engines.
  template <class... P>
  std::int64_t exec(Sql sql, const P&... params) {
    const std::array<Param, sizeof...(P)> list{to_param(params)...};
    return change(sql, list);
  }

 protected:
  using ReadTx::ReadTx;
  virtual std::int64_t change(Sql sql, std::span<const Param> params) = 0;
};

/// A numbered, forward-only schema step. Text is SQL for both engines; parts between `-- @sqlite` / `-- @postgresql`
/// and `-- @end` are for one of them. On PostgreSQL INTEGER becomes BIGINT, BLOB BYTEA, STRICT and WITHOUT ROWID vanish,
/// and every table with a school_id gets forced row-level security.
struct Migration {
  std::string
      name;  // "0001_people.sql"; rooms are applied in the order of the house, steps in the order of their numbers
  std::string sql;
};

using Job = std::function<void(WriteTx&)>;
/// What a write is worth when the disk is full. Vital: people come in and get out, read under audit, and the log is signed.
enum class Weight { ordinary, vital };
/// Called once, on an engine thread, after the commit is durable or the job has failed.
using Done = std::function<void(std::exception_ptr)>;

class Database {
 public:
  virtual ~Database() = default;
  virtual std::string_view engine() const = 0;  // "sqlite" or "postgresql"

  /// Runs on the calling thread.
  virtual void read_now(const SchoolId& school, const std::function<void(ReadTx&)>& work) = 0;
  /// Queues; fails with Refusal(storage_full) when nothing was written because the disk is full. After an I/O error at
  /// commit the outcome is unknown: the process ends (exit status 70) and the client repeats with its key.
  virtual void write_later(const SchoolId& school, Job job, Done done, Weight weight = Weight::ordinary) = 0;
  /// True when reads may wait for a network and should not run on an event loop.
  virtual bool reads_block() const = 0;
  /// Runs on one of the engine's own threads (PostgreSQL) or at once (SQLite).
  virtual void read_later(const SchoolId& school, std::function<void(ReadTx&)> work, Done done) = 0;

  /// Applies what is missing, each step in a transaction of its own. OperatorError when the database is newer than this
  /// program (it holds steps that are not in the list: always pass the whole list) or an applied step was altered.
  virtual void migrate(std::span<const Migration> migrations) = 0;
  virtual int schema_version() = 0;  // number of migrations applied
  /// One line of health for `doctor` and /readyz; empty when well.
  virtual std::string ailment() = 0;
  /// The disk is full: only vital writes are taken, until there is room for the reserve again.
  virtual bool scarce() const { return false; }
  /// A consistent copy of everything in a new file, without what `leave_out` removes from it: that is overwritten, not only
  /// unlinked, and the file has its name only when it is whole. Writes go on meanwhile. Not offered on PostgreSQL, whose
  /// operators have their own tools.
  virtual void backup_to(const std::string& path, const Job& leave_out = {}) = 0;

  template <class F>
  auto read(const SchoolId& school, F&& work) -> std::invoke_result_t<F, ReadTx&> {
    using R = std::invoke_result_t<F, ReadTx&>;
    if constexpr (std::is_void_v<R>) {
      read_now(school, [&](ReadTx& tx) { work(tx); });
    } else {
      std::optional<R> out;
      read_now(school, [&](ReadTx& tx) { out.emplace(work(tx)); });
      return std::move(*out);
    }
  }
  /// Waits for the durable commit on the calling thread. For commands and tests; never on an event loop.
  template <class F>
  auto write(const SchoolId& school, F&& work, Weight weight = Weight::ordinary) -> std::invoke_result_t<F, WriteTx&>;

  /// The same for coroutines: suspends, goes on at `executor`.
  template <class F>
  auto write_task(const SchoolId& school, Executor& executor, F work, Weight weight = Weight::ordinary)
      -> Task<std::invoke_result_t<F, WriteTx&>>;
  template <class F>
  auto read_task(const SchoolId& school, Executor& executor, F work) -> Task<std::invoke_result_t<F, ReadTx&>>;
};

/// What only the operator can put right: a database newer than this program, a locked folder, a server that does not
/// answer. what() is a whole sentence that says what to do and holds no secret.
class OperatorError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

struct SqliteOptions {
  std::string path;                  // the database file; its folder must exist
  std::string vfs;                   // for fault tests; empty: the system's
  std::string synchronous = "FULL";  // tests switch the guarantee off to see the control fail
  int readers = 4;
  /// Called with one line when the outcome of a commit is unknown. Empty: writes it to stderr and ends the process with
  /// status 70. When it returns (tests), every later write fails with Refusal(unavailable).
  std::function<void(std::string_view)> on_unknown_commit = {};
  int checkpoint_pages = 16'000;          // length of the log at which the writer empties it; 64 MB
  std::shared_ptr<Reserve> reserve = {};  // on the database's disk; null: a full disk refuses every write
  const Clock* clock = nullptr;           // for ReadTx::clock_now; null: the machine's
};
std::unique_ptr<Database> open_sqlite(const SqliteOptions& options);

struct PostgresOptions {
  std::string url;        // the application's role: owns nothing
  std::string owner_url;  // used by migrate only; empty: migrate is refused
  int connections = 8;    // for reads; writes have one connection more
};
std::unique_ptr<Database> open_postgresql(const PostgresOptions& options);

}  // namespace xinyi::storage

#include "storage/database_inline.hpp"
