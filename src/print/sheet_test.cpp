#include <fmt/format.h>
#include <gmock/gmock.h>

#include <regex>
#include <thread>

#include "print/print.hpp"
#include "print/testing/read_back.hpp"

using namespace xinyi;
using namespace xinyi::print;
using namespace xinyi::print::testing;
using ::testing::HasSubstr;
using ::testing::Not;

namespace {
const Options kZh{Language::zh, "第一中学", *instant_from_text("2026-11-23T06:00:00Z")};
const Options kEn{Language::en, "No. 1 School", kZh.at};

/// The lowest word of every page that is not in the footer, in points.
double lowest_word(const ReadBack& paper) {
  double out = 0;
  const auto places = paper.places();
  const std::regex word("yMax=\"([0-9.]+)\"");
  for (auto it = std::sregex_iterator(places.begin(), places.end(), word); it != std::sregex_iterator(); ++it)
    if (const double y = std::stod((*it)[1]); y < 841.89 * (297 - 14.5) / 297) out = std::max(out, y);
  return out;
}
constexpr double kBodyEnd = 841.89 * (297 - 19 + 0.6) / 297;
}  // namespace

TEST(PrintSheet, every_form_carries_number_version_pages_and_school) {
  for (const auto& f : forms()) {
    if (f.look == Look::poster) continue;
    const ReadBack zh(pdf(f, {}, kZh)), en(pdf(f, {}, kEn));
    const auto pages = zh.pages();
    ASSERT_FALSE(pages.empty()) << f.id;
    EXPECT_LE(pages.size(), 3u) << f.id;
    for (std::size_t i = 0; i < pages.size(); ++i) {
      EXPECT_THAT(pages[i], HasSubstr(f.number)) << f.id;
      EXPECT_THAT(pages[i], HasSubstr(f.version)) << f.id;
      EXPECT_THAT(pages[i], HasSubstr("第一中学")) << f.id;
      EXPECT_THAT(joined(pages[i]), HasSubstr(fmt::format("第{}页/共{}页", i + 1, pages.size()))) << f.id;
      EXPECT_THAT(joined(pages[i]), HasSubstr(joined(f.title.zh))) << f.id;
      EXPECT_THAT(joined(pages[i]), HasSubstr(f.mark ? joined(f.mark->zh) : "")) << f.id;
    }
    EXPECT_THAT(en.words(), HasSubstr(f.title.en));
    EXPECT_THAT(en.words(), HasSubstr(fmt::format("Page 1 of {}", en.pages().size())));
    EXPECT_THAT(zh.about(), HasSubstr("(A4)"));
    EXPECT_LT(lowest_word(zh), kBodyEnd) << f.id;
    EXPECT_LT(lowest_word(en), kBodyEnd) << f.id;
  }
}

TEST(PrintSheet, a_blank_form_has_every_label) {
  for (const auto& f : forms()) {
    if (f.look == Look::poster) continue;
    const auto words = joined(ReadBack(pdf(f, {}, kZh)).words());
    for (const auto& s : f.sections)
      for (const auto& row : s.rows)
        for (const auto& field : row) {
          // A label of two lines stands beside its cell's words in the text layer, so only short ones are looked for whole.
          const bool whole = field.kind != Kind::text && field.label.zh.size() <= 12;
          EXPECT_THAT(words, HasSubstr(whole ? joined(field.label.zh) : "")) << f.id;
          for (const auto& c : field.choices.value_or(std::vector<Choice>{})) EXPECT_THAT(words, HasSubstr(joined(c.label.zh))) << f.id;
        }
  }
}

TEST(PrintSheet, the_cover_of_a_card_names_no_reason) {
  const auto cover = joined(ReadBack(pdf(*form("card"), {}, kZh)).pages().front());
  for (const auto* word : {"风险", "等级", "主诉", "问题", "测评", "关注", "预警", "诊断"}) EXPECT_THAT(cover, Not(HasSubstr(word)));
}

TEST(PrintSheet, values_stand_in_their_fields) {
  Values v;
  v.text = {{"name", "欧阳若曦"}, {"class", "高二（5）班"}, {"problem", "第一行\n第二行"}, {"date_1", "2026-11-24"}, {"time_1", "14:00"}};
  v.chosen = {{"way", {"phone"}}};
  const auto words = ReadBack(pdf(*form("booking"), v, kZh)).words();
  for (const auto* each : {"欧阳若曦", "高二（5）班", "第一行", "第二行", "2026-11-24", "14:00"}) EXPECT_THAT(words, HasSubstr(each));
  EXPECT_NE(pdf(*form("booking"), v, kZh), pdf(*form("booking"), {.text = v.text}, kZh)) << "a tick is drawn";
  EXPECT_THROW(pdf(*form("booking"), {.text = {{"nobody", "x"}}}, kZh), Bug);
}

