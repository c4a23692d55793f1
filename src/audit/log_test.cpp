// Events, heads and proofs in a real SQLite file.
#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <sstream>
#include <thread>

#include "audit/test_log.hpp"

using namespace xinyi;
using namespace xinyi::audit;

namespace {
class Log : public ::testing::Test {
 protected:
  void SetUp() override {
    crypto::start();
    db_ = open_log(folder_ / "log.db");
  }
  Head seal() { return *seal_head(*db_, school_, key_, clock_); }
  template <class F>
  auto write(F f) {
    return db_->write(school_, f);
  }
  template <class F>
  auto read(F f) {
    return db_->read(school_, f);
  }

  Folder folder_;
  SeededRandom random_{1};
  FakeClock clock_{*instant_from_text("2026-11-23T06:00:00Z")};
  SchoolId school_{random_.bytes<16>()};
  crypto::SignPair key_ = crypto::sign_pair_from_seed(Bytes(32, 9));
  std::unique_ptr<storage::Database> db_;
};
}  // namespace

TEST(Acts, CodesAreUniqueAndWorded) {
  std::set<std::string_view> codes;
  for (const auto& entry : act_catalogue()) {
    EXPECT_TRUE(codes.insert(entry.code).second) << entry.code;
    EXPECT_EQ(act_from_code(entry.code), entry.act);
    EXPECT_FALSE(entry.zh.empty());
    EXPECT_FALSE(entry.en.empty());
    EXPECT_LE(entry.code.size(), 64u);
  }
  EXPECT_FALSE(act_from_code("nothing.such"));
}

TEST_F(Log, EveryFieldIsInTheLeaf) {
  Event base;
  base.actor = Actor::staff(PersonId(Fixed<16>{1}));
  base.act = Act::record_opened;
  base.object = {"record", Fixed<16>{2}};
  base.at = Instant{5};
  std::vector<Event> all{base};
  const auto with = [&](auto change) {
    auto e = base;
    change(e);
    all.push_back(e);
  };
  with([](Event& e) { e.actor = Actor::client(ClientRef(Fixed<16>{1})); });
  with([](Event& e) { e.actor = Actor::staff(PersonId(Fixed<16>{9})); });
  with([](Event& e) { e.actor = Actor::system(); });
  with([](Event& e) { e.act = Act::record_signed; });
  with([](Event& e) { e.object.kind = "records"; });
  with([](Event& e) { e.object.id = Fixed<16>{3}; });
  with([](Event& e) { e.about = ClientRef(Fixed<16>{4}); });
  with([](Event& e) { e.outcome = Outcome::refused; });
  with([](Event& e) { e.why = Why{crypto::Hash{1}, {}}; });
  with([](Event& e) { e.content = crypto::Hash{1}; });
  with([](Event& e) { e.at = Instant{6}; });
  std::set<Bytes> seen;
  for (const auto& e : all) EXPECT_TRUE(seen.insert(leaf_bytes(school_, 0, e)).second);
  EXPECT_TRUE(seen.insert(leaf_bytes(school_, 1, base)).second);
  EXPECT_TRUE(seen.insert(leaf_bytes(SchoolId(Fixed<16>{7}), 0, base)).second);
  base.object.kind = "Record";
  EXPECT_THROW(leaf_bytes(school_, 0, base), Bug);
  base.object.kind = "record";
  base.actor.id = {};
  EXPECT_THROW(leaf_bytes(school_, 0, base), Bug);
}

