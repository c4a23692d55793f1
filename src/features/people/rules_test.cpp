// The rules on made-up facts.
#include "features/people/rules.hpp"

#include <gtest/gtest.h>

#include "features/people/testing/files.hpp"

namespace xinyi::people {
namespace {

NewId counter() {
  return [n = std::uint8_t{0}]() mutable { return Fixed<16>{0xaa, ++n}; };
}
PersonId pid(std::uint8_t n) { return PersonId(Fixed<16>{n}); }
ClassId cid(std::uint8_t n) { return ClassId(Fixed<16>{0xc, n}); }

PersonRow there(std::uint8_t n, std::string source, std::string number = {}, std::string username = {}) {
  PersonRow p;
  p.id = pid(n);
  p.name = "学生" + std::to_string(n);
  p.version = 1;
  if (!source.empty()) p.source_id = source;
  if (!number.empty()) p.number = number;
  if (!username.empty()) p.username = username;
  return p;
}
PersonFact said(std::string source, std::string name, std::string number = {}, std::string username = {}) {
  PersonFact p;
  p.at = {"users.csv", 7};
  p.source_id = std::move(source);
  p.name = std::move(name);
  p.number = std::move(number);
  p.username = std::move(username);
  return p;
}
Facts bulk(std::vector<PersonFact> persons) {
  Facts f;
  f.oneroster = f.complete = true;
  f.persons = std::move(persons);
  for (const auto& p : f.persons) f.mentioned.insert(p.source_id);
  return f;
}
ClassRow room(std::uint8_t n, std::string name, int grade, int year) {
  return {cid(n), {}, std::move(name), grade, year, {}};
}
ClassFact room_said(std::string name, int grade, int year) {
  ClassFact c;
  c.name = std::move(name);
  c.grade = grade;
  c.school_year = year;
  return c;
}

struct Planned {
  Plan plan;
  Findings findings;
};
Planned planned(const Facts& facts, const Present& present) {
  Planned out;
  out.plan = make_plan(facts, present, counter(), out.findings);
  return out;
}

TEST(Rules, MatchesBySourceThenByNumberNeverByName) {
  Present present;
  present.persons = {there(1, "s1", "100"), there(2, "", "200"), there(3, "", "300")};
  auto p = planned(bulk({said("s1", "学生1", "100"), said("s2", "学生2", "200"), said("s3", "学生3", "999")}), present);
  EXPECT_EQ(p.plan.counts.unchanged, 1);
  EXPECT_EQ(p.plan.counts.changed, 1);  // 200 now has its sourcedId
  EXPECT_EQ(p.plan.counts.created, 1);  // the same name as somebody with another number
  EXPECT_EQ(p.plan.counts.left, 0);     // people without a sourcedId are not the file's to end
}

TEST(Rules, WhoIsMissingOrDeletedLeavesAndMayReturn) {
  Present present;
  present.persons = {there(1, "s1"), there(2, "s2"), there(3, "s3"), there(4, "s4")};
  for (auto& p : present.persons) p.class_id = cid(1);
  present.classes = {room(1, "初一(1)班", 7, 2026)};
  auto facts = bulk({said("s1", "学生1")});
  facts.mentioned.insert("s2");  // a refused row: still there
  facts.mentioned.insert("s3");
  facts.deleted.insert("s3");
  const auto p = planned(facts, present);
  EXPECT_EQ(p.plan.counts.left, 2);
  ASSERT_EQ(p.plan.persons.size(), 2u);
  EXPECT_EQ(p.plan.persons[0].row.id, pid(3));
  EXPECT_EQ(p.plan.persons[1].row.id, pid(4));
  EXPECT_FALSE(p.plan.persons[0].row.active);
  EXPECT_FALSE(p.plan.persons[0].row.class_id);
  EXPECT_EQ(p.plan.moves.size(), 2u);

  present.persons = {there(1, "s1")};
  present.persons[0].active = false;
  const auto back = planned(bulk({said("s1", "学生1")}), present);
  EXPECT_EQ(back.plan.counts.changed, 1);
  EXPECT_TRUE(back.plan.persons[0].row.active);

  facts = bulk({});
  facts.complete = false;
  present.persons = {there(1, "s1")};
  EXPECT_TRUE(planned(facts, present).plan.empty());
}

TEST(Rules, MoveAndPromotion) {
  Present present;
  present.classes = {room(1, "初一(1)班", 7, 2025), room(2, "初一(2)班", 7, 2025)};
  for (std::uint8_t n = 1; n <= 4; ++n) {
    present.persons.push_back(there(n, "s" + std::to_string(n)));
    present.persons.back().class_id = cid(1);
    present.persons.back().grade = 7;
  }
  auto facts = bulk({said("s1", "学生1"), said("s2", "学生2"), said("s3", "学生3"), said("s4", "学生4")});
  facts.classes = {room_said("初一2班", 7, 2025), room_said("初二(1)班", 8, 2026), room_said("初一(1)班", 7, 2026)};
  facts.persons[0].in_class = 0;  // the same year: moved
  facts.persons[1].in_class = 1;  // next year, next grade: promoted
  facts.persons[1].grade = 8;
  facts.persons[2].in_class = 2;       // next year, the same grade: repeats, moved
  facts.persons[3].says_class = true;  // in no class any more
  const auto p = planned(facts, present);
  EXPECT_EQ(p.plan.counts.moved, 2);
  EXPECT_EQ(p.plan.counts.promoted, 1);
  EXPECT_EQ(p.plan.counts.changed, 1);
  EXPECT_EQ(p.plan.new_classes.size(), 2u);  // 初一2班 is 初一(2)班
  EXPECT_EQ(p.plan.moves[0].to, cid(2));
  EXPECT_EQ(p.plan.persons[1].row.grade, 8);
  EXPECT_FALSE(p.plan.moves[3].to);
}

TEST(Rules, NamesAndNumbersStayWithWhoHasThem) {
  Present present;
  present.persons = {there(1, "s1", "100", "u1"), there(2, "s2", "200", "u2")};
  // Somebody new wants u1, which its owner keeps.
  auto p =
      planned(bulk({said("s9", "新", "900", "u1"), said("s1", "学生1", "100", "u1"), said("s2", "学生2", "200", "u2")}),
              present);
  EXPECT_EQ(p.plan.counts.created, 0);
  ASSERT_EQ(p.findings.list().size(), 1u);
  EXPECT_EQ(p.findings.list()[0].code, "username_taken");
  // Two people may exchange names and numbers.
  p = planned(bulk({said("s1", "学生1", "200", "u2"), said("s2", "学生2", "100", "u1")}), present);
  EXPECT_EQ(p.plan.counts.changed, 2);
  EXPECT_EQ(p.findings.list().size(), 0u);
  // A refused row keeps what it had, so a second one that counted on it is refused too.
  p = planned(bulk({said("s1", "学生1", "100", "u2"), said("s3", "新", "300", "u1"), said("s2", "学生2", "200", "u2")}),
              present);
  EXPECT_EQ(p.plan.counts.unchanged, 1);
  EXPECT_EQ(p.findings.list().size(), 2u);
  EXPECT_EQ(p.plan.counts.left, 0);
  // Among newcomers the first.
  p = planned(bulk({said("a", "甲", "1", "u"), said("b", "乙", "2", "u")}), {});
  EXPECT_EQ(p.plan.counts.created, 1);
  EXPECT_EQ(p.plan.persons[0].row.source_id, "a");
}

TEST(Rules, GuardiansOfTablesAreFoundAgain) {
  Facts table;
  table.persons = {said("", "张三", "1"), said("", "张四", "2"), said("", "李五", "3")};
  table.persons[0].guardians = {{"张父", Relation::father, "13900000001"}};
  table.persons[1].guardians = {{"张父", Relation::father, "13900000001"}};  // brothers: name and telephone together
  table.persons[2].guardians = {{"张父", Relation::father, "13900000009"}};  // the name alone says nothing
  const auto first = planned(table, {});
  std::size_t guardians = 0;
  for (const auto& s : first.plan.persons) guardians += s.row.kind == Kind::guardian;
  EXPECT_EQ(guardians, 2u);
  EXPECT_EQ(first.plan.links.size(), 3u);
  EXPECT_EQ(first.plan.counts.created, 3);  // rows of the file

  Present present;
  for (const auto& s : first.plan.persons) present.persons.push_back(s.row);
  present.links = first.plan.links;
  EXPECT_TRUE(planned(table, present).plan.empty());
  table.persons[0].guardians[0].phone = "13900000002";
  const auto second = planned(table, present);
  EXPECT_EQ(second.plan.counts.changed, 1);
  ASSERT_EQ(second.plan.links.size(), 1u);
  EXPECT_EQ(second.plan.links[0].phone, "13900000002");
  EXPECT_EQ(second.plan.links[0].relation, Relation::father);
}

TEST(Rules, OneRosterLinks) {
  auto facts = bulk({said("s1", "学生1"), said("g1", "家长1"), said("g2", "家长2")});
  facts.persons[1].kind = facts.persons[2].kind = Kind::guardian;
  facts.persons[1].phone = "13900000001";
  facts.links = {{0, 1}, {0, 1}, {0, 2}};
  const auto first = planned(facts, {});
  EXPECT_EQ(first.plan.links.size(), 2u);
  Present present;
  for (const auto& s : first.plan.persons) present.persons.push_back(s.row);
  present.links = first.plan.links;
  present.links[0].relation = Relation::mother;  // learnt from a table
  EXPECT_TRUE(planned(facts, present).plan.empty());
  facts.links = {{0, 1}};
  const auto fewer = planned(facts, present);
  EXPECT_EQ(fewer.plan.ended_links.size(), 1u);
  EXPECT_EQ(fewer.plan.counts.changed, 1);
}

TEST(Rules, ATableGuardianIsAdoptedByOneRoster) {
  Present present;
  present.persons = {there(1, "", "100"), there(2, "")};
  present.persons[1].kind = Kind::guardian;
  present.persons[1].name = "家长";
  present.links = {{pid(1), pid(2), Relation::father, "13900000001"}};
  auto facts = bulk({said("s1", "学生1", "100"), said("g1", "家长")});
  facts.persons[1].kind = Kind::guardian;
  facts.links = {{0, 1}};
  const auto p = planned(facts, present);
  EXPECT_EQ(p.plan.counts.created, 0);
  EXPECT_EQ(p.plan.links.size(), 0u);
  EXPECT_EQ(p.plan.persons.size(), 2u);
  for (const auto& s : p.plan.persons) EXPECT_TRUE(s.before && s.row.source_id);
}

TEST(Rules, AKindIsForEver) {
  Present present;
  present.persons = {there(1, "s1")};
  auto facts = bulk({said("s1", "学生1")});
  facts.persons[0].kind = Kind::staff;
  const auto p = planned(facts, present);
  EXPECT_TRUE(p.plan.empty());
  EXPECT_EQ(p.findings.list()[0].code, "kind_changed");
}

TEST(Rules, ManyLeaversAreSaid) {
  Present present;
  for (std::uint8_t n = 1; n <= 60; ++n) present.persons.push_back(there(n, "s" + std::to_string(n)));
  const auto p = planned(bulk({said("s1", "学生1")}), present);
  EXPECT_EQ(p.plan.counts.left, 59);
  EXPECT_EQ(p.findings.list().back().code, "many_leave");
}

TEST(Rules, TablesEndNobodyUnlessAsked) {
  Present present;
  present.persons = {there(1, "s1", "100"), there(2, "s2", "200"), there(3, "s3")};
  present.persons[2].kind = Kind::staff;
  Facts table;
  table.persons = {said("", "学生1", "100")};
  table.mentioned = {"100"};
  EXPECT_TRUE(planned(table, present).plan.empty());
  table.complete = true;
  EXPECT_EQ(planned(table, present).plan.counts.left, 1);
}

}  // namespace
}  // namespace xinyi::people
