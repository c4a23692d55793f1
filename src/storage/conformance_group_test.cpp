// Groups of jobs, several writers, and the occupancy rule, on both engines.
#include <atomic>
#include <thread>

#include "storage/testing/engines.hpp"

namespace xinyi::storage::testing {
namespace {

template <class E>
class Groups : public EngineTest<E> {
 protected:
  static constexpr std::int64_t kHour = 3'600'000'000;
  void take(WriteTx& tx, std::uint8_t resource, std::int64_t from, std::int64_t to, std::uint8_t holder = 9) {
    tx.exec(
        "INSERT INTO occupancy (school_id, resource, starts_at, ends_at, holder, kind) VALUES (?1, ?2, ?3, ?4, ?5, "
        "'room')",
        tx.school(), Fixed<16>{resource}, from, to, Fixed<16>{holder});
  }
  /// How the engine answers a span: "taken", "occupied" or "refused".
  std::string answer(std::uint8_t resource, std::int64_t from, std::int64_t to, const SchoolId& s) {
    try {
      this->database->write(s, [&](WriteTx& tx) { take(tx, resource, from, to); });
      return "taken";
    } catch (const ConstraintError& e) {
      return e.kind() == ConstraintError::Kind::occupied ? "occupied" : "refused";
    }
  }
};
TYPED_TEST_SUITE(Groups, Engines, EngineNames);

TYPED_TEST(Groups, OneJobOfAGroupIsUndoneAlone) {
  Gate gate(*this->database, this->home);
  Answers answers;
  for (int id = 1; id <= 10; ++id) {
    this->database->write_later(
        this->home,
        [this, id](WriteTx& tx) {
          this->put(tx, id);
          this->put(tx, 100 + id);
          if (id == 4) throw Refusal(Code::not_allowed);
          if (id == 7) this->put(tx, 1);  // refused by the key, not caught
          if (id == 9) throw std::runtime_error("bug");
        },
        answers.next());
  }
  gate.open();
  const auto& errors = answers.wait();
  for (int id = 1; id <= 10; ++id) {
    EXPECT_EQ(errors[static_cast<std::size_t>(id - 1)] != nullptr, id == 4 || id == 7 || id == 9) << id;
  }
  EXPECT_EQ(code_of(errors[3]), Code::not_allowed);
  EXPECT_THROW(std::rethrow_exception(errors[6]), ConstraintError);
  EXPECT_EQ(this->count(this->home), 14);
}

TYPED_TEST(Groups, AJobThatSwallowsABrokenStatementHasFailed) {
  Gate gate(*this->database, this->home);
  Answers answers;
  this->database->write_later(
      this->home, [this](WriteTx& tx) { this->put(tx, 1); }, answers.next());
  this->database->write_later(
      this->home,
      [this](WriteTx& tx) {
        this->put(tx, 2);
        try {
          tx.exec("UPDATE nowhere SET x = 1");
        } catch (...) {
        }
      },
      answers.next());
  gate.open();
  const auto& errors = answers.wait();
  EXPECT_FALSE(errors[0]);
  EXPECT_TRUE(errors[1]);
  EXPECT_EQ(this->count(this->home), 1);
}

TYPED_TEST(Groups, WritersOfOneSchoolDoNotLoseUpdates) {
  constexpr int kThreads = 4;
  constexpr int kEach = 50;
  this->database->write(this->home, [this](WriteTx& tx) {
    this->put(tx, 1);
    tx.exec("UPDATE vals SET i = 0 WHERE id = 1");
  });
  // On PostgreSQL each thread is a server process of its own.
  std::vector<std::unique_ptr<Database>> own;
  if constexpr (TypeParam::kManyProcesses) {
    for (int n = 0; n < kThreads; ++n) own.push_back(this->engine.open());
  }
  std::vector<std::thread> threads;
  for (int n = 0; n < kThreads; ++n) {
    auto& db = own.empty() ? *this->database : *own[static_cast<std::size_t>(n)];
    threads.emplace_back([this, &db] {
      for (int k = 0; k < kEach; ++k) {
        // Reads, then writes what it read: loses updates unless the school's writes run one after the other.
        db.write(this->home, [](WriteTx& tx) {
          const auto i = tx.one("SELECT i FROM vals WHERE id = 1")->template get<std::int64_t>(0);
          tx.exec("UPDATE vals SET i = ?1 WHERE id = 1", i + 1);
        });
      }
    });
  }
  for (auto& t : threads) t.join();
  const auto i = this->database->read(
      this->home, [](ReadTx& tx) { return tx.one("SELECT i FROM vals WHERE id = 1")->template get<std::int64_t>(0); });
  EXPECT_EQ(i, kThreads * kEach);
}

TYPED_TEST(Groups, ReadersGoOnBesideWriters) {
  std::atomic<bool> stop = false;
  std::atomic<int> uneven = 0;
  std::vector<std::thread> readers;
  for (int n = 0; n < 3; ++n) {
    readers.emplace_back([&] {
      while (!stop) {
        const auto count = this->count(this->home);
        if (count % 2 != 0) ++uneven;
      }
    });
  }
  for (int k = 0; k < 200; ++k) {
    this->database->write(this->home, [this, k](WriteTx& tx) {
      this->put(tx, 2 * k);
      this->put(tx, 2 * k + 1);
    });
  }
  stop = true;
  for (auto& t : readers) t.join();
  EXPECT_EQ(uneven, 0) << "half a transaction was seen";
  EXPECT_EQ(this->count(this->home), 400);
}

TYPED_TEST(Groups, WhatIsQueuedAtTheEndIsDone) {
  Answers answers;
  for (int id = 0; id < 1000; ++id) {
    this->database->write_later(
        this->home, [this, id](WriteTx& tx) { this->put(tx, id); }, answers.next());
  }
  this->database.reset();
  for (const auto& e : answers.wait()) EXPECT_FALSE(e) << describe(e);
  this->database = this->engine.open();
  EXPECT_EQ(this->count(this->home), 1000);
}

TYPED_TEST(Groups, SpansOfOneResourceNeverOverlap) {
  constexpr auto h = TestFixture::kHour;
  const auto at = [&](std::int64_t from, std::int64_t to, std::uint8_t resource = 1) {
    return this->answer(resource, from, to, this->home);
  };
  EXPECT_EQ(at(10 * h, 12 * h), "taken");
  EXPECT_EQ(at(10 * h, 12 * h), "occupied") << "the same";
  EXPECT_EQ(at(11 * h, 13 * h), "occupied") << "its end";
  EXPECT_EQ(at(9 * h, 10 * h + 1), "occupied") << "its beginning";
  EXPECT_EQ(at(10 * h + 1, 11 * h), "occupied") << "inside";
  EXPECT_EQ(at(9 * h, 13 * h), "occupied") << "around";
  EXPECT_EQ(at(12 * h, 13 * h), "taken") << "right behind";
  EXPECT_EQ(at(9 * h, 10 * h), "taken") << "right before";
  EXPECT_EQ(at(10 * h, 12 * h, 2), "taken") << "another resource";
  EXPECT_EQ(this->answer(1, 10 * h, 12 * h, school(2)), "taken") << "another school";
  EXPECT_EQ(at(100 * h, 112 * h), "taken") << "the longest";
  EXPECT_EQ(at(112 * h - 1, 113 * h), "occupied") << "at the very end of the longest";
  EXPECT_EQ(at(200 * h, 212 * h + 1), "refused") << "too long";
  EXPECT_EQ(at(200 * h, 200 * h), "refused") << "empty";
  EXPECT_EQ(at(-5 * h, -4 * h), "taken");
}

TYPED_TEST(Groups, MovingASpanIsCheckedToo) {
  constexpr auto h = TestFixture::kHour;
  auto& db = *this->database;
  db.write(this->home, [&](WriteTx& tx) {
    this->take(tx, 1, 1 * h, 2 * h);
    this->take(tx, 1, 3 * h, 4 * h);
    tx.exec("UPDATE occupancy SET ends_at = ?1 WHERE starts_at = ?2", 3 * h, 1 * h);  // grows up to its neighbour
    bool refused = false;
    try {
      tx.exec("UPDATE occupancy SET ends_at = ?1 WHERE starts_at = ?2", 3 * h + 1, 1 * h);
    } catch (const ConstraintError& e) {
      refused = e.kind() == ConstraintError::Kind::occupied;
    }
    EXPECT_TRUE(refused);
    tx.exec("DELETE FROM occupancy WHERE starts_at = ?1", 3 * h);
    this->take(tx, 1, 3 * h + 5, 4 * h);
  });
}

TYPED_TEST(Groups, AThousandWantOneSpanAndOneGetsIt) {
  constexpr auto h = TestFixture::kHour;
  std::vector<std::unique_ptr<Database>> own;
  if constexpr (TypeParam::kManyProcesses) {
    for (int n = 0; n < 4; ++n) own.push_back(this->engine.open());
  }
  Answers answers;
  for (int n = 0; n < 1000; ++n) {
    auto& db = own.empty() ? *this->database : *own[static_cast<std::size_t>(n) % own.size()];
    // Spans that all hold the same minute but begin and end differently.
    db.write_later(
        this->home,
        [this, n](WriteTx& tx) {
          this->take(tx, 1, 10 * h - n * 1000, 11 * h + n * 1000, static_cast<std::uint8_t>(n));
        },
        answers.next());
  }
  const auto& errors = answers.wait();
  EXPECT_EQ(std::count(errors.begin(), errors.end(), nullptr), 1);
  EXPECT_EQ(std::count_if(errors.begin(), errors.end(), occupied), 999);
}

}  // namespace
}  // namespace xinyi::storage::testing
