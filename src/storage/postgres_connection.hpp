// One PostgreSQL connection: statements go out in pipelines, errors come back as one type.
#pragma once
#include <libpq-fe.h>

#include <chrono>
#include <unordered_map>

#include "storage/engine_rules.hpp"
#include "storage/gathered.hpp"

namespace xinyi::storage {

/// What the server or the line answered. Values that a person typed are not in it.
struct PgError {
  std::string state;  // SQLSTATE; empty when the line broke
  std::string message;
  bool lost = false;  // the connection is gone: what was not committed is undone
  bool constraint() const;
};
/// The error as the house's exception.
[[noreturn]] void throw_postgres(const PgError& error);

class PgConnection {
 public:
  enum class Use { read, write, owner };
  /// PgError (lost) when the server does not answer within 5 s.
  PgConnection(const std::string& url, Use use);

  /// Puts a statement in front of the next one: both travel together. Texts in `params` must live until then.
  void before(Sql sql, std::vector<Param> params = {}) { pending_.push_back({sql, std::move(params)}); }
  /// All rows of one statement; `changed` takes the number of rows that it changed, `tag` the server's word for it.
  std::unique_ptr<Gathered> run(Sql sql, std::span<const Param> params = {}, std::int64_t* changed = nullptr,
                                std::string* tag = nullptr);
  /// Sends what is still pending.
  void flush();
  /// Several statements at once, not kept: schema steps.
  void script(const std::string& sql);
  void forget_pending() { pending_.clear(); }
  bool usable() const;
  /// As of the last script.
  bool in_transaction() const;

 private:
  struct Command {
    Sql sql;
    std::vector<Param> params;
  };
  struct Prepared {
    std::vector<Oid> types;
    std::string name;
    bool known = false;  // by the server
  };
  struct Sent {
    Prepared* prepares = nullptr;  // this command is the preparation of that statement
  };
  Prepared& statement(Sql sql, std::span<const Param> params);
  void send(Sql sql, std::span<const Param> params, std::vector<Sent>& sent);
  /// Reads all answers up to the end of the pipeline; gives the last one. Throws the first error.
  std::shared_ptr<PGresult> collect(const std::vector<Sent>& sent);
  [[noreturn]] void broken() const;
  void set_up(Use use);

  std::shared_ptr<PGconn> conn_;
  std::vector<Command> pending_;
  std::unordered_map<const char*, std::vector<std::unique_ptr<Prepared>>> prepared_;
  int names_ = 0;
};

}  // namespace xinyi::storage
