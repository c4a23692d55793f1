// What only PostgreSQL can do wrong: schools seeing each other, lost connections, roles with too many rights.
#include <thread>

#include "storage/testing/engines.hpp"

namespace xinyi::storage::testing {
namespace {

class Postgres : public EngineTest<PostgresEngine> {
 protected:
  const SchoolId other = school(2);
  PlainConnection app() { return PlainConnection(engine.database().app()); }
};

TEST_F(Postgres, OtherSchoolsAreInvisibleEvenToAQueryWithoutACondition) {
  for (const auto& s : {home, other}) {
    database->write(s, [&](WriteTx& tx) { put(tx, 1); });
  }
  EXPECT_EQ(database->read(home, [](ReadTx& tx) { return tx.one("SELECT count(*) FROM vals")->get<int>(0); }), 1);
  EXPECT_EQ(count(home), 1);
  EXPECT_FALSE(database->read(
      home, [&](ReadTx& tx) { return tx.one("SELECT 1 FROM vals WHERE school_id = ?1", other).has_value(); }));
}

TEST_F(Postgres, OtherSchoolsAreUnwritable) {
  database->write(other, [&](WriteTx& tx) { put(tx, 1); });
  EXPECT_EQ(database->write(home,
                            [&](WriteTx& tx) {
                              return tx.exec("UPDATE vals SET i = 7 WHERE school_id = ?1", other) +
                                     tx.exec("DELETE FROM vals WHERE school_id = ?1", other) +
                                     tx.exec("DELETE FROM vals");
                            }),
            0);
  EXPECT_THROW(
      database->write(home, [&](WriteTx& tx) { tx.exec("INSERT INTO vals (school_id, id) VALUES (?1, 2)", other); }),
      Refusal);
  EXPECT_THROW(database->write(home,
                               [&](WriteTx& tx) {
                                 put(tx, 5);
                                 tx.exec("UPDATE vals SET school_id = ?1 WHERE id = 5", other);
                               }),
               Refusal);
  EXPECT_EQ(count(other), 1);
  EXPECT_EQ(count(home), 0);
}

TEST_F(Postgres, WithoutASchoolThereAreNoRows) {
  database->write(home, [&](WriteTx& tx) { put(tx, 1); });
  auto plain = app();
  EXPECT_EQ(plain.run("SELECT count(*) FROM vals"), "0");
  // Also on a connection whose last transaction had a school.
  plain.run("BEGIN; SELECT set_config('xinyi.school', '" + to_hex(home.bytes()) + "', true)");
  EXPECT_EQ(plain.run("SELECT count(*) FROM vals"), "1");
  plain.run("COMMIT");
  EXPECT_EQ(plain.run("SELECT count(*) FROM vals"), "0");
  EXPECT_EQ(PlainConnection(engine.database().owner()).run("SELECT count(*) FROM vals"), "0") << "the owner too";
}

TEST_F(Postgres, EveryTableWithASchoolIsIsolatedAndTheApplicationOwnsNothing) {
  PlainConnection owner(engine.database().owner());
  EXPECT_EQ(
      owner.run("SELECT count(*) FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'school_id' "
                "WHERE c.relkind = 'r' AND NOT (c.relrowsecurity AND c.relforcerowsecurity)"),
      "0");
  EXPECT_EQ(owner.run("SELECT count(*) FROM pg_class WHERE pg_get_userbyid(relowner) = 'xinyi_app'"), "0");
  auto plain = app();
  for (const char* sql :
       {"ALTER TABLE vals DISABLE ROW LEVEL SECURITY", "DROP POLICY school ON vals", "DROP TABLE vals",
        "CREATE TABLE mine (x int)", "DELETE FROM schema_migrations", "TRUNCATE vals", "SET ROLE xinyi_owner"}) {
    EXPECT_THROW(plain.run(sql), std::runtime_error) << sql;
  }
}

TEST_F(Postgres, ARoleThatPassesOverTheIsolationIsRefused) {
  auto options = engine.database().options();
  options.url += " user=xinyi_super";
  EXPECT_THROW(open_postgresql(options), OperatorError);
  auto same = engine.database().options();
  same.owner_url = same.url;
  EXPECT_THROW(open_postgresql(same)->migrate(test_schema()), OperatorError);
}

TEST_F(Postgres, AServerThatIsNotThereIsASentence) {
  PostgresOptions options;
  options.url = "host=/nonexistent user=xinyi_app dbname=xinyi";
  EXPECT_THROW(open_postgresql(options), OperatorError);
}

TEST_F(Postgres, AConnectionLostBeforeCommitIsMadeAnewAndTheJobsRunAgain) {
  Gate gate(*database, home);
  Answers answers;
  std::atomic<int> runs = 0;
  database->write_later(
      home, [&](WriteTx& tx) { put(tx, 1); }, answers.next());
  database->write_later(
      home,
      [&](WriteTx& tx) {
        put(tx, 2);
        if (++runs == 1) {
          const auto pid = tx.one("SELECT pg_backend_pid()")->get<int>(0);
          app().run("SELECT pg_terminate_backend(" + std::to_string(pid) + ", 5000)");
        }
        put(tx, 3);
      },
      answers.next());
  gate.open();
  for (const auto& e : answers.wait()) EXPECT_FALSE(e) << describe(e);
  EXPECT_EQ(runs, 2);
  EXPECT_EQ(count(home), 3);
}

TEST_F(Postgres, AConnectionLostDuringCommitIsNotRepeated) {
  // The commit itself is made to wait, and is then cut.
  PlainConnection owner(engine.database().owner());
  owner.run(
      "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(30); RETURN NULL; END'");
  owner.run(
      "CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON vals DEFERRABLE INITIALLY DEFERRED FOR EACH ROW "
      "WHEN (NEW.id = 77) EXECUTE FUNCTION slow()");
  std::atomic<int> runs = 0;
  std::atomic<int> pid = 0;
  Answers answers;
  database->write_later(
      home,
      [&](WriteTx& tx) {
        ++runs;
        put(tx, 77);
        pid = tx.one("SELECT pg_backend_pid()")->get<int>(0);
      },
      answers.next());
  auto plain = app();
  for (int n = 0; n < 500; ++n) {
    if (pid != 0 && plain.run("SELECT count(*) FROM pg_stat_activity WHERE query = 'COMMIT' AND wait_event = 'PgSleep' "
                              "AND pid = " +
                              std::to_string(pid)) == "1")
      break;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  plain.run("SELECT pg_terminate_backend(" + std::to_string(pid) + ", 5000)");
  EXPECT_EQ(code_of(answers.wait()[0]), Code::unavailable);
  EXPECT_EQ(runs, 1);
  database->write(home, [&](WriteTx& tx) { put(tx, 1); });
  EXPECT_EQ(count(home), 1) << "the next write finds a connection";
}

TEST_F(Postgres, ReadsFindANewConnection) {
  EXPECT_EQ(count(home), 0);
  app().run(
      "SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity "
      "WHERE datname = current_database() AND pid <> pg_backend_pid() AND usename = current_user");
  EXPECT_EQ(count(home), 0);
}

TEST_F(Postgres, AHeldSchoolMakesItsWritersWaitAndNoOthers) {
  auto plain = app();
  // The lock as the engine takes it, seen from outside while a job runs.
  std::latch inside{1};
  std::latch go{1};
  Answers answers;
  database->write_later(
      home,
      [&](WriteTx& tx) {
        put(tx, 1);
        inside.count_down();
        go.wait();
      },
      answers.next());
  inside.wait();
  EXPECT_EQ(plain.run("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted "
                      "AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"), "1");
  auto second = engine.open();
  Answers waiting;
  second->write_later(
      home, [&](WriteTx& tx) { put(tx, 2); }, waiting.next());
  auto third = engine.open();
  third->write(other, [&](WriteTx& tx) { put(tx, 3); });  // goes on at once
  EXPECT_EQ(count(home), 0);
  go.count_down();
  EXPECT_FALSE(answers.wait()[0]);
  EXPECT_FALSE(waiting.wait()[0]);
  EXPECT_EQ(count(home), 2);
}

}  // namespace
}  // namespace xinyi::storage::testing
