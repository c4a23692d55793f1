// A PostgreSQL server for tests: the one that script/with-postgres has started, or one of this process's own.
#pragma once
#include <fcntl.h>
#include <libpq-fe.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <memory>
#include <stdexcept>
#include <string>

#include "storage/database.hpp"

namespace xinyi::storage::testing {

class PostgresServer {
 public:
  static PostgresServer& shared() {
    static PostgresServer server;
    return server;
  }
  const std::string& app() const { return app_; }
  const std::string& owner() const { return owner_; }
  ~PostgresServer() {
    if (keep_ < 0) return;
    ::close(keep_);
    ::waitpid(child_, nullptr, 0);
  }
  PostgresServer(const PostgresServer&) = delete;
  PostgresServer& operator=(const PostgresServer&) = delete;

 private:
  PostgresServer() {
    const char* app = std::getenv("XINYI_TEST_POSTGRES");
    const char* owner = std::getenv("XINYI_TEST_POSTGRES_OWNER");
    if (app && owner) {
      app_ = app;
      owner_ = owner;
    } else {
      start();
    }
  }
  /// The server lives as long as our end of a pipe, so it also ends when this process is killed.
  void start() {
    int in[2];
    int out[2];
    if (::pipe2(in, O_CLOEXEC) != 0 || ::pipe2(out, O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
    child_ = ::fork();
    if (child_ == 0) {
      ::dup2(in[0], 0);
      ::dup2(out[1], 1);
      const char* command = "echo \"$XINYI_TEST_POSTGRES\"; echo \"$XINYI_TEST_POSTGRES_OWNER\"; cat >/dev/null";
      ::execl(XINYI_SCRIPTS "/with-postgres", "with-postgres", "sh", "-c", command, static_cast<char*>(nullptr));
      ::_exit(127);
    }
    ::close(in[0]);
    ::close(out[1]);
    keep_ = in[1];
    app_ = line(out[0]);
    owner_ = line(out[0]);
    ::close(out[0]);
    if (owner_.empty())
      throw std::runtime_error("script/with-postgres could not start a server; is postgresql-15 installed?");
  }
  static std::string line(int fd) {
    std::string text;
    char c = 0;
    while (::read(fd, &c, 1) == 1 && c != '\n') text += c;
    return text;
  }
  std::string app_;
  std::string owner_;
  int keep_ = -1;
  pid_t child_ = 0;
};

/// A plain connection for what a test does behind the engine's back.
class PlainConnection {
 public:
  explicit PlainConnection(const std::string& url) : conn_(PQconnectdb(url.c_str()), PQfinish) {
    if (PQstatus(conn_.get()) != CONNECTION_OK) throw std::runtime_error(PQerrorMessage(conn_.get()));
  }
  /// The first column of the first row, or nothing.
  std::string run(const std::string& sql) {
    const std::unique_ptr<PGresult, void (*)(PGresult*)> r(PQexec(conn_.get(), sql.c_str()), PQclear);
    const auto status = PQresultStatus(r.get());
    if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK)
      throw std::runtime_error(PQresultErrorMessage(r.get()));
    return status == PGRES_TUPLES_OK && PQntuples(r.get()) > 0 ? PQgetvalue(r.get(), 0, 0) : "";
  }

 private:
  std::unique_ptr<PGconn, void (*)(PGconn*)> conn_;
};

/// An empty database of its own, gone at the end.
class TemporaryDatabase {
 public:
  TemporaryDatabase() : name_("t" + std::to_string(::getpid()) + "_" + std::to_string(next_++)) {
    PlainConnection(PostgresServer::shared().owner()).run("CREATE DATABASE " + name_ + " TEMPLATE template0");
  }
  ~TemporaryDatabase() {
    try {
      PlainConnection(PostgresServer::shared().owner()).run("DROP DATABASE " + name_ + " WITH (FORCE)");
    } catch (const std::exception&) {  // the server goes away with everything in it
    }
  }
  TemporaryDatabase(const TemporaryDatabase&) = delete;
  TemporaryDatabase& operator=(const TemporaryDatabase&) = delete;
  // Of two words for the same thing the server's library takes the later one.
  std::string app() const { return PostgresServer::shared().app() + " dbname=" + name_; }
  std::string owner() const { return PostgresServer::shared().owner() + " dbname=" + name_; }
  PostgresOptions options() const { return {.url = app(), .owner_url = owner()}; }

 private:
  static inline std::atomic<int> next_{0};
  std::string name_;
};

}  // namespace xinyi::storage::testing
