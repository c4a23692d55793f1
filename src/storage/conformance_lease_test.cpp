// Leases on both engines: one holder at a time, take-over after the end, no late write of a former holder.
#include <thread>

#include "storage/lease.hpp"
#include "storage/testing/engines.hpp"

namespace xinyi::storage::testing {
namespace {

constexpr Span kShort = std::chrono::seconds(1);
constexpr Fixed<16> kOne{1}, kTwo{2};

template <class E>
class Leases : public EngineTest<E> {
 protected:
  std::optional<Lease> take(const Fixed<16>& who, Span length = kLease, std::string_view job = "sealer") {
    return this->database->write(this->home, [&](WriteTx& tx) { return take_lease(tx, job, who, length); });
  }
  /// A write of the job that leaves a row.
  void work(const Lease& lease, std::int64_t id) {
    this->database->write(this->home, [&](WriteTx& tx) {
      this->put(tx, id);  // also what came before the check is undone
      hold_lease(tx, lease);
    });
  }
  bool free_for(const Fixed<16>& who) {
    return this->database->read(this->home, [&](ReadTx& tx) { return lease_is_free(tx, "sealer", who); });
  }
  /// The lease's end is moved, as if it had been written by a clock that went wrong.
  void shift(Span by) {
    this->database->write(this->home, [&](WriteTx& tx) {
      tx.exec("UPDATE leases SET ends_at = ends_at + ?2 WHERE school_id = ?1", tx.school(), by.count());
    });
  }
};
TYPED_TEST_SUITE(Leases, Engines, EngineNames);

TYPED_TEST(Leases, OneOfManyGetsIt) {
  Answers answers;
  std::array<std::optional<Lease>, 16> got;
  Gate gate(*this->database, this->home);
  for (std::size_t i = 0; i < got.size(); ++i) {
    this->database->write_later(
        this->home,
        [&got, i](WriteTx& tx) { got[i] = take_lease(tx, "sealer", Fixed<16>{static_cast<std::uint8_t>(i + 1)}); },
        answers.next());
  }
  gate.open();
  for (const auto& e : answers.wait()) EXPECT_FALSE(e) << describe(e);
  EXPECT_EQ(std::count_if(got.begin(), got.end(), [](const auto& l) { return l.has_value(); }), 1);
}

TYPED_TEST(Leases, TwoProcessesRaceAndOneWins) {
  if constexpr (TypeParam::kManyProcesses) {
    const auto other = this->engine.open();
    for (int round = 0; round < 20; ++round) {
      const auto job = "job_" + std::string(1, static_cast<char>('a' + round));
      std::optional<Lease> first, second;
      std::latch start{2};
      std::thread rival([&] {
        start.arrive_and_wait();
        second = other->write(this->home, [&](WriteTx& tx) { return take_lease(tx, job, kTwo); });
      });
      start.arrive_and_wait();
      first = this->take(kOne, kLease, job);
      rival.join();
      EXPECT_NE(first.has_value(), second.has_value()) << round;
    }
  }
}

TYPED_TEST(Leases, TheHolderKeepsItsNumberAndTheOtherWaits) {
  const auto mine = this->take(kOne);
  ASSERT_TRUE(mine);
  EXPECT_EQ(mine->fence, 1);
  EXPECT_EQ(this->take(kOne), mine);
  EXPECT_FALSE(this->take(kTwo));
  EXPECT_TRUE(this->free_for(kOne));
  EXPECT_FALSE(this->free_for(kTwo));
  EXPECT_TRUE(this->take(kTwo, kLease, "another")) << "each kind of work has its own";
  this->work(*mine, 1);
  EXPECT_EQ(this->count(this->home), 1);
}

TYPED_TEST(Leases, ALapsedOneIsTakenOverAndTheLateWriteIsUndone) {
  const auto old = this->take(kOne, kShort);
  ASSERT_TRUE(old);
  EXPECT_FALSE(this->take(kTwo, kShort));
  std::this_thread::sleep_for(kShort + std::chrono::milliseconds(50));
  const auto fresh = this->take(kTwo, kShort);
  ASSERT_TRUE(fresh);
  EXPECT_GT(fresh->fence, old->fence);
  EXPECT_THROW(this->work(*old, 1), LeaseLost);
  EXPECT_EQ(this->count(this->home), 0) << "the whole transaction of the former holder is undone";
  this->work(*fresh, 2);
  EXPECT_EQ(this->count(this->home), 1);
  // Also when the former holder has it again: what it began under the old number is not finished under the new one.
  this->database->write(this->home, [&](WriteTx& tx) { release_lease(tx, *fresh); });
  ASSERT_TRUE(this->take(kOne, kShort));
  EXPECT_THROW(this->work(*old, 3), LeaseLost);
  this->database->write(this->home, [&](WriteTx& tx) { release_lease(tx, *old); });
  EXPECT_FALSE(this->free_for(kTwo)) << "nor is the new one let go under the old number";
}

TYPED_TEST(Leases, EachWriteMovesTheEndForward) {
  const auto mine = this->take(kOne, kShort);
  for (int i = 0; i < 4; ++i) {
    std::this_thread::sleep_for(kShort / 3);
    this->work(*mine, i);
  }
  EXPECT_FALSE(this->take(kTwo, kShort)) << "without them it would have lapsed";
}

TYPED_TEST(Leases, AReleasedOneIsFreeAtOnceAndOnlyItsHolderReleasesIt) {
  const auto mine = this->take(kOne);
  auto foreign = *mine;
  foreign.holder = kTwo;
  this->database->write(this->home, [&](WriteTx& tx) { release_lease(tx, foreign); });
  EXPECT_FALSE(this->take(kTwo));
  this->database->write(this->home, [&](WriteTx& tx) { release_lease(tx, *mine); });
  EXPECT_TRUE(this->free_for(kTwo));
  EXPECT_EQ(this->take(kTwo)->fence, mine->fence + 1);
  EXPECT_THROW(this->work(*mine, 1), LeaseLost);
}

TYPED_TEST(Leases, ASeizedOneIsTheOperators) {
  const auto mine = this->take(kOne);
  const auto seized = this->database->write(this->home, [&](WriteTx& tx) { return seize_lease(tx, "sealer", kTwo); });
  EXPECT_GT(seized.fence, mine->fence);
  EXPECT_THROW(this->work(*mine, 1), LeaseLost);
  this->work(seized, 2);
  // One's own is not taken away from oneself: a command inside the server does not disturb the server's job.
  EXPECT_EQ(this->database->write(this->home, [&](WriteTx& tx) { return seize_lease(tx, "sealer", kTwo); }), seized);
}

TYPED_TEST(Leases, AClockThatJumpsNeverLeavesTwoAtWork) {
  // Set back by a year: the end lies a year ahead. Nobody waits for it.
  const auto before = this->take(kOne);
  this->shift(std::chrono::hours(24 * 365));
  const auto after = this->take(kTwo);
  ASSERT_TRUE(after);
  EXPECT_THROW(this->work(*before, 1), LeaseLost);
  // Put forward: it looks lapsed while its holder lives. It changes hands, and the number tells the two apart.
  this->shift(-std::chrono::hours(24 * 365));
  const auto again = this->take(kOne);
  ASSERT_TRUE(again);
  EXPECT_GT(again->fence, after->fence);
  EXPECT_THROW(this->work(*after, 2), LeaseLost);
  this->work(*again, 3);
}

TYPED_TEST(Leases, OfOtherSchoolsAreTheirs) {
  ASSERT_TRUE(this->take(kOne));
  EXPECT_TRUE(this->database->write(school(2), [&](WriteTx& tx) { return take_lease(tx, "sealer", kTwo); }));
  EXPECT_FALSE(this->take(kTwo));
}

TEST(LeaseRule, AnEndThatNoLeaseOfTodayCouldHaveDoesNotBind) {
  constexpr Instant now{1'000'000'000};
  EXPECT_FALSE(lapsed(now + kLease, now, kLease));
  EXPECT_FALSE(lapsed(now + Span(1), now, kLease));
  EXPECT_TRUE(lapsed(now, now, kLease));
  EXPECT_TRUE(lapsed(now + kLease + Span(1), now, kLease));
}

TEST(LeaseClock, IsTheInjectedOneOnSqlite) {
  FakeClock clock(Instant{5'000'000});
  SqliteEngine engine;
  auto options = engine.options();
  options.clock = &clock;
  const auto db = open_sqlite(options);
  db->migrate(test_schema());
  const auto take = [&](const Fixed<16>& who) {
    return db->write(school(1), [&](WriteTx& tx) { return take_lease(tx, "sealer", who); });
  };
  ASSERT_TRUE(take(kOne));
  clock.advance(kLease - Span(1));
  EXPECT_FALSE(take(kTwo));
  clock.advance(Span(1));
  EXPECT_TRUE(take(kTwo));
}

}  // namespace
}  // namespace xinyi::storage::testing
