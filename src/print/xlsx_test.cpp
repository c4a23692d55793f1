#include "print/xlsx.hpp"

#include <gmock/gmock.h>
#include <zip.h>

#include "kernel/problem.hpp"
#include "print/testing/read_back.hpp"

using namespace xinyi;
using namespace xinyi::print;
using ::testing::HasSubstr;
using ::testing::Not;

namespace {
const Instant kAt = *instant_from_text("2026-11-23T06:00:00Z");

std::string part(const Bytes& file, const char* name) {
  zip_error_t error;
  zip_error_init(&error);
  auto* source = zip_source_buffer_create(file.data(), file.size(), 0, &error);
  auto* archive = zip_open_from_source(source, ZIP_RDONLY, &error);
  EXPECT_NE(archive, nullptr);
  std::string out;
  if (auto* f = zip_fopen(archive, name, 0)) {
    char buffer[65536];
    for (zip_int64_t n; (n = zip_fread(f, buffer, sizeof buffer)) > 0;) out.append(buffer, static_cast<std::size_t>(n));
    zip_fclose(f);
  }
  zip_close(archive);
  return out;
}

Bytes table(const std::vector<std::vector<XlsxCell>>& rows, std::string name = "值班") {
  std::vector<XlsxColumn> columns(rows.empty() ? 1 : rows.front().size(), {"列", 12});
  std::size_t at = 0;
  return xlsx({std::move(name), columns, kAt}, [&](std::vector<XlsxCell>& row) {
    if (at == rows.size()) return false;
    row = rows[at++];
    return true;
  });
}
}  // namespace

TEST(PrintXlsx, texts_numbers_dates_and_moments) {
  const auto file = table({{"𠮷 <&> 张", std::int64_t{42}, *date_from_text("2026-11-23"), WallMoment{*date_from_text("2026-11-23"), {840}}, std::monostate{}}});
  const auto sheet = part(file, "xl/worksheets/sheet1.xml");
  EXPECT_THAT(sheet, HasSubstr("𠮷 &lt;&amp;&gt; 张"));
  EXPECT_THAT(sheet, HasSubstr("<v>42</v>"));
  EXPECT_THAT(sheet, HasSubstr("<v>46349</v>"));
  EXPECT_THAT(sheet, HasSubstr("<v>46349.58333"));
  EXPECT_THAT(part(file, "xl/workbook.xml"), HasSubstr("值班"));
  EXPECT_THAT(part(file, "docProps/core.xml"), HasSubstr("2026-11-23T06:00:00Z"));
}

TEST(PrintXlsx, nothing_becomes_a_formula) {
  const auto sheet = part(table({{"=1+1"}, {"+86 138"}, {"-cmd|' /C calc'!A0"}, {"@SUM(A1)"}, {"\t=2"}, {"\x01=3"}, {"　=4"}, {"3-1"}}), "xl/worksheets/sheet1.xml");
  EXPECT_THAT(sheet, Not(HasSubstr("<f>")));
  for (const auto* each : {"'=1+1", "'+86 138", "'-cmd", "'@SUM(A1)", "' =2", "'=3", "'　=4"}) EXPECT_THAT(sheet, HasSubstr(each));
  EXPECT_THAT(sheet, HasSubstr(">3-1<"));
}

TEST(PrintXlsx, hostile_text_is_harmless_and_a_cut_is_said_aloud) {
  std::string longest;
  for (int i = 0; i < 40'000; ++i) longest += "𠮷";
  const auto sheet = part(table({{longest}, {std::string("\0\x1b\x08好", 6)}, {"\xff\xfe"}, {"\xe2\x80\xae倒"}}), "xl/worksheets/sheet1.xml");
  EXPECT_THAT(sheet, HasSubstr("24000 字未放入本格"));
  EXPECT_THAT(sheet, Not(HasSubstr("_x00")));
  EXPECT_THAT(sheet, Not(HasSubstr("\xe2\x80\xae")));
}

TEST(PrintXlsx, the_same_input_gives_the_same_bytes) { EXPECT_EQ(table({{"甲"}, {"乙"}}), table({{"甲"}, {"乙"}})); }

TEST(PrintXlsx, a_sheet_may_be_called_anything) {
  for (const auto* name : {"", "a/b\\c[d]*?:", "'引号'", "一二三四五六七八九十一二三四五六七八九十一二三四五六七八九十一二三四五"})
    EXPECT_THAT(part(table({{"x"}}, name), "xl/worksheets/sheet1.xml"), HasSubstr(">x<")) << name;
}

TEST(PrintXlsx, a_row_of_another_shape_is_our_mistake) { EXPECT_THROW(table({{"a", "b"}, {"c"}}), Bug); }

TEST(PrintXlsx, memory_does_not_grow_with_the_table) {
  const auto rows = [](int most) {
    int n = 0;
    return xlsx({"t", {{"a"}, {"b"}, {"c"}}, kAt}, [&n, most](std::vector<XlsxCell>& row) {
      if (n++ == most) return false;
      row = {"第 " + std::to_string(n) + " 行", std::int64_t{n}, "同一段文字"};
      return true;
    });
  };
  (void)rows(10);
  const double before = xinyi::print::testing::own_memory();
  const auto file = rows(50'000);
  EXPECT_LT(xinyi::print::testing::own_memory() - before, 12 + static_cast<double>(file.size()) / (1 << 20));
}
