// The power is cut at every write and every sync of a session, and the disk keeps none, some or torn parts of what was
// not synced. After each: every acknowledged write is there, no transaction is there by half, and the file is sound.
#include <gtest/gtest.h>

#include <cstdlib>
#include <future>

#include "disk_vfs.hpp"
#include "kernel/problem.hpp"
#include "storage/database.hpp"

namespace xinyi::faults {
namespace {

using namespace storage;

const SchoolId kSchool(Fixed<16>{1});
constexpr int kAccounts = 8;

Migration schema() {
  return {"0001_ledger.sql",
          "CREATE TABLE ledger (school_id BLOB NOT NULL, n INTEGER NOT NULL, side INTEGER NOT NULL, body BLOB NOT NULL,"
          " PRIMARY KEY (school_id, n, side)) STRICT, WITHOUT ROWID;"
          "CREATE INDEX ledger_body ON ledger (school_id, body);"
          "CREATE TABLE accounts (school_id BLOB NOT NULL, id INTEGER NOT NULL, entries INTEGER NOT NULL,"
          " PRIMARY KEY (school_id, id)) STRICT, WITHOUT ROWID;"};
}

Bytes body_of(std::int64_t n) {
  // Some entries need several pages.
  Bytes out(static_cast<std::size_t>(40 + (n % 5 == 0 ? 9000 : n * 37 % 700)));
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = static_cast<std::uint8_t>(static_cast<std::size_t>(n) * 31 + i);
  return out;
}

/// One entry: two rows and a count, whole or not at all.
void enter(WriteTx& tx, std::int64_t n) {
  for (int side = 0; side < 2; ++side) {
    tx.exec("INSERT INTO ledger (school_id, n, side, body) VALUES (?1, ?2, ?3, ?4)", tx.school(), n, side, body_of(n));
  }
  tx.exec("UPDATE accounts SET entries = entries + 1 WHERE school_id = ?1 AND id = ?2", tx.school(), n % kAccounts);
}

struct Session {
  std::vector<std::int64_t> acknowledged;
  bool schema_acknowledged = false;
  int unknown = 0;
};

SqliteOptions options(const Disk& disk, const std::string& synchronous, Session* session) {
  SqliteOptions out;
  out.path = "/disk/xinyi.db";
  out.vfs = disk.name();
  out.synchronous = synchronous;
  out.readers = 1;
  out.checkpoint_pages = 30;
  out.on_unknown_commit = [session](std::string_view) {
    if (session) ++session->unknown;
  };
  return out;
}

/// Opens twice and writes alone, in groups, and around checkpoints, until the power goes.
Session run(const Disk& disk, const std::string& synchronous, int entries) {
  Session session;
  std::mutex mutex;
  std::int64_t n = 0;
  for (int half = 0; half < 2 && !disk.dead(); ++half) {
    try {
      const auto db = open_sqlite(options(disk, synchronous, &session));
      db->migrate({{schema()}});
      db->write(kSchool, [](WriteTx& tx) {
        for (int id = 0; id < kAccounts; ++id) {
          tx.exec("INSERT INTO accounts (school_id, id, entries) VALUES (?1, ?2, 0) ON CONFLICT DO NOTHING",
                  tx.school(), id);
        }
      });
      session.schema_acknowledged = true;
      for (int k = 0; k < entries && !disk.dead(); ++k) {
        // Every third time four at once; one of them is refused and must leave nothing.
        const int group = k % 3 == 2 ? 4 : 1;
        std::promise<void> all;
        std::atomic<int> left = group;
        for (int g = 0; g < group; ++g) {
          const auto id = ++n;
          db->write_later(
              kSchool,
              [id, g](WriteTx& tx) {
                enter(tx, id);
                if (g == 2) throw Refusal(Code::not_allowed);
              },
              [&, id](std::exception_ptr e) {
                if (!e) {
                  const std::lock_guard lock(mutex);
                  session.acknowledged.push_back(id);
                }
                if (--left == 0) all.set_value();
              });
        }
        all.get_future().get();
      }
    } catch (const std::exception&) {
      // Without power nothing opens and nothing is written.
    }
  }
  return session;
}

struct Verdict {
  int lost = 0;        // acknowledged and gone
  std::string damage;  // half transactions, a broken file
};

Verdict examine(const Disk& disk, const Session& session) {
  Verdict v;
  try {
    const auto db = open_sqlite(options(disk, "FULL", nullptr));
    db->migrate({{schema()}});
    // Read by the writer's connection as well as by a reader's.
    db->write(kSchool, [&](WriteTx& tx) {
      const auto check = tx.one("PRAGMA integrity_check")->get<std::string>(0);
      if (check != "ok") v.damage = check;
    });
    db->read(kSchool, [&](ReadTx& tx) {
      std::map<std::int64_t, int> sides;
      std::map<std::int64_t, int> entries;
      for (Row row : tx.query("SELECT n, body FROM ledger WHERE school_id = ?1", kSchool)) {
        const auto n = row.get<std::int64_t>(0);
        if (row.get<Bytes>(1) != body_of(n)) v.damage = "an entry's content changed";
        if (++sides[n] == 1) ++entries[n % kAccounts];
      }
      for (const auto& [n, count] : sides) {
        if (count != 2) v.damage = "half a transaction";
      }
      for (Row row : tx.query("SELECT id, entries FROM accounts WHERE school_id = ?1", kSchool)) {
        if (row.get<int>(1) != entries[row.get<std::int64_t>(0)]) v.damage = "half a transaction (count)";
      }
      for (const auto n : session.acknowledged) v.lost += sides.contains(n) ? 0 : 1;
      if (session.schema_acknowledged && !tx.one("SELECT 1 FROM accounts")) ++v.lost;
    });
    db->write(kSchool, [](WriteTx& tx) { enter(tx, 1'000'000); });
  } catch (const Refusal& e) {
    v.damage = "refused: " + e.problem().inside;
  } catch (const std::exception& e) {
    v.damage = e.what();
  }
  return v;
}

bool full_campaign() {
  const char* v = std::getenv("XINYI_CAMPAIGN");
  return v && std::string_view(v) == "full";
}

struct Totals {
  std::int64_t cuts = 0;
  std::int64_t acknowledged = 0;
  std::int64_t lost = 0;
  std::int64_t damaged = 0;
  std::int64_t unknown = 0;
  std::string first;
};

/// Cuts at every `stride`-th step, with each way of losing what was not synced.
Totals campaign(Disk& disk, const std::string& synchronous, int entries, int stride, std::uint64_t seed,
                bool lying = false) {
  disk.wipe();
  const auto whole = run(disk, synchronous, entries);
  EXPECT_GT(whole.acknowledged.size(), static_cast<std::size_t>(entries));
  EXPECT_EQ(whole.unknown, 0);
  const auto steps = disk.steps();
  Totals t;
  for (std::int64_t cut = 1; cut <= steps; cut += stride) {
    for (const auto rest : {Unsynced::none, Unsynced::some, Unsynced::torn}) {
      disk.wipe();
      disk.set_lying(lying);
      disk.cut_power_at(cut);
      const auto session = run(disk, synchronous, entries);
      std::mt19937_64 random(seed * 1'000'003 + static_cast<std::uint64_t>(cut) * 3 + static_cast<std::uint64_t>(rest));
      disk.reboot(rest, random);
      disk.set_lying(false);
      const auto v = examine(disk, session);
      ++t.cuts;
      t.acknowledged += static_cast<std::int64_t>(session.acknowledged.size());
      t.unknown += session.unknown;
      t.lost += v.lost;
      if (!v.damage.empty()) ++t.damaged;
      if (t.first.empty() && (v.lost != 0 || !v.damage.empty())) {
        t.first = "cut " + std::to_string(cut) + " of " + std::to_string(steps) + ", way " +
                  std::to_string(static_cast<int>(rest)) + ", seed " + std::to_string(seed) + ": " +
                  std::to_string(v.lost) + " lost, " + v.damage;
      }
    }
  }
  std::printf(
      "synchronous=%s%s: %lld steps, %lld cuts, %lld acknowledged, %lld lost, %lld damaged, %lld unknown commits\n",
      synchronous.c_str(), lying ? " on a lying disk" : "", static_cast<long long>(steps),
      static_cast<long long>(t.cuts), static_cast<long long>(t.acknowledged), static_cast<long long>(t.lost),
      static_cast<long long>(t.damaged), static_cast<long long>(t.unknown));
  return t;
}

TEST(PowerLoss, NothingAcknowledgedIsLost) {
  Disk disk("power_full");
  const int rounds = full_campaign() ? 40 : 1;
  for (int round = 0; round < rounds; ++round) {
    const auto t = campaign(disk, "FULL", full_campaign() ? 12 + round : 12, 1, static_cast<std::uint64_t>(round));
    EXPECT_EQ(t.lost, 0) << t.first;
    EXPECT_EQ(t.damaged, 0) << t.first;
    EXPECT_GT(t.acknowledged, 0);
    EXPECT_GT(t.unknown, 0) << "no cut met a commit";
  }
}

TEST(PowerLoss, WithoutTheSyncSomethingIsLostSoTheTestCanSeeIt) {
  Disk disk("power_normal");
  const auto t = campaign(disk, "NORMAL", 12, full_campaign() ? 1 : 7, 1);
  EXPECT_GT(t.lost, 0) << "the harness does not notice losses";
  EXPECT_EQ(t.damaged, 0) << t.first;
}

TEST(PowerLoss, ADiskThatLiesAboutSyncsIsNoticed) {
  Disk disk("power_lying");
  const auto t = campaign(disk, "FULL", 12, 7, 1, true);
  EXPECT_GT(t.lost, 0);
  EXPECT_GT(t.damaged, 0) << "the harness does not notice damage";
}

}  // namespace
}  // namespace xinyi::faults
