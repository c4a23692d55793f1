#include "storage/sqlite_connection.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "storage/engine_rules.hpp"
#include "storage/gathered.hpp"

namespace xinyi::storage {
namespace {

void bind(sqlite3* db, sqlite3_stmt* stmt, std::span<const Param> params, sqlite3_destructor_type keep) {
  invariant(sqlite3_bind_parameter_count(stmt) == static_cast<int>(params.size()),
            "parameters do not fit the statement");
  int i = 0;
  for (const auto& p : params) {
    ++i;
    int rc = SQLITE_OK;
    if (std::holds_alternative<std::monostate>(p)) {
      rc = sqlite3_bind_null(stmt, i);
    } else if (const auto* n = std::get_if<std::int64_t>(&p)) {
      rc = sqlite3_bind_int64(stmt, i, *n);
    } else if (const auto* d = std::get_if<double>(&p)) {
      rc = sqlite3_bind_double(stmt, i, *d);
    } else if (const auto* t = std::get_if<std::string_view>(&p)) {
      // A null pointer would bind NULL: the empty text has an address of its own.
      rc = sqlite3_bind_text64(stmt, i, t->empty() ? "" : t->data(), t->size(), keep, SQLITE_UTF8);
    } else {
      const auto& b = std::get<View>(p);
      rc = b.empty() ? sqlite3_bind_zeroblob(stmt, i, 0) : sqlite3_bind_blob64(stmt, i, b.data(), b.size(), keep);
    }
    if (rc != SQLITE_OK) throw_sqlite(db, rc, "bind");
  }
}

View blob_of(sqlite3_stmt* stmt, int c) {
  const auto* p = static_cast<const std::uint8_t*>(sqlite3_column_blob(stmt, c));
  return {p, static_cast<std::size_t>(sqlite3_column_bytes(stmt, c))};
}
std::string_view text_of(sqlite3_stmt* stmt, int c) {
  const auto* p = reinterpret_cast<const char*>(sqlite3_column_text(stmt, c));
  return {p, static_cast<std::size_t>(sqlite3_column_bytes(stmt, c))};
}

int past_deadline(void* p) {
  const auto deadline = *static_cast<std::chrono::steady_clock::time_point*>(p);
  return deadline.time_since_epoch().count() != 0 && std::chrono::steady_clock::now() > deadline;
}

}  // namespace

void throw_sqlite(sqlite3* db, int rc, std::string_view doing) {
  const std::string message = db ? sqlite3_errmsg(db) : sqlite3_errstr(rc);
  const int extended = db ? sqlite3_extended_errcode(db) : rc;
  switch (rc & 0xff) {
    case SQLITE_CONSTRAINT: {
      auto kind = ConstraintError::Kind::other;
      if (extended == SQLITE_CONSTRAINT_UNIQUE || extended == SQLITE_CONSTRAINT_PRIMARYKEY ||
          extended == SQLITE_CONSTRAINT_ROWID) {
        kind = ConstraintError::Kind::unique;
      } else if (extended == SQLITE_CONSTRAINT_TRIGGER && message == "occupied") {
        kind = ConstraintError::Kind::occupied;
      }
      throw ConstraintError(kind, message);
    }
    case SQLITE_FULL: throw Refusal(Code::storage_full, fmt::format("sqlite {}: {}", doing, message));
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_INTERRUPT:
      throw Refusal(Code::unavailable, fmt::format("sqlite {}: {} ({})", doing, message, extended));
    case SQLITE_TOOBIG: throw Refusal(Code::too_large, fmt::format("sqlite {}: {}", doing, message));
    default: throw Refusal(Code::internal, fmt::format("sqlite {}: {} ({})", doing, message, extended));
  }
}

/// A statement on loan; goes back clean, whatever happens.
class SqliteConnection::Borrowed {
 public:
  Borrowed(SqliteConnection& c, Sql sql) : c_(c), sql_(sql), stmt_(c.take(sql)) {}
  ~Borrowed() { c_.give_back(sql_, stmt_); }
  Borrowed(const Borrowed&) = delete;
  Borrowed& operator=(const Borrowed&) = delete;
  sqlite3_stmt* get() const { return stmt_; }
  /// True when there is a row.
  bool step() {
    const int rc = sqlite3_step(stmt_);
    if (rc == SQLITE_ROW) return true;
    if (rc != SQLITE_DONE) throw_sqlite(c_.handle(), rc, sql_.text);
    return false;
  }

