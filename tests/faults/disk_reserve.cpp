// A full disk with a reserve: vital writes go on in it, ordinary ones leave it to them, and all comes back by itself.
#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <latch>
#include <thread>

#include "disk_vfs.hpp"
#include "kernel/problem.hpp"
#include "storage/database.hpp"

namespace xinyi::faults {
namespace {

using namespace storage;

constexpr std::int64_t kReserve = 2 << 20;

class OnDisk final : public Reserve {
 public:
  explicit OnDisk(Disk& disk) : disk_(disk) {}
  Taken take() override { return disk_.set_aside(kReserve) ? Taken::whole : Taken::no_room; }
  void give_back() noexcept override { disk_.set_aside(0); }
  std::int64_t bytes() const override { return kReserve; }

 private:
  Disk& disk_;
};

class DiskReserve : public ::testing::Test {
 protected:
  void SetUp() override { open(true); }
  void open(bool with_reserve) {
    SqliteOptions options;
    options.path = "/disk/xinyi.db";
    options.vfs = disk.name();
    options.on_unknown_commit = [this](std::string_view line) { told = line; };
    if (with_reserve) options.reserve = std::make_shared<OnDisk>(disk);
    db.reset();
    db = open_sqlite(options);
    db->migrate({{Migration{"0001_t.sql", "CREATE TABLE t (n INTEGER PRIMARY KEY, body BLOB NOT NULL) STRICT;"}}});
  }
  static Job put(int n, std::size_t bytes = 3000) {
    return [=](WriteTx& tx) { tx.exec("INSERT INTO t (n, body) VALUES (?1, ?2)", n, Bytes(bytes, 7)); };
  }
  /// What came of it: nothing when it is written.
  std::optional<Code> write(const Job& job, Weight weight = Weight::ordinary) {
    try {
      db->write(school, job, weight);
    } catch (const Refusal& e) {
      return e.problem().code;
    }
    return std::nullopt;
  }
  std::int64_t stored() {
    return db->read(school, [](ReadTx& tx) { return tx.one("SELECT count(*) FROM t")->get<std::int64_t>(0); });
  }
  /// Vital writes of other words into one row: the database does not grow, only the log would, by some 20 KB each time.
  int changes(int most) {
    int done = 0;
    const auto change = [&](WriteTx& tx) {
      tx.exec("UPDATE t SET body = ?1 WHERE n = 0", Bytes(12'000, static_cast<std::uint8_t>(done)));
    };
    while (done < most && !write(change, Weight::vital)) ++done;
    return done;
  }
  static constexpr auto kFull = Code::storage_full;

  const SchoolId school{Fixed<16>{1}};
  Disk disk{"reserve"};
  std::string told;
  std::unique_ptr<Database> db;
};

TEST_F(DiskReserve, VitalWritesGoOnAndOrdinaryOnesLeaveTheReserveToThem) {
  ASSERT_EQ(write(put(1)), std::nullopt);
  disk.fill_up();
  EXPECT_EQ(write(put(2)), kFull);
  EXPECT_FALSE(db->scarce()) << "an ordinary write does not touch the reserve";
  EXPECT_EQ(write(put(3), Weight::vital), std::nullopt);
  EXPECT_TRUE(db->scarce());
  EXPECT_NE(db->ailment().find("reserve"), std::string::npos);
  for (int n = 10; n < 30; ++n) EXPECT_EQ(write(put(n)), kFull) << "there is room, and it is not for these";
  EXPECT_EQ(write(put(4), Weight::vital), std::nullopt);
  EXPECT_EQ(stored(), 3);
  EXPECT_EQ(told, "");
}

TEST_F(DiskReserve, WithoutOneVitalWritesAreRefusedToo) {
  open(false);
  disk.fill_up();
  EXPECT_EQ(write(put(1), Weight::vital), kFull);
  EXPECT_FALSE(db->scarce());
}

TEST_F(DiskReserve, OfOneGroupTheVitalJobsAreWritten) {
  disk.fill_up();
  std::promise<void> gate;
  std::latch inside{1};
  db->write_later(
      school,
      [&](WriteTx&) {
        inside.count_down();
        gate.get_future().wait();
      },
      [](std::exception_ptr) {});
  inside.wait();
  std::array<std::future<std::optional<Code>>, 6> answers;
  for (int n = 0; n < 6; ++n) {
    const auto promise = std::make_shared<std::promise<std::optional<Code>>>();
    answers[static_cast<std::size_t>(n)] = promise->get_future();
    db->write_later(
        school, put(n),
        [promise](std::exception_ptr e) {
          try {
            if (e) std::rethrow_exception(e);
            promise->set_value(std::nullopt);
          } catch (const Refusal& r) {
            promise->set_value(r.problem().code);
          }
        },
        n % 2 == 0 ? Weight::ordinary : Weight::vital);
  }
  gate.set_value();
  for (int n = 0; n < 6; ++n)
    EXPECT_EQ(answers[static_cast<std::size_t>(n)].get(), n % 2 == 0 ? std::optional(kFull) : std::nullopt) << n;
  EXPECT_EQ(stored(), 3);
}

TEST_F(DiskReserve, AnOrdinaryJobThatBringsTheGroupDownDoesNotOpenTheReserve) {
  disk.fill_up(3'000'000);
  EXPECT_EQ(write([](WriteTx& tx) {
              for (int n = 0; n < 400; ++n) put(n, 60'000)(tx);
            }),
            kFull);
  EXPECT_FALSE(db->scarce());
  EXPECT_EQ(stored(), 0);
}

TEST_F(DiskReserve, ComesBackByItselfWhenThereIsRoom) {
  disk.fill_up();
  ASSERT_EQ(write(put(1), Weight::vital), std::nullopt);
  ASSERT_TRUE(db->scarce());
  disk.fill_up(kReserve / 2);
  EXPECT_EQ(write(put(2)), kFull) << "half of the room is not room";
  disk.fill_up(4 * kReserve);
  EXPECT_EQ(write(put(3)), std::nullopt) << "the first write with room again";
  EXPECT_FALSE(db->scarce());
  EXPECT_EQ(db->ailment(), "");

  disk.fill_up();
  ASSERT_EQ(write(put(4), Weight::vital), std::nullopt);
  disk.fill_up(4 * kReserve);
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (db->scarce() && std::chrono::steady_clock::now() < end)
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  EXPECT_FALSE(db->scarce()) << "also when nobody writes";
}

TEST_F(DiskReserve, LastsBecauseTheLogIsUsedAgain) {
  ASSERT_EQ(write(put(0)), std::nullopt);
  disk.fill_up();
  EXPECT_EQ(changes(1000), 1000) << "the reserve holds about a hundred of them";
}

TEST_F(DiskReserve, IsNotEatenByALongLogFullOfNewPages) {
  // Writes until the disk is full: what the database does not have yet must fit beside the reserve.
  disk.fill_up(12'000'000);
  int n = 0;
  while (!write(put(n, 20'000))) ++n;
  ASSERT_GT(n, 100);
  EXPECT_EQ(changes(500), 500);
  EXPECT_EQ(stored(), n);
}

TEST_F(DiskReserve, AStartOnAFullDiskFindsItSpent) {
  disk.fill_up();
  ASSERT_EQ(write(put(1), Weight::vital), std::nullopt);
  db.reset();
  disk.fill_up(kReserve / 2);  // others have taken most of what the closed log gave back
  open(true);
  EXPECT_TRUE(db->scarce());
  EXPECT_EQ(write(put(2)), kFull);
  EXPECT_EQ(write(put(3), Weight::vital), std::nullopt);
  EXPECT_EQ(stored(), 2);
}

}  // namespace
}  // namespace xinyi::faults
