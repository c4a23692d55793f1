#include "features/people/values.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <utility>
#include <vector>

#include "kernel/text.hpp"

namespace xinyi::people {
namespace {

bool digit(char c) { return c >= '0' && c <= '9'; }

bool blank(char32_t c) {
  return c == ' ' || (c >= 0x09 && c <= 0x0D) || c == 0x85 || c == 0xA0 || (c >= 0x2000 && c <= 0x200B) ||
         c == 0x202F || c == 0x205F || c == 0x3000 || c == 0xFEFF;
}

bool all_digits(std::string_view t) {
  for (char c : t)
    if (!digit(c)) return false;
  return !t.empty();
}

std::optional<SchoolDate> date_of(int y, int m, int d) {
  if (y < 1900 || y > 2199) return std::nullopt;
  const std::chrono::year_month_day ymd{std::chrono::year(y), std::chrono::month(static_cast<unsigned>(m)),
                                        std::chrono::day(static_cast<unsigned>(d))};
  if (!ymd.ok()) return std::nullopt;
  return SchoolDate{ymd};
}

bool replace_all(std::string& text, std::string_view from, std::string_view to) {
  bool any = false;
  for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size(), any = true)
    text.replace(at, from.size(), to);
  return any;
}

/// The value of 一 … 十二 at the front of the text, which is taken off.
std::optional<int> take_chinese(std::string_view& t) {
  static constexpr std::array<std::string_view, 10> kDigits = {"一", "二", "三", "四", "五",
                                                               "六", "七", "八", "九", "十"};
  for (int i = 9; i >= 0; --i) {
    const auto d = kDigits[static_cast<std::size_t>(i)];
    if (!t.starts_with(d)) continue;
    t.remove_prefix(d.size());
    if (i == 9)  // 十一, 十二
      for (int k = 0; k < 9; ++k)
        if (const auto e = kDigits[static_cast<std::size_t>(k)]; t.starts_with(e)) {
          t.remove_prefix(e.size());
          return 11 + k;
        }
    return i + 1;
  }
  return std::nullopt;
}

std::optional<int> take_number(std::string_view& t) {
  std::size_t n = 0;
  while (n < t.size() && digit(t[n])) ++n;
  if (n == 0) return take_chinese(t);
  if (n > 4) return std::nullopt;
  const auto v = whole_number(t.substr(0, n));
  t.remove_prefix(n);
  return v;
}

bool take(std::string_view& t, std::string_view word_) {
  if (!t.starts_with(word_)) return false;
  t.remove_prefix(word_.size());
  return true;
}

/// Reads a grade at the front of a folded word and takes it off, with the 年级 behind it.
std::optional<int> take_grade(std::string_view& t) {
  int low = 1, high = 12, add = 0;
  bool stage = true;
  if (take(t, "小学") || take(t, "小"))
    high = 6;
  else if (take(t, "初中") || take(t, "初"))
    low = 1, high = 4, add = 6;
  else if (take(t, "高中") || take(t, "高"))
    low = 1, high = 3, add = 9;
  else if (take(t, "grade") || take(t, "g"))
    take(t, ".");
  else
    stage = false;
  const auto n = take_number(t);
  if (!n) return std::nullopt;
  const bool said = take(t, "年级") || take(t, "年級");
  if (!said && !stage && t.starts_with("班")) return std::nullopt;  // "3班" is a class
  if (*n < low || *n > high) return std::nullopt;
  // 初四 is the ninth grade of the 五四 system: four years of junior school after five of primary school.
  if (add == 6) return high == 4 && *n == 4 ? 9 : *n + add;
  return *n + add;
}

}  // namespace

char32_t next_code_point(std::string_view s, std::size_t& at) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(s[i]); };
  const unsigned char b = byte(at);
  int more = b < 0x80 ? 0 : b >= 0xC2 && b < 0xE0 ? 1 : b >= 0xE0 && b < 0xF0 ? 2 : b >= 0xF0 && b < 0xF5 ? 3 : -1;
  if (more < 0 || at + static_cast<std::size_t>(more) >= s.size()) return ++at, U'\uFFFD';
  char32_t c = more == 0 ? b : more == 1 ? b & 0x1Fu : more == 2 ? b & 0x0Fu : b & 0x07u;
  for (int i = 1; i <= more; ++i) {
    const unsigned char n = byte(at + static_cast<std::size_t>(i));
    if ((n & 0xC0) != 0x80) return ++at, U'\uFFFD';
    c = (c << 6) | (n & 0x3Fu);
  }
  at += static_cast<std::size_t>(more) + 1;
  return c;
}