TEST_F(Log, NumbersAreGaplessWhateverFails) {
  std::vector<std::thread> writers;
  for (int w = 0; w < 4; ++w)
    writers.emplace_back([&, w] {
      SeededRandom random(static_cast<std::uint64_t>(w));
      for (std::uint64_t i = 0; i < 50; ++i) try {
          write([&](storage::WriteTx& tx) {
            append(tx, some_event(random, i));
            if (i % 5 == 0) throw Refusal(Code::slot_taken);
          });
        } catch (const Refusal&) {
        }
    });
  for (auto& t : writers) t.join();
  const auto other = SchoolId(Fixed<16>{8});
  EXPECT_EQ(db_->write(other, [&](storage::WriteTx& tx) { return append(tx, some_event(random_, 1)).number; }), 0);
  std::int64_t expected = 0;
  read([&](storage::ReadTx& tx) {
    for (const auto row : tx.query("SELECT number FROM audit_events WHERE school_id = ?1 ORDER BY number", school_))
      EXPECT_EQ(row.get<std::int64_t>(0), expected++);
  });
  EXPECT_EQ(expected, 160);
}

TEST_F(Log, StoredLeafIsReEncodedFromItsColumns) {
  for (std::uint64_t i = 0; i < 40; ++i) {
    const auto event = some_event(random_, i);
    const auto leaf = write([&](storage::WriteTx& tx) { return append(tx, event); });
    const auto stored = read([&](storage::ReadTx& tx) { return stored_leaf(tx, i); });
    EXPECT_EQ(stored, leaf_bytes(school_, leaf.number, event));
    EXPECT_EQ(leaf_hash(stored), leaf.hash);
  }
}

TEST_F(Log, WhoLookedShowsLooksOfOthersNewestFirst) {
  const ClientRef me(Fixed<16>{1}), somebody(Fixed<16>{2});
  const auto counsellor = Actor::staff(PersonId(Fixed<16>{3}));
  const auto add = [&](Actor actor, Act act, ClientRef about, std::optional<Why> why = std::nullopt) {
    write([&](storage::WriteTx& tx) {
      append(tx, {actor, act, {"record", {}}, about, Outcome::done, why, std::nullopt, clock_.now()});
    });
  };
  add(counsellor, Act::record_opened, me);
  add(counsellor, Act::record_signed, me);         // not a look
  add(counsellor, Act::record_opened, somebody);   // not about me
  add(Actor::client(me), Act::record_opened, me);  // myself
  add(counsellor, Act::case_read, me, Why{crypto::Hash{7}, Bytes{1, 2, 3}});
  const auto seen = read([&](storage::ReadTx& tx) { return who_looked(tx, me, 100); });
  ASSERT_EQ(seen.size(), 2u);
  EXPECT_EQ(seen[0].act, Act::case_read);
  EXPECT_EQ(seen[0].actor, counsellor);
  EXPECT_EQ(seen[0].why, (Why{crypto::Hash{7}, Bytes{1, 2, 3}}));
  EXPECT_EQ(seen[1].number, 0);
  EXPECT_EQ(read([&](storage::ReadTx& tx) { return who_looked(tx, me, 1); }).size(), 1u);
  // The text is erased; the tree stays whole.
  seal();
  write([&](storage::WriteTx& tx) {
    tx.exec("UPDATE audit_events SET why_sealed = NULL WHERE school_id = ?1", school_);
  });
  EXPECT_TRUE(verify_log(*db_, school_, key_.sign_public, std::nullopt).sound);
  EXPECT_TRUE(read([&](storage::ReadTx& tx) { return who_looked(tx, me, 1); })[0].why->sealed.empty());
}

