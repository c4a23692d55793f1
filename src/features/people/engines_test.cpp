// The room's SQL on both engines.
#include <gtest/gtest.h>

#include "features/people/importing.hpp"
#include "features/people/testing/files.hpp"
#include "http/testing/house.hpp"
#include "storage/testing/engines.hpp"

namespace xinyi::embedded {
std::span<const File> people_migrations();
}

namespace xinyi::people {
namespace {
using namespace testing;
using storage::ReadTx;
using storage::WriteTx;

template <class E>
class RosterOn : public ::testing::Test {
 protected:
  void SetUp() override {
    crypto::start();
    vault::ServerKeys::create(folder_.path() + "/secrets");
    keys_.emplace(folder_.path() + "/secrets");
    auto steps = http::testing::migrations();
    for (auto& s : http::testing::steps(embedded::people_migrations())) steps.push_back(std::move(s));
    db_->migrate(steps);
    for (const auto& school : {home_, away_})
      db_->write(school, [&](WriteTx& tx) { vault::create_data_key(tx, *keys_); });
  }
  Report import(const SchoolId& school, const std::string& path, bool absent_have_left = false) {
    ImportOptions o;
    o.school = school;
    o.now = *instant_from_text("2026-11-23T06:00:00Z");
    o.today = *date_from_text("2026-11-23");
    o.absent_have_left = absent_have_left;
    return import_roster(*db_, *keys_, random_, path, o);
  }
  E engine_;
  std::unique_ptr<storage::Database> db_ = engine_.open();
  Folder folder_;
  std::optional<vault::ServerKeys> keys_;
  SystemRandom random_;
  const SchoolId home_ = storage::testing::school(1), away_ = storage::testing::school(2);
};
TYPED_TEST_SUITE(RosterOn, storage::testing::Engines, storage::testing::EngineNames);

TYPED_TEST(RosterOn, ImportSearchChangeAndLeave) {
  EXPECT_EQ(this->import(this->home_, data("xueji.xlsx")).counts.created, 3000);
  EXPECT_EQ(this->import(this->home_, data("oneroster-clean.zip")).counts.changed, 6000);
  EXPECT_EQ(this->import(this->home_, data("oneroster-clean.zip")).counts.unchanged, 6072);
  // Two schools with the same numbers and identifiers do not meet.
  EXPECT_EQ(this->import(this->away_, data("oneroster-clean.zip")).counts.created, 6072);

  StudentSearch search;
  search.text = "lixinruo";
  search.limit = 1;
  const auto found = this->db_->read(this->home_, [&](ReadTx& tx) { return search_students(tx, search); });
  ASSERT_EQ(found.items.size(), 1u);
  const auto id = found.items[0].id;
  this->db_->read(this->home_, [&](ReadTx& tx) {
    EXPECT_EQ(list_classes(tx).size(), 72u);
    EXPECT_EQ(find_student(tx, id)->student_number, "2026000000");
    EXPECT_EQ(find_person(tx, id)->username, "s17000000");
    EXPECT_EQ(class_history(tx, id).size(), 1u);
    const auto key = vault::load_data_key(tx, *this->keys_);
    const auto guardians = guardians_of(tx, *key, id);
    EXPECT_EQ(guardians.at(0).phone, "13940580316");
    EXPECT_EQ(guardians.at(0).relation, Relation::grandmother);
    EXPECT_EQ(children_of(tx, guardians.at(0).id), std::vector<PersonId>{id});
    EXPECT_EQ(accounts_wanted(tx, {}, 10).size(), 10u);
    EXPECT_FALSE(keeps_identity_numbers(tx));
  });
  EXPECT_FALSE(this->db_->read(this->away_, [&](ReadTx& tx) { return find_person(tx, id); }));

  const auto few = this->folder_.write("few.csv", "姓名,学号,年级,班级\n黎馨若,2026000000,一年级,2班\n");
  const auto report = this->import(this->home_, few, true);
  EXPECT_EQ(report.counts.moved, 1);
  EXPECT_EQ(report.counts.left, 2999);
  this->db_->read(this->home_, [&](ReadTx& tx) {
    search.text.clear();
    search.with_left = false;
    EXPECT_EQ(search_students(tx, search).total, 1);
    EXPECT_EQ(class_history(tx, id).size(), 2u);
  });
  this->db_->write(this->home_, [](WriteTx& tx) { keep_identity_numbers(tx, true); });
  const auto with = this->folder_.write("with.csv", "姓名,学号,身份证号\n黎馨若,2026000000,330106201908011234\n");
  EXPECT_EQ(this->import(this->home_, with).counts.changed, 1);
  this->db_->write(this->home_, [](WriteTx& tx) { keep_identity_numbers(tx, false); });
}

}  // namespace
}  // namespace xinyi::people
