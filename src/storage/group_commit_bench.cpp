// Durable jobs a second with 64 of them waiting, three statements each, beside what the disk itself can do.
//   xinyi_storage_bench FOLDER [sqlite|postgresql] [outstanding] [seconds]
// PostgreSQL: run it by script/with-postgres with XINYI_TEST_POSTGRES_FSYNC=on.
#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <filesystem>
#include <mutex>

#include "storage/testing/postgres_server.hpp"

namespace xinyi::storage {
namespace {

using Clock = std::chrono::steady_clock;

double disk_syncs_per_second(const std::string& folder) {
  const auto path = folder + "/probe";
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  const std::string page(4096, 'x');
  const auto start = Clock::now();
  int n = 0;
  while (Clock::now() - start < std::chrono::seconds(1)) {
    if (::write(fd, page.data(), page.size()) < 0 || ::fdatasync(fd) != 0) break;
    ++n;
  }
  ::close(fd);
  std::filesystem::remove(path);
  return n / std::chrono::duration<double>(Clock::now() - start).count();
}

class Load {
 public:
  Load(Database& db, const SchoolId& school) : db_(db), school_(school) {}

  void run(int outstanding, std::chrono::seconds time) {
    start_ = Clock::now();
    end_ = start_ + time;
    for (int i = 0; i < outstanding; ++i) next();
    std::unique_lock lock(mutex_);
    idle_.wait(lock, [&] { return running_ == 0; });
    const double seconds = std::chrono::duration<double>(Clock::now() - start_).count();
    std::sort(micros_.begin(), micros_.end());
    const auto at = [&](double q) {
      return micros_[static_cast<std::size_t>(q * static_cast<double>(micros_.size() - 1))];
    };
    fmt::print("{} with {} outstanding: {:.0f} jobs/s, p50 {} us, p99 {} us, max {} us, failed {}\n", db_.engine(),
               outstanding, static_cast<double>(micros_.size()) / seconds, at(0.5), at(0.99), at(1), failed_);
  }

 private:
  void next() {
    std::int64_t id = 0;
    {
      const std::lock_guard lock(mutex_);
      id = ++ids_;
      ++running_;
    }
    const auto began = Clock::now();
    db_.write_later(
        school_,
        [this, id](WriteTx& tx) {
          const auto spread = id * 0x61c88647 % 1'000'000'007;
          tx.exec("INSERT INTO facts (school_id, id, spread, body) VALUES (?1, ?2, ?3, ?4)", school_, id, spread,
                  body_);
          tx.exec("INSERT INTO events (school_id, id, body) VALUES (?1, ?2, ?3)", school_, id, body_);
          tx.exec("UPDATE totals SET n = n + 1 WHERE school_id = ?1 AND part = ?2", school_, id % 100);
        },
        [this, began](std::exception_ptr e) {
          const auto took = std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - began).count();
          if (Clock::now() < end_) next();
          const std::lock_guard lock(mutex_);
          if (e) ++failed_;
          micros_.push_back(took);
          if (--running_ == 0) idle_.notify_all();
        });
  }
  Database& db_;
  SchoolId school_;
  Bytes body_ = Bytes(200, 7);
  Clock::time_point start_;
  Clock::time_point end_;
  std::mutex mutex_;
  std::condition_variable idle_;
  std::vector<std::int64_t> micros_;
  std::int64_t ids_ = 0;
  int running_ = 0;
  int failed_ = 0;
};

int run(int argc, char** argv) {
  if (argc < 3) {
    fmt::print(stderr, "usage: {} FOLDER sqlite|postgresql [outstanding] [seconds]\n", argv[0]);
    return 2;
  }
  const std::string folder = argv[1];
  const std::string_view engine = argv[2];
  const int outstanding = argc > 3 ? std::atoi(argv[3]) : 64;
  const int seconds = argc > 4 ? std::atoi(argv[4]) : 5;
  std::optional<testing::TemporaryDatabase> server;
  std::unique_ptr<Database> db;
  if (engine == "sqlite") {
    SqliteOptions options;
    options.path = folder + "/bench.db";
    for (const char* tail : {"", "-wal", "-shm"}) std::filesystem::remove(options.path + tail);
    db = open_sqlite(options);
  } else {
    server.emplace();
    db = open_postgresql(server->options());
  }
  const std::array<Migration, 1> schema{
      {{"0001_bench.sql",
        "CREATE TABLE facts (school_id BLOB NOT NULL, id INTEGER NOT NULL, spread INTEGER NOT NULL, body BLOB NOT NULL,"
        " PRIMARY KEY (school_id, id)) STRICT, WITHOUT ROWID;"
        "CREATE INDEX facts_spread ON facts (school_id, spread);"
        "CREATE TABLE events (school_id BLOB NOT NULL, id INTEGER NOT NULL, body BLOB NOT NULL,"
        " PRIMARY KEY (school_id, id)) STRICT, WITHOUT ROWID;"
        "CREATE TABLE totals (school_id BLOB NOT NULL, part INTEGER NOT NULL, n INTEGER NOT NULL,"
        " PRIMARY KEY (school_id, part)) STRICT, WITHOUT ROWID;"}}};
  db->migrate(schema);
  const SchoolId school(Fixed<16>{1});
  db->write(school, [&](WriteTx& tx) {
    for (int part = 0; part < 100; ++part) {
      tx.exec("INSERT INTO totals (school_id, part, n) VALUES (?1, ?2, 0)", school, part);
    }
  });
  fmt::print("disk: {:.0f} fdatasync/s of 4 KiB\n", disk_syncs_per_second(folder));
  Load(*db, school).run(outstanding, std::chrono::seconds(seconds));
  return 0;
}

}  // namespace
}  // namespace xinyi::storage

int main(int argc, char** argv) { return xinyi::storage::run(argc, argv); }