void append_code_point(std::string& out, char32_t c) {
  const auto put = [&](char32_t v) { out += static_cast<char>(static_cast<unsigned char>(v)); };
  if (c < 0x80)
    put(c);
  else if (c < 0x800)
    put(0xC0 | (c >> 6)), put(0x80 | (c & 0x3F));
  else if (c < 0x10000)
    put(0xE0 | (c >> 12)), put(0x80 | ((c >> 6) & 0x3F)), put(0x80 | (c & 0x3F));
  else
    put(0xF0 | (c >> 18)), put(0x80 | ((c >> 12) & 0x3F)), put(0x80 | ((c >> 6) & 0x3F)), put(0x80 | (c & 0x3F));
}

std::string folded(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const char32_t c = next_code_point(text, at);
    if (blank(c))
      out += ' ';
    else if (c >= 0xFF01 && c <= 0xFF5E)
      out += static_cast<char>(c - 0xFEE0);
    else
      append_code_point(out, c);
  }
  return std::string(trimmed(out));
}

std::string word(std::string_view text) {
  std::string out;
  for (char c : folded(text))
    if (c != ' ') out += c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  return out;
}

std::optional<int> whole_number(std::string_view t) {
  if (!all_digits(t) || t.size() > 9) return std::nullopt;
  int v = 0;
  std::from_chars(t.data(), t.data() + t.size(), v);
  return v;
}

std::optional<SchoolDate> read_date(std::string_view text) {
  std::string whole = folded(text.size() > 64 ? text.substr(0, 64) : text);
  if (const auto colon = whole.find(':'); colon != whole.npos)  // the time of day goes first, while its blank is there
    if (const auto cut = whole.find_last_of(" Tt", colon); cut != whole.npos) whole.resize(cut);
  std::string t = word(whole);
  replace_all(t, "年", "-");
  replace_all(t, "月", "-");
  if (const auto at = t.find("日"); at != std::string::npos) t.resize(at);
  for (char& c : t)
    if (c == '/' || c == '.') c = '-';
  if (all_digits(t)) {
    if (t.size() == 8)
      return date_of(*whole_number(t.substr(0, 4)), *whole_number(t.substr(4, 2)), *whole_number(t.substr(6)));
    const auto serial = t.size() == 5 ? whole_number(t) : std::nullopt;
    if (!serial || *serial < 20000 || *serial > 60000) return std::nullopt;
    return SchoolDate{std::chrono::year_month_day(std::chrono::sys_days(std::chrono::days(*serial - 25569)))};
  }
  std::array<int, 3> part{};
  std::size_t at = 0;
  for (std::size_t i = 0; i < 3; ++i) {
    const auto start = at;
    while (at < t.size() && digit(t[at])) ++at;
    const auto number = std::string_view(t).substr(start, at - start);
    const auto v = whole_number(number);
    if (!v || number.size() > (i == 0 ? 4u : 2u) || (i == 0 && number.size() != 4)) return std::nullopt;
    part[i] = *v;
    if (i < 2 && (at >= t.size() || t[at++] != '-')) return std::nullopt;
  }
  if (at < t.size()) return std::nullopt;
  return date_of(part[0], part[1], part[2]);
}

std::optional<int> read_grade(std::string_view text) {
  const auto w = word(text);
  if (w == "预初" || w == "初预") return 6;
  std::string_view t = w;
  const auto g = take_grade(t);
  if (!g || !t.empty() || *g < 1 || *g > 12) return std::nullopt;
  return g;
}

std::string grade_name(int grade) {
  static constexpr std::array<std::string_view, 12> kNames = {
      "一年级", "二年级", "三年级", "四年级", "五年级", "六年级", "初一", "初二", "初三", "高一", "高二", "高三"};
  return grade >= 1 && grade <= 12 ? std::string(kNames[static_cast<std::size_t>(grade - 1)]) : std::string();
}

std::optional<Gender> read_gender(std::string_view text) {
  const auto t = word(text);
  if (t == "男" || t == "男性" || t == "male" || t == "m" || t == "1") return Gender::male;
  if (t == "女" || t == "女性" || t == "female" || t == "f" || t == "2") return Gender::female;
  if (t.empty() || t == "未知" || t == "unknown" || t == "0") return Gender::unknown;
  return std::nullopt;
}

std::optional<bool> read_yes_no(std::string_view text) {
  const auto t = word(text);
  if (t == "是" || t == "true" || t == "yes" || t == "y" || t == "1" || t == "有" || t == "√") return true;
  if (t == "否" || t == "false" || t == "no" || t == "n" || t == "0" || t == "无" || t == "×") return false;
  return std::nullopt;
}

std::optional<bool> read_boarder(std::string_view text) {
  const auto t = word(text);
  if (t == "住宿" || t == "住校" || t == "寄宿" || t == "住读" || t == "内宿" || t == "住宿生" || t == "boarder")
    return true;
  if (t == "走读" || t == "通学" || t == "通校" || t == "不住宿" || t == "不住校" || t == "外宿" || t == "走读生" ||
      t == "day")
    return false;
  return read_yes_no(text);
}