TEST_F(Log, HeadsGrowAndProofsComeFromStoredTiles) {
  EXPECT_FALSE(seal_head(*db_, school_, key_, clock_));
  std::vector<Head> heads;
  for (const std::uint64_t n : {1, 254, 1, 1, 300, 70'000, 5}) {
    grow(*db_, school_, random_, n);
    clock_.advance(std::chrono::seconds(60));
    heads.push_back(seal());
    EXPECT_TRUE(verify_head(key_.sign_public, heads.back()));
  }
  EXPECT_EQ(heads.back().size, 70'562u);
  EXPECT_EQ(seal(), heads.back());  // nothing new: no new head
  EXPECT_EQ(read([](storage::ReadTx& tx) {
              return tx.one("SELECT count(*) FROM audit_nodes WHERE level = 16")->get<int>(0);
            }),
            1);
  for (const std::uint64_t leaf : {0u, 255u, 256u, 555u, 65'535u, 65'536u, 70'561u}) {
    const auto proof = read([&](storage::ReadTx& tx) { return inclusion_proof(tx, leaf, heads.back().size); });
    const auto bytes = read([&](storage::ReadTx& tx) { return stored_leaf(tx, leaf); });
    EXPECT_TRUE(verify_inclusion(key_.sign_public, heads.back(), proof, bytes)) << leaf;
  }
  for (const auto& head : heads) {
    const auto proof = read([&](storage::ReadTx& tx) { return consistency_proof(tx, head.size, heads.back().size); });
    EXPECT_TRUE(verify_consistency(key_.sign_public, head, heads.back(), proof)) << head.size;
    EXPECT_EQ(*seal_head(*db_, school_, key_, clock_, head), heads.back());
  }
  EXPECT_THROW(read([](storage::ReadTx& tx) { return inclusion_proof(tx, 70'562, 70'562); }), Refusal);
  EXPECT_THROW(read([](storage::ReadTx& tx) { return consistency_proof(tx, 1, 70'563); }), Refusal);
  const auto report = verify_log(*db_, school_, key_.sign_public, heads[2]);
  EXPECT_TRUE(report.sound) << report.code;
  EXPECT_EQ(report.events, 70'562u);
  EXPECT_EQ(report.sealed, 70'562u);
}

TEST_F(Log, SealerRefusesAShorterOrOtherLog) {
  grow(*db_, school_, random_, 400);
  const auto first = seal();
  grow(*db_, school_, random_, 200);
  const auto second = seal();
  const auto copy = [&](const std::string& name) {
    db_->backup_to(folder_ / name);
    return open_log(folder_ / name);
  };
  const auto refused = [&](const std::string& name, auto tamper, const std::optional<Head>& known = std::nullopt) {
    const auto db = copy(name);
    db->write(school_, tamper);
    EXPECT_THROW(seal_head(*db, school_, key_, clock_, known), Damaged) << name;
  };
  refused("short", [&](storage::WriteTx& tx) { tx.exec("DELETE FROM audit_events WHERE number >= 590"); });
  refused("gap", [&](storage::WriteTx& tx) { tx.exec("DELETE FROM audit_events WHERE number = 560"); });
  refused("edit", [&](storage::WriteTx& tx) { tx.exec("UPDATE audit_events SET at = at + 1 WHERE number = 560"); });
  refused("regrown", [&](storage::WriteTx& tx) {
    tx.exec("DELETE FROM audit_events WHERE number >= 590");
    for (std::uint64_t i = 0; i < 50; ++i) append(tx, some_event(random_, i));
  });
  refused("unsealed", [&](storage::WriteTx& tx) {
    append(tx, some_event(random_, 3));
    tx.exec("UPDATE audit_events SET at = at + 1 WHERE number = 600");
  });
  refused("heads", [&](storage::WriteTx& tx) { tx.exec("DELETE FROM audit_heads"); });
  refused("root",
          [&](storage::WriteTx& tx) { tx.exec("UPDATE audit_heads SET root = ?1 WHERE size = 600", crypto::Hash{1}); });
  refused("peaks", [&](storage::WriteTx& tx) { tx.exec("UPDATE audit_frontier SET size = 598"); });
  // Rolled back as a whole, heads and all: only the copied head tells.
  const auto roll_back = [&](storage::WriteTx& tx) {
    tx.exec("DELETE FROM audit_events");
    tx.exec("DELETE FROM audit_nodes");
    tx.exec("DELETE FROM audit_heads");
    tx.exec("DELETE FROM audit_frontier");
    for (std::uint64_t i = 0; i < 700; ++i) append(tx, some_event(random_, i));
  };
  refused("rolled_back", roll_back, second);
  const auto blind = copy("blind");
  blind->write(school_, roll_back);
  EXPECT_NO_THROW(seal_head(*blind, school_, key_, clock_));  // the control: without the copy nobody notices
  EXPECT_THROW(seal_head(*blind, school_, key_, clock_, first), Damaged);
  EXPECT_NO_THROW(seal_head(*db_, school_, key_, clock_, second));
  // Another key's head is not "ours".
  EXPECT_THROW(seal_head(*db_, school_, crypto::sign_pair_from_seed(Bytes(32, 1)), clock_), Damaged);
}

TEST_F(Log, ASealerWhoseLeaseIsAnothersStoresNothing) {
  const auto take = [&](std::uint8_t who) {
    return db_->write(school_,
                      [&](storage::WriteTx& tx) { return storage::seize_lease(tx, "sealer", Fixed<16>{who}); });
  };
  const auto heads = [&] {
    return read([](storage::ReadTx& tx) { return tx.one("SELECT count(*) FROM audit_heads")->get<int>(0); });
  };
  grow(*db_, school_, random_, 10);
  const auto late = take(1);
  const auto sealer = take(2);
  EXPECT_THROW(seal_head(*db_, school_, key_, clock_, late), storage::LeaseLost);
  EXPECT_EQ(heads(), 0);
  EXPECT_EQ(seal_head(*db_, school_, key_, clock_, sealer)->size, 10u);
  EXPECT_EQ(heads(), 1);
}

TEST_F(Log, HeadsAreCopiedOut) {
  grow(*db_, school_, random_, 3);
  const auto file = folder_ / "heads.jsonl";
  EXPECT_FALSE(last_copied_head(file, school_));
  const auto first = seal();
  copy_head(file, first);
  grow(*db_, school_, random_, 3);
  const auto second = seal();
  copy_head(file, second);
  write([&](storage::WriteTx& tx) { mark_copied(tx, second.size, clock_.now()); });
  EXPECT_EQ(read([](storage::ReadTx& tx) { return newest_head(tx); })->copied_at, clock_.now());
  EXPECT_EQ(last_copied_head(file, school_), second);
  std::ofstream(file, std::ios::app) << to_json(first).substr(0, 40);  // a line that a power cut tore
  EXPECT_EQ(last_copied_head(file, school_), second);
  EXPECT_FALSE(last_copied_head(file, SchoolId(Fixed<16>{3})));
  EXPECT_THROW(copy_head(folder_ / "nowhere/heads.jsonl", second), Refusal);
}

TEST_F(Log, ExportIsVerifiedWithoutADatabase) {
  grow(*db_, school_, random_, 900);
  const auto first = seal();
  grow(*db_, school_, random_, 200);
  const auto head = seal();
  std::stringstream out;
  export_log(*db_, school_, out);
  const auto whole = out.str();
  const auto judge = [&](std::string file, const Head& against) {
    std::istringstream in(file);
    return verify_export(in, key_.sign_public, against);
  };
  EXPECT_TRUE(judge(whole, head).sound);
  EXPECT_TRUE(judge(whole, first).sound);
  EXPECT_EQ(judge(whole, head).events, 1100u);
  EXPECT_EQ(judge(whole.substr(0, 5), head).code, "malformed");
  EXPECT_FALSE(judge(whole.substr(0, whole.size() / 2), head).sound);
  for (std::size_t i = 0; i < whole.size(); i += 1 + whole.size() / 300) {
    auto broken = whole;
    broken[i] = static_cast<char>(broken[i] ^ 2);
    EXPECT_FALSE(judge(broken, head).sound) << i;
  }
  auto forged = head;
  forged.root[0] ^= 1;
  EXPECT_EQ(judge(whole, forged).code, "head_signature");
}
