// A full disk is a definite no to those who did not fit; a failing disk stops the process.
#include <gtest/gtest.h>

#include <future>
#include <latch>

#include "disk_vfs.hpp"
#include "kernel/problem.hpp"
#include "storage/database.hpp"

namespace xinyi::faults {
namespace {

using namespace storage;

class DiskFaults : public ::testing::Test {
 protected:
  void SetUp() override {
    open([this](std::string_view line) { told = line; });
  }

  void open(std::function<void(std::string_view)> on_unknown) {
    SqliteOptions options;
    options.path = "/disk/xinyi.db";
    options.vfs = disk.name();
    options.on_unknown_commit = std::move(on_unknown);
    db.reset();
    db = open_sqlite(options);
    db->migrate({{Migration{"0001_t.sql", "CREATE TABLE t (n INTEGER PRIMARY KEY, body BLOB NOT NULL) STRICT;"}}});
  }
  static void put(WriteTx& tx, int n, std::size_t bytes) {
    tx.exec("INSERT INTO t (n, body) VALUES (?1, ?2)", n, Bytes(bytes, 7));
  }
  std::vector<int> stored() {
    return db->read(school, [](ReadTx& tx) {
      std::vector<int> out;
      for (Row row : tx.query("SELECT n FROM t ORDER BY n")) out.push_back(row.get<int>(0));
      return out;
    });
  }
  /// Runs the jobs as one group; gives the code of each refusal.
  std::vector<std::optional<Code>> together(const std::vector<Job>& jobs) {
    std::latch gate{1};
    std::latch inside{1};
    std::latch all(static_cast<std::ptrdiff_t>(jobs.size()) + 1);
    db->write_later(
        school,
        [&](WriteTx&) {
          inside.count_down();
          gate.wait();
        },
        [&](std::exception_ptr) { all.count_down(); });
    inside.wait();
    std::vector<std::optional<Code>> codes(jobs.size());
    for (std::size_t i = 0; i < jobs.size(); ++i) {
      db->write_later(school, jobs[i], [&, i](std::exception_ptr e) {
        try {
          if (e) std::rethrow_exception(e);
        } catch (const Refusal& r) {
          codes[i] = r.problem().code;
        } catch (...) {
          codes[i] = Code::internal;
        }
        all.count_down();
      });
    }
    gate.count_down();
    all.wait();
    return codes;
  }
  using Codes = std::vector<std::optional<Code>>;

  const SchoolId school{Fixed<16>{1}};
  Disk disk{"faults"};
  std::string told;
  std::unique_ptr<Database> db;
};

TEST_F(DiskFaults, AFullDiskAtCommitIsADefiniteNo) {
  disk.set_capacity(400'000);
  int done = 0;
  try {
    for (int n = 0; n < 1000; ++n) {
      db->write(school, [&](WriteTx& tx) { put(tx, n, 3000); });
      ++done;
    }
    FAIL() << "the disk never filled";
  } catch (const Refusal& e) {
    EXPECT_EQ(e.problem().code, Code::storage_full);
  }
  EXPECT_GT(done, 10);
  EXPECT_EQ(stored().size(), static_cast<std::size_t>(done));
  EXPECT_EQ(told, "");
  disk.set_capacity(INT64_MAX);
  db->write(school, [&](WriteTx& tx) { put(tx, 5000, 3000); });
  EXPECT_EQ(stored().size(), static_cast<std::size_t>(done) + 1);
}

TEST_F(DiskFaults, AJobThatFillsTheDiskTakesNoOtherAlong) {
  disk.set_capacity(5'000'000);
  // The third outgrows the engine's memory, meets the full disk in the middle, and the engine undoes the whole group.
  std::atomic<int> runs = 0;
  const auto codes = together({[&](WriteTx& tx) {
                                 ++runs;
                                 put(tx, 1, 100);
                               },
                               [&](WriteTx& tx) {
                                 put(tx, 2, 100);
                                 throw Refusal(Code::not_allowed);
                               },
                               [&](WriteTx& tx) {
                                 for (int n = 0; n < 400; ++n) put(tx, 100 + n, 60'000);
                               },
                               [&](WriteTx& tx) { put(tx, 4, 100); }});
  EXPECT_EQ(codes, (Codes{std::nullopt, Code::not_allowed, Code::storage_full, std::nullopt}));
  EXPECT_EQ(stored(), (std::vector<int>{1, 4}));
  EXPECT_EQ(runs, 2) << "the first was undone with the group and run once more";
  EXPECT_EQ(told, "");
}

TEST_F(DiskFaults, AJobThatSwallowsTheFullDiskIsNotAcknowledged) {
  disk.set_capacity(5'000'000);
  const auto codes = together({[](WriteTx& tx) { put(tx, 1, 100); },
                               [](WriteTx& tx) {
                                 for (int n = 0; n < 400; ++n) {
                                   try {
                                     put(tx, 100 + n, 60'000);
                                   } catch (...) {
                                   }
                                 }
                               }});
  EXPECT_EQ(codes, (Codes{std::nullopt, Code::storage_full}));
  EXPECT_EQ(stored(), (std::vector<int>{1}));
}

TEST_F(DiskFaults, AFailingSyncAtCommitIsUnknownAndStopsAllWrites) {
  db->write(school, [](WriteTx& tx) { put(tx, 1, 100); });
  disk.fail_next_sync();
  const auto codes = together({[](WriteTx& tx) { put(tx, 2, 100); }, [](WriteTx& tx) { put(tx, 3, 100); }});
  EXPECT_EQ(codes, (Codes{Code::unavailable, Code::unavailable}));
  EXPECT_NE(told.find("unknown"), std::string::npos) << told;
  EXPECT_FALSE(db->ailment().empty());
  EXPECT_THROW(db->write(school, [](WriteTx& tx) { put(tx, 4, 100); }), Refusal);
}

TEST_F(DiskFaults, TheProcessEndsWith70) {
  ::testing::FLAGS_gtest_death_test_style = "threadsafe";
  EXPECT_EXIT(
      {
        open({});
        disk.fail_next_sync();
        db->write(school, [](WriteTx& tx) { put(tx, 2, 100); });
      },
      ::testing::ExitedWithCode(70), "unknown");
}

}  // namespace
}  // namespace xinyi::faults
