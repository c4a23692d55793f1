// What only the embedded engine offers: its settings, the backup to a file, the limit of a read, the lock of the folder.
#include <sqlite3.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <atomic>
#include <csignal>
#include <fstream>
#include <thread>

#include "storage/folder_lock.hpp"
#include "storage/sqlite_connection.hpp"
#include "storage/testing/engines.hpp"

namespace xinyi::storage::testing {
namespace {

class Sqlite : public EngineTest<SqliteEngine> {};

TEST_F(Sqlite, FilesBelongToTheirOwnerAlone) {
  database->write(home, [&](WriteTx& tx) { put(tx, 1); });
  for (const char* tail : {"", "-wal", "-shm"}) {
    struct stat s {};
    ASSERT_EQ(::stat((engine.options().path + tail).c_str(), &s), 0) << tail;
    EXPECT_EQ(s.st_mode & 0777, 0600u) << tail;
  }
}

TEST_F(Sqlite, SettingsHoldOnEveryConnection) {
  for (const auto use : {SqliteConnection::Use::write, SqliteConnection::Use::read}) {
    SqliteConnection c(engine.options(), use);
    const auto value = [&](Sql pragma) {
      const auto row = c.gather(pragma, {});
      row->step();
      return row->integer(0);
    };
    EXPECT_EQ(value("PRAGMA foreign_keys"), 1);
    EXPECT_EQ(value("PRAGMA trusted_schema"), 0);
    EXPECT_EQ(value("PRAGMA mmap_size"), 0);
    EXPECT_EQ(value("PRAGMA temp_store"), 2);
    EXPECT_EQ(value("PRAGMA synchronous"), 2);
    EXPECT_EQ(value("PRAGMA wal_autocheckpoint"), 0);
    int defensive = 0;
    sqlite3_db_config(c.handle(), SQLITE_DBCONFIG_DEFENSIVE, -1, &defensive);
    EXPECT_EQ(defensive, 1);
  }
}

TEST_F(Sqlite, ClosingEmptiesTheLog) {
  for (int id = 0; id < 100; ++id) {
    database->write(home, [&](WriteTx& tx) { put(tx, id); });
  }
  database.reset();
  EXPECT_FALSE(std::filesystem::exists(engine.options().path + "-wal"));
}

TEST_F(Sqlite, TheWriterEmptiesTheLogWhileReadersRead) {
  auto options = engine.options();
  options.checkpoint_pages = 20;
  database.reset();
  database = open_sqlite(options);
  std::atomic<bool> stop = false;
  std::thread reader([&] {
    while (!stop) count(home);
  });
  for (int id = 0; id < 500; ++id) {
    database->write(home, [&](WriteTx& tx) { put(tx, id); });
  }
  stop = true;
  reader.join();
  EXPECT_LT(std::filesystem::file_size(options.path + "-wal"), 1u << 20)
      << "500 commits need far more when none empties it";
  EXPECT_EQ(count(home), 500);
}

TEST_F(Sqlite, ABackupIsOneWholeFileWhileWritesGoOn) {
  for (int id = 0; id < 500; ++id) {
    database->write(home, [&](WriteTx& tx) { put(tx, 2 * id), put(tx, 2 * id + 1); });
  }
  TemporaryFolder other;
  const auto path = other.path() + "/backup.db";
  std::atomic<bool> stop = false;
  std::thread writer([&] {
    for (int id = 1000; !stop; id += 2) {
      database->write(home, [&](WriteTx& tx) { put(tx, id), put(tx, id + 1); });
    }
  });
  database->backup_to(path);
  stop = true;
  writer.join();
  EXPECT_FALSE(std::filesystem::exists(path + "-wal"));
  EXPECT_THROW(database->backup_to(path), OperatorError) << "an older backup is not overwritten";
  SqliteOptions options;
  options.path = path;
  const auto copy = open_sqlite(options);
  copy->migrate(test_schema());
  const auto n = copy->read(home, [](ReadTx& tx) { return tx.one("SELECT count(*) FROM vals")->get<int>(0); });
  EXPECT_GE(n, 1000);
  EXPECT_EQ(n % 2, 0);
  EXPECT_EQ(copy->read(home, [](ReadTx& tx) { return tx.one("PRAGMA integrity_check")->get<std::string>(0); }), "ok");
}

TEST_F(Sqlite, ABackupWithoutWhatIsLeftOutHoldsNoByteOfIt) {
  const std::string secret = "a sealed session, as it lies there";
  database->write(home, [&](WriteTx& tx) {
    put(tx, 1);
    tx.exec("INSERT INTO vals (school_id, id, t) VALUES (?1, 2, ?2)", home, secret);
  });
  const auto bytes = [](const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(in), {});
  };
  TemporaryFolder other;
  const auto whole = other.path() + "/whole.db", clean = other.path() + "/clean.db";
  database->backup_to(whole);
  EXPECT_NE(bytes(whole).find(secret), std::string::npos) << "control";
  database->backup_to(clean, [](WriteTx& tx) { tx.exec("DELETE FROM vals WHERE id = 2"); });
  EXPECT_EQ(bytes(clean).find(secret), std::string::npos);
  EXPECT_EQ(count(home), 2) << "the original keeps it";
  SqliteOptions options;
  options.path = clean;
  EXPECT_EQ(
      open_sqlite(options)->read(home, [](ReadTx& tx) { return tx.one("SELECT count(*) FROM vals")->get<int>(0); }), 1);
}

TEST_F(Sqlite, ABackupThatCannotBeWrittenIsASentence) {
  EXPECT_THROW(database->backup_to("/nonexistent/backup.db"), OperatorError);
  // What could not be left out is not handed over, under no name.
  TemporaryFolder other;
  EXPECT_THROW(database->backup_to(other.path() + "/b.db", [](WriteTx& tx) { tx.exec("DELETE FROM no_such_table"); }),
               OperatorError);
  EXPECT_TRUE(std::filesystem::is_empty(other.path()));
}

TEST_F(Sqlite, AnEndlessReadIsEnded) {
  const auto start = std::chrono::steady_clock::now();
  try {
    database->read(home, [](ReadTx& tx) {
      tx.one("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n");
    });
    FAIL();
  } catch (const Refusal& e) {
    EXPECT_EQ(e.problem().code, Code::unavailable);
  }
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(8));
  EXPECT_EQ(count(home), 0) << "the connection goes on";
}

