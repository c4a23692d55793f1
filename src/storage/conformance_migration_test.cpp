// Schema steps on both engines: applied once, in order, whole; a newer or altered history is refused.
#include "storage/testing/engines.hpp"

namespace xinyi::storage::testing {
namespace {

template <class E>
class Migrations : public ::testing::Test {
 protected:
  using Steps = std::vector<Migration>;
  std::string refusal(const Steps& steps) {
    try {
      database->migrate(steps);
    } catch (const OperatorError& e) {
      return e.what();
    }
    return "";
  }
  bool there(const SchoolId& s, Sql query) {
    try {
      return database->read(s, [&](ReadTx& tx) { return tx.query(query).begin() != std::default_sentinel; }) || true;
    } catch (const Refusal&) {
      return false;
    }
  }
  const Migration a{"0001_a.sql", "CREATE TABLE a (school_id BLOB NOT NULL, n INTEGER NOT NULL) STRICT;\n"};
  const Migration b{"0002_b.sql",
                    "CREATE TABLE b (school_id BLOB NOT NULL, n INTEGER NOT NULL) STRICT;\n"
                    "CREATE INDEX b_n ON b (school_id, n);\n"};
  E engine;
  std::unique_ptr<Database> database = engine.open();
};
TYPED_TEST_SUITE(Migrations, Engines, EngineNames);

TYPED_TEST(Migrations, AreAppliedOnceAndKeepTheData) {
  auto& db = *this->database;
  EXPECT_EQ(db.schema_version(), 0);
  db.migrate({{this->a}});
  EXPECT_EQ(db.schema_version(), 1);
  db.write(school(1), [](WriteTx& tx) { tx.exec("INSERT INTO a VALUES (?1, 5)", tx.school()); });
  db.migrate({{this->a}});
  // A step of an earlier room may come after steps of later rooms were applied.
  const std::vector<Migration> both{this->b, this->a};
  db.migrate(both);
  EXPECT_EQ(db.schema_version(), 2);
  this->database.reset();
  this->database = this->engine.open();
  EXPECT_EQ(this->database->schema_version(), 2);
  EXPECT_EQ(this->database->read(school(1), [](ReadTx& tx) { return tx.one("SELECT n FROM a")->template get<int>(0); }),
            5);
}

TYPED_TEST(Migrations, ANewerDatabaseIsRefused) {
  this->database->migrate({{this->a, this->b}});
  const auto why = this->refusal({this->a});
  EXPECT_NE(why.find("newer"), std::string::npos) << why;
  EXPECT_NE(why.find("0002_b.sql"), std::string::npos) << why;
}

TYPED_TEST(Migrations, AnAlteredStepIsRefusedAndNothingIsApplied) {
  this->database->migrate({{this->a}});
  auto altered = this->a;
  altered.sql += "-- one more line\n";
  const auto why = this->refusal({altered, this->b});
  EXPECT_NE(why.find("altered"), std::string::npos) << why;
  EXPECT_EQ(this->database->schema_version(), 1);
}

TYPED_TEST(Migrations, AFailingStepLeavesNothingOfItself) {
  const Migration bad{"0003_bad.sql",
                      "CREATE TABLE c (school_id BLOB NOT NULL) STRICT;\nINSERT INTO nowhere VALUES (1);\n"};
  const auto why = this->refusal({this->a, bad, this->b});
  EXPECT_NE(why.find("0003_bad.sql"), std::string::npos) << why;
  EXPECT_EQ(this->database->schema_version(), 1) << "what came before it stays";
  EXPECT_FALSE(this->there(school(1), "SELECT 1 FROM c"));
  EXPECT_TRUE(this->there(school(1), "SELECT 1 FROM a"));
  this->database->migrate({{this->a, this->b}});
  EXPECT_EQ(this->database->schema_version(), 2);
}

TYPED_TEST(Migrations, AStepMayNotEndItsTransaction) {
  EXPECT_ANY_THROW(this->database->migrate({{Migration{"0001_x.sql", "COMMIT;\n"}}}));
  EXPECT_EQ(this->database->schema_version(), 0);
}

TYPED_TEST(Migrations, TwoStepsOfOneNameAreABug) { EXPECT_THROW(this->database->migrate({{this->a, this->a}}), Bug); }

TYPED_TEST(Migrations, PartsAreForOneEngine) {
  const Migration parts{"0001_parts.sql",
                        "CREATE TABLE p (\n-- @sqlite\n  s INTEGER,\n-- @postgresql\n  g INTEGER,\n-- @end\n"
                        "  school_id BLOB NOT NULL\n) STRICT;\n"};
  this->database->migrate({{parts}});
  const bool sqlite = this->database->engine() == "sqlite";
  EXPECT_EQ(this->there(school(1), "SELECT s FROM p"), sqlite);
  EXPECT_EQ(this->there(school(1), "SELECT g FROM p"), !sqlite);
}

TYPED_TEST(Migrations, AStepMayChangeDataOfAllSchools) {
  this->database->migrate({{this->a}});
  for (const std::uint8_t n : {std::uint8_t{1}, std::uint8_t{2}}) {
    this->database->write(school(n), [](WriteTx& tx) { tx.exec("INSERT INTO a VALUES (?1, 5)", tx.school()); });
  }
  this->database->migrate({{this->a, Migration{"0002_fix.sql", "UPDATE a SET n = n + 1;\n"}}});
  for (const std::uint8_t n : {std::uint8_t{1}, std::uint8_t{2}}) {
    EXPECT_EQ(
        this->database->read(school(n),
                             [&](ReadTx& tx) {
                               return tx.one("SELECT n FROM a WHERE school_id = ?1", tx.school())->template get<int>(0);
                             }),
        6);
  }
}

TYPED_TEST(Migrations, AWellDatabaseHasNoAilmentButTheTestServersFsync) {
  const auto ailment = this->database->ailment();
  EXPECT_TRUE(ailment.empty() || ailment.find("fsync off") != std::string::npos) << ailment;
}

}  // namespace
}  // namespace xinyi::storage::testing
