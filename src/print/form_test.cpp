#include "print/form.hpp"

#include <gmock/gmock.h>

#include <regex>

#include "print/print.hpp"
#include "print/testing/read_back.hpp"

using namespace xinyi;
using namespace xinyi::print;
using xinyi::print::testing::joined;
using xinyi::print::testing::ReadBack;

namespace {
const Instant kAt = *instant_from_text("2026-11-23T06:00:00Z");

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const auto at = text.find(from);
  EXPECT_NE(at, text.npos) << from;
  return text.replace(at, from.size(), to);
}

const std::string kGood = R"({"id": "f", "number": "N", "version": "1", "look": "sheet", "title": {"zh": "表", "en": "Form"}, "sections": [{"rows": [
  [{"id": "a", "kind": "line", "label": {"zh": "甲", "en": "A"}, "span": 5}, {"id": "b", "kind": "box", "label": {"zh": "乙", "en": "B"}, "lines": 2}],
  [{"id": "c", "kind": "choice", "label": {"zh": "丙", "en": "C"}, "choices": [{"id": "x", "label": {"zh": "是", "en": "yes"}}]}],
  [{"id": "t", "kind": "table", "label": {"zh": "", "en": ""}, "columns": [{"label": {"zh": "列", "en": "Column"}, "share": 1}], "rows": 2}]]}]})";

std::string fault(const std::string& json) {
  try {
    read_form(json);
  } catch (const Bug& b) {
    return b.what();
  }
  return "none";
}

void collect(const boost::json::value& v, std::vector<std::pair<std::string, std::string>>& out) {
  if (const auto* o = v.if_object()) {
    if (o->contains("zh")) out.emplace_back(o->at("zh").as_string().c_str(), o->at("en").as_string().c_str());
    else
      for (const auto& m : *o) collect(m.value(), out);
  } else if (const auto* a = v.if_array()) {
    for (const auto& e : *a) collect(e, out);
  }
}

bool has_han(const std::string& text) {
  for (std::size_t i = 0; i + 1 < text.size(); ++i)
    if (const auto c = static_cast<unsigned char>(text[i]); c >= 0xe4 && c <= 0xe9) return true;
  return false;
}

// Words by which a paper would release the school from its responsibility for a child.
const std::regex kWaiver(
    "免责|概不负责|不承担|不负(任何|一切|相关|法律)?(的)?责任|免除.{0,12}责任|后果自负|责任自负|风险自负|自行承担|与(本校|学校|咨询室|我校|老师).{0,3}无关|"
    "(自愿)?放弃.{0,18}(权利|追究|追责)|不(得|再|予)?追究|"
    "not (be )?(held )?(liable|responsible|accountable)|no (liability|responsibility)|(disclaim|waive|release)s? (any|all|the|their|my|from)|hold harmless|at (your|their|my) own risk",
    std::regex::icase);

std::string one_line(const std::string& text) { return std::regex_replace(text, std::regex("\\s+"), " "); }
}  // namespace

TEST(PrintForms, each_is_complete_in_both_languages) {
  ASSERT_GE(forms().size(), 12u);
  for (const auto* id : {"booking", "intake", "consent", "session", "card", "feedback", "contact", "duty", "guardian-notice", "safety-plan", "opening-hours", "visitors"})
    EXPECT_NE(form(id), nullptr) << id;
  EXPECT_EQ(form("nothing"), nullptr);
  for (const auto& f : forms()) {
    std::vector<std::pair<std::string, std::string>> texts;
    collect(contract::write(f), texts);
    EXPECT_FALSE(texts.empty());
    for (const auto& [zh, en] : texts) {
      if (zh.empty() && en.empty()) continue;
      EXPECT_FALSE(en.empty()) << f.id << ": " << zh;
      EXPECT_FALSE(has_han(en)) << f.id << ": " << en;
      EXPECT_TRUE(has_han(zh) || zh.find_first_of("0123456789") != zh.npos) << f.id << ": " << zh;
    }
  }
}