TEST(PrintSheet, a_long_text_goes_on_over_pages_and_loses_nothing) {
  std::string text;
  std::vector<std::string> marks;
  for (int i = 0; text.size() < 100'000; ++i) {
    marks.push_back(fmt::format("段{:04}止", i));
    text += marks.back() + "她说最近总是睡不好,想找人聊聊。";
    if (i % 7 == 0) text += "\n";
  }
  const ReadBack paper(pdf(*form("session"), {.text = {{"process", text}}}, kZh));
  const auto words = joined(paper.words());
  EXPECT_GT(paper.pages().size(), 20u);
  // A mark may be divided between lines (joined again here) but hardly ever between pages.
  std::size_t missing = 0;
  for (const auto& m : marks) missing += count(words, m) == 1 ? 0u : 1u;
  EXPECT_LE(missing, paper.pages().size());
  EXPECT_GE(count(words, "睡不好") + paper.pages().size(), marks.size());
  EXPECT_LT(lowest_word(paper), kBodyEnd) << "no line is cut by the lower edge";
  EXPECT_THAT(words, HasSubstr("咨询老师签名")) << "what comes after the text is still there";
}

TEST(PrintSheet, a_table_repeats_its_head_and_keeps_every_row) {
  Values v;
  for (int i = 0; i < 200; ++i) v.rows["visits"].push_back({fmt::format("T{:03}", i), "咨询室", "预约", "已到", i == 50 ? std::string(3000, 'x') : ""});
  const ReadBack paper(pdf(*form("duty"), v, kZh));
  const auto pages = paper.pages();
  EXPECT_GT(pages.size(), 8u);
  const auto words = paper.words();
  for (int i = 0; i < 200; ++i) EXPECT_EQ(count(words, fmt::format("T{:03}", i)), 1u) << i;
  EXPECT_GE(count(joined(words), "xxxxxxxxxx"), 290u);
  // Also where a page begins in the middle of the row that is higher than a page.
  for (const auto& p : pages)
    EXPECT_EQ(std::regex_search(p, std::regex("T[0-9]{3}|xxxxxx")), std::regex_search(p, std::regex("时间 +地点 +类型"))) << p;
  EXPECT_LT(lowest_word(paper), kBodyEnd);
}

TEST(PrintSheet, a_name_of_any_length_breaks_no_layout) {
  std::string longest;
  for (int i = 0; i < 60; ++i) longest += "赛";
  for (const auto& name : {longest, std::string(60, 'W'), std::string("阿卜杜热合曼·买买提吐尔逊·艾合买提江")}) {
    const ReadBack paper(pdf(*form("booking"), {.text = {{"name", name}}}, {Language::zh, longest, kZh.at}));
    EXPECT_THAT(joined(paper.words()), HasSubstr(name.substr(0, 24)));
    EXPECT_LE(paper.pages().size(), 2u);
    const auto places = paper.places();
    const std::regex edge("xMax=\"([0-9.]+)\"");
    for (auto it = std::sregex_iterator(places.begin(), places.end(), edge); it != std::sregex_iterator(); ++it)
      EXPECT_LT(std::stod((*it)[1]), 595.3 * (210 - 17) / 210);
  }
}

TEST(PrintSheet, hostile_text_is_harmless) {
  std::string accents = "a";
  for (int i = 0; i < 500; ++i) accents += "\xcc\x81";
  std::string controls;
  for (char c = 1; c < 32; ++c) controls += c;
  controls.push_back('\0');
  const std::string values[] = {controls + "好", "\xe2\x80\xae" "gnp.exe" "\xe2\x81\xa6", accents, "\xff\xfe\xc0\x80\xed\xa0\x80 坏字节", "%PDF-1.4 endstream endobj", "</text>&amp;<b>粗</b>"};
  for (const auto& v : values) {
    const ReadBack paper(pdf(*form("booking"), {.text = {{"name", v}, {"problem", v}}}, {Language::zh, v, kZh.at, Watermark{v, v, 1}}));
    const auto words = paper.words();
    EXPECT_GE(paper.pages().size(), 1u);
    EXPECT_THAT(words, Not(HasSubstr("\xe2\x80\xae")));
    EXPECT_THAT(joined(words), HasSubstr("预约登记表"));
  }
  EXPECT_THAT(ReadBack(pdf(*form("booking"), {.text = {{"name", values[5]}}}, kZh)).words(), HasSubstr("<b>粗</b>"));
}

TEST(PrintSheet, the_same_input_gives_the_same_bytes_on_every_thread) {
  const Values v{.text = {{"name", "王子涵"}, {"problem", "𠮷野家的㵘同学"}}};
  const auto once = pdf(*form("booking"), v, kZh);
  EXPECT_EQ(once, pdf(*form("booking"), v, kZh));
  std::vector<Bytes> made(4);
  std::vector<std::thread> threads;
  for (auto& m : made) threads.emplace_back([&] { m = pdf(*form("booking"), v, kZh); });
  for (auto& t : threads) t.join();
  for (const auto& m : made) EXPECT_EQ(m, once);
  auto later = kZh;
  later.at = later.at + std::chrono::hours(1);
  EXPECT_NE(pdf(*form("booking"), v, later), once);
}