TEST_F(Sqlite, ACursorThatOutlivesItsTransactionIsABug) {
  database->write(home, [&](WriteTx& tx) { put(tx, 1); });
  std::optional<OwnedRow> kept;
  EXPECT_THROW(database->read(home, [&](ReadTx& tx) { kept = tx.one("SELECT id FROM vals"); }), Bug);
}

TEST_F(Sqlite, TheOccupancyRuleLooksAtFewRows) {
  database->read(home, [](ReadTx& tx) {
    const auto plan = tx.one(
                            "EXPLAIN QUERY PLAN SELECT 1 FROM occupancy WHERE school_id = ?1 AND resource = ?2 "
                            "AND starts_at > ?3 AND starts_at < ?4 AND ends_at > ?5",
                            tx.school(), Fixed<16>{}, 1, 2, 1)
                          ->get<std::string>(3);
    EXPECT_NE(plan.find("starts_at>? AND starts_at<?"), std::string::npos) << plan;
  });
}

TEST(OpenSqlite, AFolderThatIsNotThereIsASentence) {
  SqliteOptions options;
  options.path = "/nonexistent/xinyi.db";
  EXPECT_THROW(open_sqlite(options), OperatorError);
}

TEST(OpenSqlite, AFileThatIsNoDatabaseIsASentence) {
  TemporaryFolder folder;
  SqliteOptions options;
  options.path = folder.path() + "/xinyi.db";
  std::FILE* f = std::fopen(options.path.c_str(), "w");
  std::fputs(std::string(8192, 'x').c_str(), f);
  std::fclose(f);
  EXPECT_THROW(open_sqlite(options), OperatorError);
}

TEST(Folder, HasOneOwner) {
  TemporaryFolder folder;
  std::optional<FolderLock> first(folder.path());
  try {
    const FolderLock second(folder.path());
    FAIL();
  } catch (const OperatorError& e) {
    EXPECT_NE(std::string_view(e.what()).find(std::to_string(::getpid())), std::string_view::npos) << e.what();
    EXPECT_NE(std::string_view(e.what()).find("--data"), std::string_view::npos) << e.what();
  }
  first.reset();
  const FolderLock third(folder.path());
  EXPECT_THROW(FolderLock("/nonexistent"), OperatorError);
}

TEST(Folder, IsFreeAgainWhenItsOwnerIsKilled) {
  TemporaryFolder folder;
  int ready[2];
  ASSERT_EQ(::pipe(ready), 0);
  const auto child = ::fork();
  if (child == 0) {
    const FolderLock lock(folder.path());
    (void)!::write(ready[1], "x", 1);
    ::pause();
  }
  char c = 0;
  ASSERT_EQ(::read(ready[0], &c, 1), 1);
  EXPECT_THROW(FolderLock(folder.path()), OperatorError);
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  EXPECT_NO_THROW(FolderLock(folder.path()));
}

}  // namespace
}  // namespace xinyi::storage::testing
