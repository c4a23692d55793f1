// Properties over generated rosters and tables.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "features/people/importing.hpp"
#include "features/people/rules.hpp"
#include "features/people/testing/files.hpp"
#include "features/people/values.hpp"
#include "http/testing/house.hpp"

namespace xinyi::embedded {
std::span<const File> people_migrations();
}

namespace xinyi::people {
namespace {
using namespace testing;

bool holds(const std::string& what, const std::function<void()>& body) { return rc::check(what, body); }

rc::Gen<std::string> cell() {
  return rc::gen::apply(
      [](const std::vector<std::string>& parts) {
        std::string out;
        for (const auto& p : parts) out += p;
        return out;
      },
      rc::gen::container<std::vector<std::string>>(
          rc::gen::element<std::string>("a", "\"", ",", "\r", "\n", "\r\n", " ", "张", "é", "𠀀", "=", "\t", ";")));
}

TEST(Property, WhatIsWrittenAsCsvIsReadBack) {
  EXPECT_TRUE(holds("csv round trip", [] {
    const auto rows = *rc::gen::nonEmpty(
        rc::gen::container<Rows>(rc::gen::nonEmpty(rc::gen::container<std::vector<std::string>>(cell()))));
    for (const auto& r : rows) RC_PRE(r.size() <= kMaxColumns);
    const auto end = *rc::gen::element<std::string>("\n", "\r\n", "\r");
    const auto text = csv_text(rows, end);
    Rows back;
    std::int64_t line = 0;
    CsvParser parser(',', "t", [&](const RawRow& row) {
      back.push_back(row.cells);
      RC_ASSERT(row.line > line);
      line = row.line;
      return true;
    });
    // In pieces of any size.
    const auto piece = static_cast<std::size_t>(*rc::gen::inRange(1, 9));
    for (std::size_t at = 0; at < text.size(); at += piece) parser.push(std::string_view(text).substr(at, piece));
    parser.finish();
    RC_ASSERT(back == rows);
  }));
}

TEST(Property, EveryDateIsReadInEveryForm) {
  EXPECT_TRUE(holds("dates", [] {
    const auto day = SchoolDate::from_day_number(*rc::gen::inRange(-5569, 34431));  // 1954-10-03 to 2064-04-08
    const int y = static_cast<int>(day.ymd.year());
    const unsigned m = static_cast<unsigned>(day.ymd.month()), d = static_cast<unsigned>(day.ymd.day());
    RC_ASSERT(read_date(fmt::format("{}-{}-{}", y, m, d)) == day);
    RC_ASSERT(read_date(fmt::format("{}/{:02}/{:02}", y, m, d)) == day);
    RC_ASSERT(read_date(fmt::format("{}年{}月{}日", y, m, d)) == day);
    RC_ASSERT(read_date(fmt::format("{}{:02}{:02}", y, m, d)) == day);
    RC_ASSERT(read_date(std::to_string(day.day_number() + 25569)) == day);
  }));
}

/// A small world in which identifiers collide all the time.
Facts some_facts() {
  const auto small = [](int n) { return *rc::gen::inRange(0, n); };
  Facts f;
  f.oneroster = small(2) == 0;
  f.complete = small(2) == 0;
  f.years = {{2025, "y25", "2025学年", *date_from_text("2025-09-01"), *date_from_text("2026-07-01")},
             {2026, "y26", "2026学年", *date_from_text("2026-09-01"), *date_from_text("2027-07-01")}};
  std::set<std::string> used;
  const int classes = small(5);
  for (int i = 0; i < classes; ++i) {
    ClassFact c;
    c.name = "初" + std::string(small(2) ? "一" : "二") + "(" + std::to_string(i + 1) + ")班";
    c.grade = c.name.starts_with("初一") ? 7 : 8;
    c.school_year = 2025 + small(2);
    if (f.oneroster) c.source_id = "c" + std::to_string(i);
    f.classes.push_back(c);
  }
  const int persons = small(12);
  for (int i = 0; i < persons; ++i) {
    PersonFact p;
    p.at = {"t", i + 2};
    p.kind = f.oneroster && small(3) == 0 ? Kind::guardian : Kind::student;
    p.name = "人" + std::to_string(small(4));
    const auto id = std::to_string(small(14));
    if (f.oneroster) p.source_id = (p.kind == Kind::guardian ? "g" : "s") + id;
    if (p.kind == Kind::student && (!f.oneroster || small(2))) p.number = f.oneroster ? std::to_string(small(14)) : id;
    if (!used.insert(f.oneroster ? p.source_id : p.number).second) continue;
    if (small(2)) p.username = "u" + std::to_string(small(8));
    if (p.kind == Kind::student) {
      if (!f.classes.empty() && small(3))
        p.in_class = static_cast<std::size_t>(small(static_cast<int>(f.classes.size())));
      p.says_class = small(2) == 0;
      if (!f.oneroster && small(2))
        p.guardians.push_back({"家长" + std::to_string(small(3)), Relation::father,
                               small(2) ? "1390000000" + std::to_string(small(3)) : ""});
    }
    f.mentioned.insert(f.oneroster ? p.source_id : p.number);
    f.persons.push_back(p);
  }
  for (std::size_t i = 0; i < f.persons.size() && f.oneroster; ++i)
    for (std::size_t k = 0; k < f.persons.size(); ++k)
      if (f.persons[i].kind == Kind::student && f.persons[k].kind == Kind::guardian && small(3) == 0)
        f.links.push_back({i, k});
  return f;
}

class Applied : public ::testing::Test {
 protected:
  Present present() {
    return house_.db().read(house_.school(), [&](storage::ReadTx& tx) { return load_present(tx, house_.data_key()); });
  }
  void empty_roster() {
    house_.db().write(house_.school(), [&](storage::WriteTx& tx) {
      tx.exec("DELETE FROM persons WHERE school_id = ?1", tx.school());
      tx.exec("DELETE FROM students WHERE school_id = ?1", tx.school());
      tx.exec("DELETE FROM guardians WHERE school_id = ?1", tx.school());
      tx.exec("DELETE FROM classes WHERE school_id = ?1", tx.school());
      tx.exec("DELETE FROM school_years WHERE school_id = ?1", tx.school());
      tx.exec("DELETE FROM enrolments WHERE school_id = ?1", tx.school());
    });
  }
  Plan plan(const Facts& facts) {
    Findings findings;
    return make_plan(
        facts, present(), [&] { return house_.services().random.bytes<16>(); }, findings);
  }
  void run(const Facts& facts) {
    const auto prepared = prepare(plan(facts), house_.services().random, house_.clock().now());
    house_.db().write(house_.school(), [&](storage::WriteTx& tx) {
      apply(tx, house_.data_key(), prepared, *date_from_text("2026-11-23"));
    });
  }
  http::testing::House house_{http::testing::steps(embedded::people_migrations())};
};

TEST_F(Applied, ImportingTwiceChangesNothing) {
  EXPECT_TRUE(holds("a plan over its own result is empty", [&] {
    empty_roster();
    for (int history = *rc::gen::inRange(0, 3); history > 0; --history) run(some_facts());
    const auto facts = some_facts();
    run(facts);
    const auto again = plan(facts);
    RC_LOG() << again.persons.size() << " persons, " << again.links.size() << " links, " << again.ended_links.size()
             << " ended links, " << again.moves.size() << " moves, " << again.new_classes.size() << "+"
             << again.changed_classes.size() << " classes, " << again.years.size() << " years";
    RC_ASSERT(again.empty());
  }));
}

TEST_F(Applied, NobodyIsLostAndEverybodyIsCountedOnce) {
  EXPECT_TRUE(holds("counts", [&] {
    empty_roster();
    run(some_facts());
    const auto facts = some_facts();
    Findings findings;
    const auto before = present();
    const auto p = make_plan(
        facts, before, [&] { return house_.services().random.bytes<16>(); }, findings);
    const auto& c = p.counts;
    RC_ASSERT(c.created + c.changed + c.unchanged + c.moved + c.promoted + findings.refused() ==
              static_cast<std::int64_t>(facts.persons.size()));
    run(facts);
    for (const auto& person : before.persons) {
      const auto after = present();
      RC_ASSERT(std::any_of(after.persons.begin(), after.persons.end(),
                            [&](const PersonRow& r) { return r.id == person.id; }));
    }
  }));
}

}  // namespace
}  // namespace xinyi::people