 private:
  SqliteConnection& c_;
  Sql sql_;
  sqlite3_stmt* stmt_;
};

class SqliteConnection::Stream final : public Cursor {
 public:
  Stream(SqliteConnection& c, Sql sql, std::span<const Param> params) : c_(c), loan_(c, sql) {
    bind(c.handle(), loan_.get(), params, SQLITE_TRANSIENT);
    ++c_.open_cursors_;
  }
  ~Stream() override { --c_.open_cursors_; }

  bool step() override {
    if (done_) return false;  // the engine would begin again
    row_ = loan_.step();
    done_ = !row_;
    return row_;
  }
  bool null(int c) const override { return type(c) == SQLITE_NULL; }
  std::int64_t integer(int c) const override { return need(c, SQLITE_INTEGER), sqlite3_column_int64(loan_.get(), c); }
  double real(int c) const override {
    if (type(c) != SQLITE_INTEGER) need(c, SQLITE_FLOAT);
    return sqlite3_column_double(loan_.get(), c);
  }
  std::string_view text(int c) const override { return need(c, SQLITE_TEXT), text_of(loan_.get(), c); }
  View blob(int c) const override { return need(c, SQLITE_BLOB), blob_of(loan_.get(), c); }

 private:
  int type(int c) const {
    invariant(row_ && c >= 0 && c < sqlite3_data_count(loan_.get()), "no such column, or no row");
    return sqlite3_column_type(loan_.get(), c);
  }
  void need(int c, int wanted) const {
    invariant(type(c) == wanted, "a column was read as another type than it holds");
  }
  SqliteConnection& c_;
  Borrowed loan_;
  bool row_ = false;
  bool done_ = false;
};

SqliteConnection::SqliteConnection(const SqliteOptions& options, Use use) {
  if (use == Use::write && options.vfs.empty()) {
    // Before the engine does, so that the file (and the log beside it, which takes its mode) is nobody else's to read.
    const int fd = ::open(options.path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd >= 0) ::close(fd);
  }
  const int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE |
                    (use == Use::read ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
  const int rc =
      sqlite3_open_v2(options.path.c_str(), &db_, flags, options.vfs.empty() ? nullptr : options.vfs.c_str());
  try {
    if (rc != SQLITE_OK) throw_sqlite(db_, rc, "open");
    configure(options, use);
  } catch (const Refusal& e) {
    sqlite3_close_v2(std::exchange(db_, nullptr));
    throw OperatorError(
        fmt::format("The database {} cannot be opened ({}). Check that its folder exists and belongs to the "
                    "user that runs the program.",
                    options.path, e.problem().inside));
  }
}

SqliteConnection::~SqliteConnection() {
  for (auto& [text, statements] : free_) {
    for (auto* s : statements) sqlite3_finalize(s);
  }
  sqlite3_close_v2(db_);
}

void SqliteConnection::configure(const SqliteOptions& options, Use use) {
  const auto& s = options.synchronous;
  invariant(s == "FULL" || s == "NORMAL" || s == "OFF" || s == "EXTRA", "no such synchronous setting");
  sqlite3_busy_timeout(db_, 5000);  // only for an operator's own sqlite3 beside us
  constexpr std::array<std::pair<int, int>, 5> kSettings{{{SQLITE_DBCONFIG_DEFENSIVE, 1},
                                                          {SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0},
                                                          {SQLITE_DBCONFIG_ENABLE_FKEY, 1},
                                                          {SQLITE_DBCONFIG_DQS_DML, 0},
                                                          {SQLITE_DBCONFIG_DQS_DDL, 0}}};
  for (const auto& [what, on] : kSettings) {
    int now = -1;
    const int rc = sqlite3_db_config(db_, what, on, &now);
    if (rc != SQLITE_OK || now != on) throw_sqlite(db_, rc == SQLITE_OK ? SQLITE_ERROR : rc, "db_config");
  }
  sqlite3_limit(db_, SQLITE_LIMIT_ATTACHED, 0);
  script("PRAGMA mmap_size=0; PRAGMA temp_store=MEMORY; PRAGMA cell_size_check=ON;");
  sqlite3_wal_autocheckpoint(db_, 0);
  if (use == Use::read) {
    script("PRAGMA query_only=ON;");
    sqlite3_progress_handler(db_, 20'000, past_deadline, &deadline_);
    return;
  }
  if (use == Use::copy) {
    script("PRAGMA secure_delete=ON; PRAGMA synchronous=FULL;");
    return;
  }
  const auto mode = gather("PRAGMA journal_mode=WAL", {});
  if (!mode->step() || mode->text(0) != "wal")
    throw Refusal(Code::internal, "the file system allows no write-ahead log");
  script("PRAGMA synchronous=" + s + "; PRAGMA cache_size=-8000;");
  // The writer looks at the length of the log after it has answered, instead of checkpointing inside the commit.
  sqlite3_wal_hook(
      db_,
      [](void* self, sqlite3*, const char*, int frames) {
        static_cast<SqliteConnection*>(self)->wal_frames = frames;
        return SQLITE_OK;
      },
      this);
}

sqlite3_stmt* SqliteConnection::take(Sql sql) {
  auto& free = free_[sql.text];
  if (!free.empty()) {
    auto* s = free.back();
    free.pop_back();
    return s;
  }
  sqlite3_stmt* stmt = nullptr;
  const char* tail = nullptr;
  const int rc = sqlite3_prepare_v3(db_, sql.text, -1, SQLITE_PREPARE_PERSISTENT, &stmt, &tail);
  if (rc != SQLITE_OK) throw_sqlite(db_, rc, sql.text);
  if (stmt == nullptr || std::string_view(tail).find_first_not_of(" \t\r\n;") != std::string_view::npos) {
    sqlite3_finalize(stmt);
    throw Bug("a statement must be exactly one");
  }
  return stmt;
}

void SqliteConnection::give_back(Sql sql, sqlite3_stmt* stmt) noexcept {
  sqlite3_reset(stmt);
  sqlite3_clear_bindings(stmt);  // no content lingers in a statement at rest
  try {
    free_[sql.text].push_back(stmt);
  } catch (const std::bad_alloc&) {
    sqlite3_finalize(stmt);
  }
}

int SqliteConnection::control(Sql sql) {
  const Borrowed loan(*this, sql);
  const int rc = sqlite3_step(loan.get());
  return rc == SQLITE_DONE || rc == SQLITE_ROW ? SQLITE_OK : rc;
}

void SqliteConnection::control_or_throw(Sql sql) {
  const int rc = control(sql);
  if (rc != SQLITE_OK) throw_sqlite(db_, rc, sql.text);
}

void SqliteConnection::script(const std::string& sql) {
  const int rc = sqlite3_exec(db_, sql.c_str(), nullptr, nullptr, nullptr);
  if (rc != SQLITE_OK) throw_sqlite(db_, rc, "script");
}

std::int64_t SqliteConnection::change(Sql sql, std::span<const Param> params) {
  check_params(params);
  Borrowed loan(*this, sql);
  bind(db_, loan.get(), params, SQLITE_STATIC);
  while (loan.step()) {
  }
  return sqlite3_stmt_readonly(loan.get()) ? 0 : sqlite3_changes64(db_);
}

std::unique_ptr<Cursor> SqliteConnection::stream(Sql sql, std::span<const Param> params) {
  check_params(params);
  return std::make_unique<Stream>(*this, sql, params);
}

std::unique_ptr<Cursor> SqliteConnection::gather(Sql sql, std::span<const Param> params) {
  check_params(params);
  Borrowed loan(*this, sql);
  bind(db_, loan.get(), params, SQLITE_STATIC);
  const int columns = sqlite3_column_count(loan.get());
  auto out = std::make_unique<Gathered>(columns);
  while (loan.step()) {
    for (int c = 0; c < columns; ++c) {
      switch (sqlite3_column_type(loan.get(), c)) {
        case SQLITE_NULL: out->add_null(); break;
        case SQLITE_INTEGER: out->add_integer(sqlite3_column_int64(loan.get(), c)); break;
        case SQLITE_FLOAT: out->add_real(sqlite3_column_double(loan.get(), c)); break;
        case SQLITE_TEXT: out->add_text(text_of(loan.get(), c)); break;
        default: out->add_blob(blob_of(loan.get(), c));
      }
    }
  }
  return out;
}

}  // namespace xinyi::storage