Relation read_relation(std::string_view text) {
  static const std::vector<std::pair<std::string_view, Relation>> kWords = {{"父亲", Relation::father},
                                                                            {"父", Relation::father},
                                                                            {"爸爸", Relation::father},
                                                                            {"父子", Relation::father},
                                                                            {"父女", Relation::father},
                                                                            {"father", Relation::father},
                                                                            {"母亲", Relation::mother},
                                                                            {"母", Relation::mother},
                                                                            {"妈妈", Relation::mother},
                                                                            {"母子", Relation::mother},
                                                                            {"母女", Relation::mother},
                                                                            {"mother", Relation::mother},
                                                                            {"祖父", Relation::grandfather},
                                                                            {"爷爷", Relation::grandfather},
                                                                            {"grandfather", Relation::grandfather},
                                                                            {"祖母", Relation::grandmother},
                                                                            {"奶奶", Relation::grandmother},
                                                                            {"grandmother", Relation::grandmother},
                                                                            {"外祖父", Relation::maternal_grandfather},
                                                                            {"外公", Relation::maternal_grandfather},
                                                                            {"姥爷", Relation::maternal_grandfather},
                                                                            {"外祖母", Relation::maternal_grandmother},
                                                                            {"外婆", Relation::maternal_grandmother},
                                                                            {"姥姥", Relation::maternal_grandmother},
                                                                            {"兄", Relation::sibling},
                                                                            {"姐", Relation::sibling},
                                                                            {"哥哥", Relation::sibling},
                                                                            {"姐姐", Relation::sibling},
                                                                            {"兄弟姐妹", Relation::sibling},
                                                                            {"sibling", Relation::sibling},
                                                                            {"亲属", Relation::relative},
                                                                            {"亲戚", Relation::relative},
                                                                            {"其他亲属", Relation::relative},
                                                                            {"relative", Relation::relative},
                                                                            {"监护人", Relation::guardian},
                                                                            {"guardian", Relation::guardian},
                                                                            {"parent", Relation::guardian},
                                                                            {"家长", Relation::guardian},
                                                                            {"", Relation::guardian}};
  const auto t = word(text);
  for (const auto& [w, r] : kWords)
    if (t == w) return r;
  return Relation::other;
}

std::optional<std::string> read_phone(std::string_view text) {
  std::string out;
  for (char c : word(text)) {
    if (digit(c))
      out += c;
    else if (c == '+' && out.empty())
      out += c;
    else if (c != '-' && c != '.' && c != '(' && c != ')')
      return std::nullopt;
  }
  const auto digits = out.size() - (out.starts_with('+') ? 1 : 0);
  if (digits < 5 || digits > 20) return std::nullopt;
  return out;
}

std::optional<int> read_year(std::string_view text) {
  const auto t = word(text);
  if (t.size() < 4) return std::nullopt;
  const auto y = whole_number(std::string_view(t).substr(0, 4));
  if (!y || *y < 1990 || *y > 2100) return std::nullopt;
  const auto rest = std::string_view(t).substr(4);
  if (!rest.empty() && digit(rest[0]) && rest.size() != 2 && rest.size() != 4) return std::nullopt;
  return y;
}

bool is_identity_number(std::string_view text) {
  const auto t = word(text);
  std::string_view s = t;
  if (s.size() == 19 && (s[0] == 'g' || s[0] == 'j' || s[0] == 'l')) s.remove_prefix(1);
  if (s.size() != 18 || !all_digits(s.substr(0, 17)) || !(digit(s[17]) || s[17] == 'x')) return false;
  const int year = *whole_number(s.substr(6, 4)), month = *whole_number(s.substr(10, 2)),
            day = *whole_number(s.substr(12, 2));
  return year >= 1900 && year < 2100 && month >= 1 && month <= 12 && day >= 1 && day <= 31;
}

bool holds_identity_number(std::string_view text) {
  const auto t = word(text);
  for (std::size_t i = 0; i + 18 <= t.size(); ++i)
    if (digit(t[i]) && is_identity_number(std::string_view(t).substr(i, 18))) return true;
  return false;
}

std::optional<int> class_grade(std::string_view name) {
  const auto w = word(name);
  std::string_view t = w;
  const auto g = take_grade(t);
  return g && *g >= 1 && *g <= 12 && !t.empty() ? g : std::nullopt;
}

std::string class_key(std::string_view name, std::optional<int> grade) {
  const auto w = word(name);
  std::string_view t = w;
  auto at = t;
  std::optional<int> own = take_grade(at);
  if (own && !at.empty())
    t = at;  // "2" alone is a class, not a grade
  else
    own.reset();
  if (!own) own = grade;
  take(t, "第");
  const bool open = take(t, "(") || take(t, "[");
  const auto n = take_number(t);
  if (open && !take(t, ")")) take(t, "]");
  take(t, "班");
  if (own && n && *n <= 60 && t.empty()) return std::to_string(*own) + "#" + std::to_string(*n);
  return w;
}

}  // namespace xinyi::people
