// Tables as schools really write them.
#include "features/people/table.hpp"

#include <gtest/gtest.h>

#include "features/people/importing.hpp"
#include "features/people/testing/files.hpp"

namespace xinyi::people {
namespace {
using namespace testing;

struct Said {
  TableHead head;
  Facts facts;
  Findings findings;
  std::vector<std::string> codes() const {
    std::vector<std::string> out;
    for (const auto& f : findings.list()) out.push_back(f.code);
    return out;
  }
};
Said read(const Table& table, const std::map<std::string, std::string>& map = {}, bool keep_identity = false) {
  Said out;
  out.head = read_head(table);
  TableOptions options;
  options.today = *date_from_text("2026-11-23");
  options.keep_identity_numbers = keep_identity;
  out.facts = read_table(table, out.head, with_overrides(out.head, map), options, out.findings);
  return out;
}
Said read_text(const std::string& text, const std::map<std::string, std::string>& map = {},
               bool keep_identity = false) {
  const auto set = single_bytes("t.csv", text);
  return read({*set, false}, map, keep_identity);
}

TEST(Table, TheRealExport) {
  const auto roster = open_roster(data("xueji.xlsx"));
  ASSERT_TRUE(roster.xlsx);
  const auto said = read(roster.table());
  EXPECT_EQ(said.head.header_line, 2);
  EXPECT_EQ(said.head.school_year, 2026);
  EXPECT_EQ(said.head.mapping[Field::name], 0u);
  EXPECT_EQ(said.head.mapping[Field::boarder], 10u);
  EXPECT_EQ(said.head.mapping[Field::guardian2_name], std::nullopt);
  EXPECT_EQ(said.head.sample.size(), 8u);
  EXPECT_EQ(said.head.sample[0][8], "139****16");
  EXPECT_EQ(said.facts.read, 3000);
  ASSERT_EQ(said.facts.persons.size(), 3000u);
  EXPECT_EQ(said.facts.classes.size(), 72u);
  EXPECT_EQ(said.findings.list().size(), 0u)
      << said.findings.list()[0].code << " line " << said.findings.list()[0].line;
  const auto& first = said.facts.persons[0];
  EXPECT_EQ(first.name, "黎馨若");
  EXPECT_EQ(first.number, "2026000000");
  EXPECT_EQ(to_text(*first.birth_date), "2020-06-09");  // a day number with a date style
  EXPECT_EQ(first.grade, 1);
  EXPECT_EQ(first.boarder, true);
  ASSERT_EQ(first.guardians.size(), 1u);
  EXPECT_EQ(first.guardians[0].name, "姚天");
  EXPECT_EQ(first.guardians[0].relation, Relation::grandmother);
  EXPECT_EQ(first.guardians[0].phone, "13940580316");
  EXPECT_EQ(to_text(*said.facts.persons[1].birth_date), "2018-10-18");  // text with strokes
  EXPECT_EQ(to_text(*said.facts.persons[2].birth_date), "2018-08-14");  // 2018年08月14日
  EXPECT_EQ(to_text(*said.facts.persons[3].birth_date), "2017-06-16");  // the number 20170616
  EXPECT_EQ(said.facts.persons[4].guardians[0].phone, "13213632863");   // a telephone as a number
  EXPECT_EQ(said.facts.persons[5].name, "田雅芷");                      // blanks around it
  EXPECT_EQ(said.facts.persons[6].grade, 7);
  EXPECT_EQ(to_text(*said.facts.persons[2999].birth_date), "2009-06-21");
  for (const auto& p : said.facts.persons) {
    EXPECT_TRUE(p.birth_date && p.grade && p.in_class && p.boarder && p.gender != Gender::unknown) << p.at.line;
    EXPECT_EQ(p.number.size(), 10u);
  }
}

TEST(Table, TheSameDatesAsTheOtherExport) {
  // Both files were written by one system: every birth date must agree.
  const auto sheet = open_roster(data("xueji.xlsx"));
  const auto said = read(sheet.table());
  const auto set = open_zip(data("oneroster-clean.zip"));
  std::map<std::string, std::string> number_of, born;
  std::map<std::string, std::size_t> at;
  read_csv(*set, "users.csv", ',', [&](const RawRow& r) {
    if (r.cells[5] == "student") number_of[r.cells[0]] = r.cells[11];
    return true;
  });
  read_csv(*set, "demographics.csv", ',', [&](const RawRow& r) {
    if (number_of.contains(r.cells[0])) born[number_of[r.cells[0]]] = r.cells[3];
    return true;
  });
  ASSERT_EQ(born.size(), 3000u);
  for (const auto& p : said.facts.persons) EXPECT_EQ(to_text(*p.birth_date), born[p.number]) << p.at.line;
}

TEST(Table, HeadersInManyWords) {
  const auto said = read_text(
      "清源中学名册（2025-2026学年）,,,\n,,,\n学 "
      "号*,学生姓名（必填）,性别,所在年级,班,Phone,监护人姓名\n1001,王五,女,七年级,2,13900000000,王父\n合 计,1,,,,,\n");
  EXPECT_EQ(said.head.header_line, 3);
  EXPECT_EQ(said.head.school_year, 2025);
  ASSERT_EQ(said.facts.persons.size(), 1u);
  EXPECT_EQ(said.facts.persons[0].number, "1001");
  EXPECT_EQ(said.facts.classes[0].name, "初一(2)班");
  EXPECT_EQ(said.facts.classes[0].school_year, 2025);
  EXPECT_EQ(said.facts.persons[0].guardians[0].phone, "13900000000");
}

TEST(Table, ColumnsByHeaderLetterOrNumber) {
  const std::string text = "甲,乙,丙\n1,张三,男\n";
  EXPECT_EQ(fault_of([&] { read_text(text); }), "header_unknown");
  for (const auto& map : std::vector<std::map<std::string, std::string>>{{{"number", "A"}, {"name", "B"}},
                                                                         {{"number", "1"}, {"name", "2"}}}) {
    const auto said = read_text("1,张三,男\n2,李四,女\n", map);
    EXPECT_EQ(said.facts.persons.size(), 2u);
    EXPECT_EQ(said.head.header_line, 0);
  }
  EXPECT_EQ(read_text("姓名,学号,别名\n张三,1,张小三\n", {{"name", "别名"}}).facts.persons[0].name, "张小三");
  EXPECT_EQ(fault_of([] { read_text("姓名,学号\n张三,1\n", {{"number", ""}}); }), "header_unknown");
  EXPECT_THROW(read_text("姓名,学号\n张三,1\n", {{"nickname", "A"}}), Refusal);
  EXPECT_THROW(read_text("姓名,学号\n张三,1\n", {{"gender", "没有这列"}}), Refusal);
}

TEST(Table, FaultyRows) {
  const auto said = read_text(
      "姓名,学号,年级,出生日期,性别,联系电话,监护人\n"
      ",1,1,,,,\n张三,,1,,,,\n李四,2,13,,,,\n王五,3,1,2016-02-30,x,abc,王父\n赵六,4,1,2031-01-01,男,,\n"
      "钱七,5,1,,,,\n钱七,5,1,,,,\n孙八,5,1,,,,\n姓名,学号,年级,出生日期,性别,联系电话,监护人\n,,,,,,\n");
  EXPECT_EQ(said.codes(), (std::vector<std::string>{"name_missing", "number_missing", "grade_range",
                                                    "gender_unreadable", "birth_date_unreadable", "phone_unreadable",
                                                    "birth_date_future", "id_repeated", "id_conflict"}));
  EXPECT_EQ(said.facts.persons.size(), 3u);
  EXPECT_EQ(said.facts.read, 8);
  EXPECT_FALSE(said.facts.persons[0].birth_date);
  for (const auto& f : said.findings.list()) EXPECT_NE(f.value, "abc");  // a telephone is never shown
}

TEST(Table, IdentityNumbersNeverGetIn) {
  const std::string text =
      "姓名,学号,身份证号,学籍号,备注\n张三,1,330106201908011234,G330106201908011234,\n李四,2,33010620190801123X,,"
      "330106201908011234\n"
      "王五,330106201908011235,,,\n";
  const auto said = read_text(text);
  EXPECT_EQ(said.codes(), (std::vector<std::string>{"identity_column", "identity_column", "identity_column",
                                                    "identity_column", "number_is_identity"}));
  ASSERT_EQ(said.facts.persons.size(), 2u);
  EXPECT_EQ(said.facts.persons[0].identity_number, "");
  EXPECT_EQ(said.facts.persons[0].national_number, "");
  for (const auto& f : said.findings.list()) EXPECT_EQ(f.value.find("3301"), std::string::npos);
  for (const auto& row : said.head.sample)
    for (const auto& cell : row) EXPECT_EQ(cell.find("3301"), std::string::npos);
  const auto kept = read_text(text, {}, true);
  EXPECT_EQ(kept.facts.persons[0].identity_number, "330106201908011234");
  EXPECT_EQ(kept.facts.persons[0].national_number, "G330106201908011234");
}

TEST(Table, EncodingsAndSeparators) {
  const Folder folder;
  // 姓名,学号 in GB 18030, without any mark.
  const auto gb =
      open_roster(folder.write("gb.csv", "\xD0\xD5\xC3\xFB,\xD1\xA7\xBA\xC5\n\xD5\xC5\xC8\xFD,2026000001\n"));
  EXPECT_EQ(read(gb.table()).facts.persons[0].name, "张三");
  EXPECT_EQ(read_head(gb.table()).origin.encoding, "GB 18030");
  EXPECT_EQ(read_text("姓名\t学号\n张三\t１２\n").facts.persons[0].number, "12");
}

}  // namespace
}  // namespace xinyi::people