TEST(PrintSheet, the_file_describes_itself_without_names_and_brings_its_fonts) {
  const ReadBack paper(pdf(*form("booking"), {.text = {{"name", "王子涵"}}}, {Language::zh, "第一中学", kZh.at, Watermark{"李老师", "2026-11-23 14:00", 3}}));
  const auto about = paper.about();
  EXPECT_THAT(about, HasSubstr("预约登记表"));
  EXPECT_THAT(about, HasSubstr("Nov 23"));
  for (const auto* name : {"王子涵", "李老师", "Author", "第一中学"}) EXPECT_THAT(about, Not(HasSubstr(name)));
  const auto fonts = paper.fonts();
  EXPECT_THAT(fonts, HasSubstr("NotoSerifCJK"));
  EXPECT_THAT(fonts, Not(HasSubstr("NotoSansCJK")));
  EXPECT_FALSE(std::regex_search(fonts, std::regex("no  ?(yes|no) (yes|no) +[0-9]"))) << "a font is not embedded: " << fonts;
}

TEST(PrintSheet, a_copy_names_its_reader_on_every_page) {
  auto options = kZh;
  options.watermark = Watermark{"李老师", "2026-11-23 14:00", 3};
  const ReadBack paper(pdf(*form("session"), {}, options));
  ASSERT_EQ(paper.pages().size(), 2u);
  for (const auto& page : ReadBack::divided(paper.drawn())) {
    EXPECT_GE(count(page, "李老师"), 3u);
    EXPECT_GE(count(page, "14:00"), 3u);
    EXPECT_THAT(joined(page), HasSubstr("2026-1第3份"));
  }
  EXPECT_EQ(count(ReadBack(pdf(*form("session"), {}, kZh)).words(), "李老师"), 0u);
}

TEST(PrintPoster, says_where_and_when_and_leaves_a_line_for_what_is_not_known) {
  const auto known = ReadBack(poster(*form("opening-hours"), {"综合楼 203", "上学日 12:00–18:00", "{hours}"}, kZh)).words();
  for (const auto* each : {"综合楼 203", "12:00–18:00", "{hours}", "12356"}) EXPECT_THAT(known, HasSubstr(each));
  EXPECT_THAT(ReadBack(poster(*form("opening-hours"), {}, kZh)).words(), HasSubstr("____"));
  for (const auto* id : {"opening-hours", "visitors"}) {
    EXPECT_EQ(ReadBack(poster(*form(id), {}, kZh)).pages().size(), 1u) << id;
    EXPECT_EQ(ReadBack(poster(*form(id), {}, kEn)).pages().size(), 1u) << id;
  }
  EXPECT_GT(ReadBack(poster(*form("opening-hours"), {std::string(5000, 'x'), "", ""}, kZh)).pages().size(), 1u);
}

TEST(PrintSlips, a_thousand_accounts_each_once_in_bounded_memory) {
  std::vector<Slip> list;
  for (int i = 0; i < 1000; ++i) list.push_back({"王子涵", "初一（3）班", fmt::format("account{:04}", i), fmt::format("kufe-{:04}-93qa", i)});
  (void)slips(std::span(list).first(1), "https://school.example", kZh);  // fonts
  const double before = own_memory();
  const auto file = slips(list, "https://school.example", kZh);
  EXPECT_LT(own_memory() - before, 48) << "MiB";
  const ReadBack paper(file);
  EXPECT_EQ(paper.pages().size(), 125u);
  const auto words = paper.words();
  for (int i = 0; i < 1000; ++i) {
    EXPECT_EQ(count(words, fmt::format("account{:04}", i)), 1u);
    EXPECT_EQ(count(words, fmt::format("kufe-{:04}-93qa", i)), 1u);
  }
}

TEST(PrintSlips, the_code_is_inside_the_fold_and_the_name_outside) {
  const std::vector<Slip> list = {{"欧阳若曦", "高二（5）班", "ouyang", "kufe-7xmb"}};
  const auto places = ReadBack(slips(list, "https://school.example", kZh)).places();
  const auto x_of = [&](const std::string& word) {
    std::smatch found;
    EXPECT_TRUE(std::regex_search(places, found, std::regex("xMin=\"([0-9.]+)\"[^>]*>" + word))) << word;
    return std::stod(found[1]);
  };
  const double left = 51, panel = (595.3 - 2 * left) / 3;
  EXPECT_LT(x_of("欧阳若曦"), left + panel);
  for (const auto* inside : {"ouyang", "kufe-7xmb"}) {
    EXPECT_GT(x_of(inside), left + panel);
    EXPECT_LT(x_of(inside), left + 2 * panel);
  }
  const ReadBack english(slips(list, "https://school.example", kEn));
  EXPECT_EQ(english.pages().size(), 1u);
  EXPECT_THAT(english.words(), HasSubstr("https://school.example"));
}