TEST(PrintForms, a_faulty_form_is_named_with_its_fault) {
  EXPECT_EQ(fault(kGood), "none");
  EXPECT_THAT(fault(replaced(kGood, "\"number\": \"N\", ", "")), ::testing::HasSubstr("number"));
  EXPECT_THAT(fault(replaced(kGood, "\"lines\": 2", "\"lines\": 2, \"colour\": 1")), ::testing::HasSubstr("colour"));
  EXPECT_THAT(fault(replaced(kGood, "\"kind\": \"line\"", "\"kind\": \"song\"")), ::testing::HasSubstr("kind"));
  EXPECT_THAT(fault(replaced(kGood, "\"span\": 5", "\"span\": 12")), ::testing::HasSubstr("twelve"));
  EXPECT_THAT(fault(replaced(kGood, "\"id\": \"b\"", "\"id\": \"a\"")), ::testing::HasSubstr("twice"));
  EXPECT_THAT(fault(replaced(kGood, ", \"lines\": 2", "")), ::testing::HasSubstr("lines"));
  EXPECT_THAT(fault(replaced(kGood, "\"en\": \"A\"", "\"en\": \"\"")), ::testing::HasSubstr("both languages"));
  EXPECT_THAT(fault(kGood + "x"), ::testing::HasSubstr("JSON"));
}

TEST(PrintForms, a_value_without_a_place_is_refused_not_dropped) {
  const auto f = read_form(kGood);
  EXPECT_NO_THROW(check(f, {.text = {{"a", "1"}}, .chosen = {{"c", {"x"}}}, .rows = {{"t", {{"1"}}}}}));
  EXPECT_THROW(check(f, {.text = {{"z", "1"}}}), Bug);
  EXPECT_THROW(check(f, {.text = {{"c", "1"}}}), Bug);
  EXPECT_THROW(check(f, {.chosen = {{"c", {"y"}}}}), Bug);
  EXPECT_THROW(check(f, {.chosen = {{"a", {"x"}}}}), Bug);
  EXPECT_THROW(check(f, {.rows = {{"t", {{"1", "2"}}}}}), Bug);
}

// CARE-12 on paper: what is searched is the printed page, so that words added by the renderer are searched too.
TEST(PrintForms, CARE_12_no_printed_text_releases_the_school) {
  std::size_t searched = 0;
  const auto clear = [&](const Bytes& paper, const std::string& what) {
    const auto words = ReadBack(paper).words();
    searched += words.size();
    std::smatch found;
    const auto zh = joined(words), en = one_line(words);
    EXPECT_FALSE(std::regex_search(zh, found, kWaiver)) << what << ": " << found.str();
    EXPECT_FALSE(std::regex_search(en, found, kWaiver)) << what << ": " << found.str();
  };
  for (const auto language : {Language::zh, Language::en}) {
    const Options options{language, "第一中学", kAt};
    for (const auto& f : forms()) clear(f.look == Look::poster ? poster(f, {}, options) : pdf(f, {}, options), f.id);
    const std::vector<Slip> list = {{"王子涵", "初一（3）班", "x1", "aaaa"}};
    clear(slips(list, "https://school.example", options), "slips");
  }
  EXPECT_GT(searched, 20'000u);
}

TEST(PrintForms, CARE_12_control_a_planted_waiver_is_found) {
  for (const auto* planted : {"学生在校期间发生意外,学校概不负责。", "如有自伤行为,后果自负。", "本人承诺一切后果与学校无关。", "家长自愿放弃对学校追究责任的权利。", "学校不承担任何责任。"}) {
    const auto f = read_form(replaced(kGood, "\"zh\": \"甲\"", std::string("\"zh\": \"") + planted + "\""));
    const auto words = joined(ReadBack(pdf(f, {}, {Language::zh, "第一中学", kAt})).words());
    EXPECT_TRUE(std::regex_search(words, kWaiver)) << planted << " in " << words;
  }
  for (const auto* planted : {"The school is not liable for any harm.", "We accept no responsibility.", "I waive all claims.", "You come at your own risk."}) {
    const auto f = read_form(replaced(kGood, "\"en\": \"A\"", std::string("\"en\": \"") + planted + "\""));
    const auto words = one_line(ReadBack(pdf(f, {}, {Language::en, "School", kAt})).words());
    EXPECT_TRUE(std::regex_search(words, kWaiver) || std::regex_search(one_line(planted), kWaiver)) << planted << " in " << words;
  }
}
