// Readers against good and hostile files.
#include <gtest/gtest.h>

#include "features/people/csv.hpp"
#include "features/people/importing.hpp"
#include "features/people/testing/files.hpp"
#include "features/people/xlsx.hpp"

namespace xinyi::people {
namespace {
using namespace testing;

struct Read {
  Rows rows;
  std::vector<std::int64_t> lines;
  std::vector<bool> stray;
  Encoding encoding{};
};
Read csv(std::string_view bytes, char separator = ',') {
  Read out;
  const auto set = single_bytes("t.csv", bytes);
  out.encoding = read_csv(*set, "t.csv", separator, [&](const RawRow& row) {
    out.rows.push_back(row.cells);
    out.lines.push_back(row.line);
    out.stray.push_back(row.stray);
    return true;
  });
  return out;
}
Read xlsx(const std::string& path) {
  Read out;
  const auto set = open_zip(path);
  read_xlsx(*set, [&](const RawRow& row) {
    out.rows.push_back(row.cells);
    out.lines.push_back(row.line);
    return true;
  });
  return out;
}

TEST(Csv, QuotesBreaksAndBlankLines) {
  const auto r = csv("a,b\r\n\"1\r\n2\",\"say \"\"hi\"\"\"\r\n\r\nx,\n,\ny\"z,\"\"\n");
  EXPECT_EQ(r.rows, (Rows{{"a", "b"}, {"1\r\n2", "say \"hi\""}, {"x", ""}, {"", ""}, {"y\"z", ""}}));
  EXPECT_EQ(r.lines, (std::vector<std::int64_t>{1, 2, 5, 6, 7}));
  EXPECT_EQ(csv("a\rb\r").rows, (Rows{{"a"}, {"b"}}));
  EXPECT_EQ(csv("a,b").rows, (Rows{{"a", "b"}}));
}

TEST(Csv, FaultyQuotesAreReportedWithTheirLine) {
  std::int64_t line = 0;
  EXPECT_EQ(fault_of([] { csv("a,b\n1,2\n3,\"open\nmore\nand more"); }, &line), "quote_open");
  EXPECT_EQ(line, 3);
  const auto r = csv("a\n\"x\"y\nz\n");
  EXPECT_EQ(r.stray, (std::vector<bool>{false, true, false}));
}

TEST(Csv, Caps) {
  EXPECT_EQ(fault_of([] { csv(std::string(200, ',')); }), "too_many_columns");
  EXPECT_EQ(csv(std::string(199, ',')).rows[0].size(), 200u);
  EXPECT_EQ(fault_of([] { csv(std::string(kMaxCellBytes + 1, 'x')); }), "too_much_text");
  std::string rows;
  for (int i = 0; i < 200'001; ++i) rows += "x\n";
  std::int64_t line = 0;
  EXPECT_EQ(fault_of([&] { csv(rows); }, &line), "too_many_rows");
  EXPECT_EQ(line, 200'001);
}

TEST(Csv, OtherSeparators) {
  EXPECT_EQ(csv("a\tb\n1\t2,5\n", 0).rows, (Rows{{"a", "b"}, {"1", "2,5"}}));
  EXPECT_EQ(csv("a;b;c\n1;2;3,5\n", 0).rows[1], (std::vector<std::string>{"1", "2", "3,5"}));
}

TEST(Encodings, FoundWithoutBeingTold) {
  const std::string gb = "\xD0\xD5\xC3\xFB,\xD1\xA7\xBA\xC5\n\xD5\xC5\xC8\xFD,1\n";  // 姓名,学号 / 张三,1
  EXPECT_EQ(csv(gb).encoding, Encoding::gb18030);
  EXPECT_EQ(csv(gb).rows, (Rows{{"姓名", "学号"}, {"张三", "1"}}));
  EXPECT_EQ(csv("姓名,学号\n张三,1\n").encoding, Encoding::utf8);
  EXPECT_EQ(csv("\xEF\xBB\xBF姓名\n").encoding, Encoding::utf8_bom);
  EXPECT_EQ(csv("\xEF\xBB\xBF姓名\n").rows, (Rows{{"姓名"}}));
  EXPECT_EQ(csv("name\nJos\xC3\xA9\n").encoding, Encoding::utf8);                       // é, never 茅
  EXPECT_EQ(csv("name\n\xD0\x98\xD0\xB2\xD0\xB0\xD0\xBD\n").encoding, Encoding::utf8);  // Иван
  EXPECT_EQ(csv("a,b\n\xD2\xBB,1\n").rows[1][0], "一");                 // one common hanzi, also valid UTF-8
  EXPECT_EQ(csv("\x95\x32\x82\x36\n").rows[0][0], "\xF0\xA0\x80\x80");  // four bytes: U+20000
  EXPECT_EQ(csv(std::string("\xFF\xFE"
                            "a\0,\0\x20\x5F\n\0",
                            10))
                .rows,
            (Rows{{"a", "张"}}));
  EXPECT_EQ(csv(std::string("\xFE\xFF"
                            "\0a\0,\x5F\x20\0\n",
                            10))
                .rows,
            (Rows{{"a", "张"}}));
}

TEST(Encodings, BadBytesAreRefusedWithTheirLine) {
  std::int64_t line = 0;
  EXPECT_EQ(fault_of(
                [] {
                  csv("a\nb\nc\xFF"
                      "d\n");
                },
                &line),
            "bad_bytes");
  EXPECT_EQ(line, 3);
  EXPECT_EQ(fault_of([] { csv("\xEF\xBB\xBFok\n\n\xC3\x28\n"); }, &line), "bad_bytes");
  EXPECT_EQ(line, 3);
  EXPECT_EQ(fault_of([] { csv(std::string("a\nb\0c\n", 6)); }, &line), "bad_bytes");
  EXPECT_EQ(line, 2);
  EXPECT_EQ(fault_of([] {
              csv("\xEF\xBB\xBF"
                  "cut \xE5\xBC");
            }),
            "bad_bytes");
}

TEST(Zip, TricksAreRefused) {
  const Folder folder;
  const auto fault = [&](const Entries& e, const char* password = nullptr, bool link = false) {
    const auto path = make_zip(folder, e, password, link);
    return fault_of([&] {
      const auto set = open_zip(path);
      for (const auto& name : set->names()) {
        std::vector<char> buffer(65536);
        const auto source = set->open(name);
        while (source->read(buffer) > 0) {
        }
      }
    });
  };
  EXPECT_EQ(fault({{"users.csv", "x"}}), "none");
  EXPECT_EQ(fault({{"export/users.csv", "x"}, {"export/orgs.csv", "y"}, {"__MACOSX/._users.csv", "z"}}), "none");
  for (const char* name :
       {"../users.csv", "/users.csv", "a/../../users.csv", "a\\users.csv", "C:users.csv", "./users.csv"})
    EXPECT_EQ(fault({{name, "x"}}), "zip_path") << name;
  EXPECT_EQ(fault({{"users.csv", "secret"}}, "123456"), "zip_encrypted");
  EXPECT_EQ(fault({{"users.csv", "/etc/passwd"}}, nullptr, true), "zip_path");
  EXPECT_EQ(fault({{"users.csv", std::string(8 << 20, 'a')}}), "zip_too_large");
  Entries many;
  for (int i = 0; i < 2001; ++i) many.emplace_back("f" + std::to_string(i), "x");
  EXPECT_EQ(fault(many), "zip_too_large");
}

TEST(Zip, TheFolderThatWasZippedIsTakenOff) {
  const Folder folder;
  const auto set = open_zip(make_zip(folder, {{"导出/users.csv", "x"}, {"导出/orgs.csv", "y"}}));
  EXPECT_EQ(set->names(), (std::vector<std::string>{"orgs.csv", "users.csv"}));
}

TEST(Zip, DamageIsRefusedWhereverItIs) {
  const Folder folder;
  const auto whole = slurp(data("oneroster-clean.zip"));
  for (std::size_t cut : {std::size_t{10}, whole.size() / 2, whole.size() - 10}) {
    const auto path = folder.write("cut.zip", std::string_view(whole).substr(0, cut));
    EXPECT_EQ(fault_of([&] { open_zip(path); }), "zip_damaged") << cut;
  }
  auto bent = whole;
  bent[whole.size() / 2] = static_cast<char>(bent[whole.size() / 2] ^ 0x55);
  const auto path = folder.write("bent.zip", bent);
  EXPECT_EQ(fault_of([&] {
              const auto set = open_zip(path);
              for (const auto& name : set->names()) read_csv(*set, name, ',', [](const RawRow&) { return true; });
            }),
            "zip_damaged");
}

TEST(Xlsx, CellsOfEveryKind) {
  const Folder folder;
  const auto path =
      make_zip(folder, xlsx_entries("<row r=\"2\"><c r=\"A2\" t=\"s\"><v>0</v></c><c r=\"B2\" "
                                    "t=\"inlineStr\"><is><r><t>李</t></r><r><t>四</t></r><rPh><t>x</t></rPh></is></c>"
                                    "<c r=\"D2\"><v>2.026E9</v></c><c><v>1.5</v></c></row>"
                                    "<row r=\"4\"><c r=\"A4\" s=\"1\"><v>43326</v></c><c r=\"B4\" "
                                    "s=\"2\"><v>43326.75</v></c><c r=\"C4\" s=\"3\"><v>43326</v></c>"
                                    "<c r=\"D4\" t=\"b\"><v>1</v></c><c r=\"E4\" t=\"e\"><v>#REF!</v></c><c r=\"F4\" "
                                    "t=\"str\"><f>A1</f><v>甲_x000D_乙</v></c></row>"
                                    "<row r=\"6\"><c r=\"C6\"/></row>",
                                    "<sst><si><r><t>张</t></r><r><t>三</t></r></si><si><t>b</t></si></sst>"));
  const auto r = xlsx(path);
  EXPECT_EQ(r.lines, (std::vector<std::int64_t>{2, 4}));
  EXPECT_EQ(r.rows[0], (std::vector<std::string>{"张三", "李四", "", "2026000000", "1.5"}));
  EXPECT_EQ(r.rows[1], (std::vector<std::string>{"2018-08-14", "2018-08-14", "43326", "true", "", "甲\r乙"}));
}

TEST(Xlsx, HostileXmlIsRefused) {
  const Folder folder;
  const auto fault = [&](const Entries& e) {
    const auto path = make_zip(folder, e);
    return fault_of([&] { xlsx(path); });
  };
  const std::string row = "<row r=\"1\"><c r=\"A1\"><v>1</v></c></row>";
  EXPECT_EQ(fault(xlsx_entries(row)), "none");
  const std::string laughs =
      "<!DOCTYPE w [<!ENTITY a \"ha\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;\"><!ENTITY c "
      "\"&b;&b;&b;&b;&b;&b;&b;&b;\">]>";
  EXPECT_EQ(fault(xlsx_entries("<row r=\"1\"><c t=\"str\"><v>&c;</v></c></row>", "<sst/>", laughs)), "xml_malformed");
  EXPECT_EQ(fault(xlsx_entries("<row r=\"1\"><c t=\"str\"><v>&x;</v></c></row>", "<sst/>",
                               "<!DOCTYPE w [<!ENTITY x SYSTEM \"file:///etc/passwd\">]>")),
            "xml_malformed");
  EXPECT_EQ(fault(xlsx_entries("<row r=\"1\"><c>")), "xml_malformed");
  EXPECT_EQ(fault(xlsx_entries("<row r=\"2\"><c><v>1</v></c></row>" + row)), "xml_malformed");
  EXPECT_EQ(fault(xlsx_entries("<row r=\"1\"><c r=\"A1\" t=\"s\"><v>7</v></c></row>")), "xml_malformed");
  EXPECT_EQ(fault(xlsx_entries("<row r=\"1\"><c r=\"ZZ1\"><v>1</v></c></row>")), "too_many_columns");
  std::string deep;
  for (int i = 0; i < 100; ++i) deep += "<x>";
  EXPECT_EQ(fault(xlsx_entries(deep)), "xml_malformed");
  std::string noise(2 << 20, ' ');  // one token of two megabytes that does not compress away
  unsigned state = 7;
  for (char& c : noise) c = static_cast<char>('a' + (state = state * 1103515245 + 12345) / 65536 % 26);
  EXPECT_EQ(fault(xlsx_entries("<row r=\"1\" note=\"" + noise + "\"/>")), "too_much_text");
  EXPECT_EQ(fault({{"[Content_Types].xml", kContentTypes}}), "file_missing");
}

TEST(Xlsx, NumbersAsPeopleWriteThem) {
  EXPECT_EQ(plain_number("2.026E9"), "2026000000");
  EXPECT_EQ(plain_number("1.3940580316E10"), "13940580316");
  EXPECT_EQ(plain_number("20170616"), "20170616");
  EXPECT_EQ(plain_number("-3"), "-3");
  EXPECT_EQ(plain_number("0.5"), "0.5");
  EXPECT_EQ(plain_number("x1"), "x1");
}

TEST(Kinds, ByContent) {
  const Folder folder;
  EXPECT_EQ(kind_of(data("oneroster-clean.zip")), FileKind::zip);
  EXPECT_EQ(kind_of(data("xueji.xlsx")), FileKind::xlsx);
  EXPECT_EQ(kind_of(folder.path()), FileKind::folder);
  EXPECT_EQ(kind_of(folder.write("a.zip", "姓名,学号\n")), FileKind::csv);
  EXPECT_EQ(kind_of(folder.write("old.xls", "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1")), FileKind::unknown);
  EXPECT_EQ(kind_of(folder.write("empty.csv", "")), FileKind::unknown);
  EXPECT_EQ(fault_of([&] { kind_of(folder.path() + "/nothing"); }), "file_missing");
}

}  // namespace
}  // namespace xinyi::people
