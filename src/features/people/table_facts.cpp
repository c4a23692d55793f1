// What the rows of a table say.
#include <algorithm>
#include <unordered_map>

#include "features/people/clean.hpp"
#include "features/people/table.hpp"
#include "features/people/values.hpp"
#include "kernel/text.hpp"

namespace xinyi::people {
namespace {

/// 合计, 总计 … : the sum below a table.
bool is_total(const RawRow& row) {
  for (const auto& cell : row.cells) {
    auto t = word(cell);
    if (t.empty()) continue;
    if (const auto at = t.find(':'); at != t.npos) t.resize(at);
    return t == "合计" || t == "总计" || t == "小计" || t == "共计" || t == "总数" || t == "总人数" ||
           t == "合计人数" || t == "total" || t == "sum";
  }
  return true;  // blank
}

class Reader {
 public:
  Reader(const TableHead& head, const Mapping& mapping, const TableOptions& options, Findings& findings)
      : head_(head), mapping_(mapping), options_(options), findings_(findings) {
    facts_.complete = options.absent_have_left;
    year_ = head.school_year.value_or(school_year_on(options.today));
    facts_.years.push_back(guessed_year(year_));
    if (!options.keep_identity_numbers)
      for (const auto field : {Field::identity_number, Field::national_number})
        if (mapping_[field]) identity_column(*mapping_[field]);
  }
  void take(const RawRow& row);
  Facts finish() { return std::move(facts_); }

 private:
  std::string_view cell(Field f) const {
    const auto column = mapping_[f];
    return column && *column < row_->cells.size() ? trimmed(row_->cells[*column]) : std::string_view();
  }
  Place at() const { return {head_.origin.name, row_->line}; }
  std::string header(Field f) const {
    return mapping_[f] && *mapping_[f] < head_.columns.size() ? head_.columns[*mapping_[f]] : "";
  }
  void warn(Fault fault, Field f, std::string_view value) {
    findings_.add_as(Severity::warning, fault, at(), header(f), value);
  }
  void identity_column(std::size_t column);
  void look_for_identity_numbers();
  bool number(PersonFact& p);
  bool grade_and_class(PersonFact& p);
  void small_parts(PersonFact& p);
  void guardian(PersonFact& p, Field name, Field relation, Field phone);

  const TableHead& head_;
  const Mapping& mapping_;
  const TableOptions& options_;
  Findings& findings_;
  const RawRow* row_ = nullptr;
  Facts facts_;
  int year_;
  bool first_seen_ = false;
  std::set<std::size_t> identity_columns_;
  std::unordered_map<std::string, std::size_t> classes_;
  std::unordered_map<std::string, std::vector<std::string>> seen_;  // rows by student number
};

void Reader::identity_column(std::size_t column) {
  if (!identity_columns_.insert(column).second) return;
  findings_.add(Fault::identity_column, {head_.origin.name, head_.header_line},
                column < head_.columns.size() ? head_.columns[column] : "");
}

/// Also where no header says so; such cells are never kept, wherever they are mapped to.
void Reader::look_for_identity_numbers() {
  for (std::size_t i = 0; i < row_->cells.size(); ++i)
    if (row_->cells[i].size() >= 18 && !identity_columns_.contains(i) && is_identity_number(row_->cells[i]) &&
        !(options_.keep_identity_numbers &&
          (mapping_[Field::identity_number] == i || mapping_[Field::national_number] == i)))
      identity_column(i);
}

bool Reader::number(PersonFact& p) {
  const auto raw = cell(Field::number);
  const auto t = folded(raw);
  if (t.empty()) return findings_.add(Fault::number_missing, at(), header(Field::number)), false;
  if (holds_identity_number(t)) return findings_.add(Fault::number_is_identity, at(), header(Field::number)), false;  // the number itself is not repeated: reports are kept
  const auto clean = clean_text(t, 40);
  if (!clean) return findings_.add(Fault::number_unusable, at(), header(Field::number), t), false;
  p.number = *clean;
  return true;
}

bool Reader::grade_and_class(PersonFact& p) {
  const auto grade = cell(Field::grade), written = cell(Field::class_name);
  if (!grade.empty()) {
    p.grade = read_grade(grade);
    if (!p.grade) return findings_.add(Fault::grade_range, at(), header(Field::grade), grade), false;
  }
  if (written.empty()) return true;
  auto name = clean_text(folded(written), 60);
  if (!name || name->empty())
    return findings_.add(Fault::class_unusable, at(), header(Field::class_name), written), false;
  if (!p.grade) p.grade = class_grade(*name);
  const auto key = class_key(*name, p.grade);
  if (const auto same = classes_.find(key); same != classes_.end()) {
    p.in_class = same->second;
    return true;
  }
  // "2班" or "2" alone is written out: 七年级's class 2 is 初一(2)班.
  if (const auto hash = key.find('#'); hash != key.npos && !class_grade(*name))
    name = grade_name(*p.grade) + "(" + key.substr(hash + 1) + ")班";
  classes_.emplace(key, facts_.classes.size());
  p.in_class = facts_.classes.size();
  ClassFact c;
  c.at = at();
  c.name = *name;
  c.grade = p.grade;
  c.school_year = year_;
  facts_.classes.push_back(std::move(c));
  return true;
}

void Reader::small_parts(PersonFact& p) {
  if (const auto raw = cell(Field::gender); !raw.empty()) {
    if (const auto g = read_gender(raw))
      p.gender = *g;
    else
      warn(Fault::gender_unreadable, Field::gender, raw);
  }
  if (const auto raw = cell(Field::birth_date); !raw.empty()) {
    const auto date = read_date(raw);
    if (!date)
      warn(Fault::birth_date_unreadable, Field::birth_date, raw);
    else if (*date > options_.today)
      warn(Fault::birth_date_future, Field::birth_date, raw);
    else
      p.birth_date = date;
  }
  if (const auto raw = cell(Field::boarder); !raw.empty()) {
    p.boarder = read_boarder(raw);
    if (!p.boarder) warn(Fault::boarder_unreadable, Field::boarder, raw);
  }
  if (const auto raw = cell(Field::entered_year); !raw.empty()) {
    p.entered_year = read_year(raw);
    if (!p.entered_year) warn(Fault::entered_unreadable, Field::entered_year, raw);
  }
  if (const auto text = clean_text(cell(Field::nationality), 20))
    p.nationality = *text;
  else
    warn(Fault::nationality_unusable, Field::nationality, cell(Field::nationality));
  if (const auto text = clean_text(cell(Field::username), 100))
    p.username = *text;
  else
    warn(Fault::username_unusable, Field::username, cell(Field::username));
  if (!options_.keep_identity_numbers) return;
  // Only what has the form of such a number goes into the protected columns.
  if (const auto t = folded(cell(Field::identity_number)); is_identity_number(t)) p.identity_number = t;
  if (const auto t = folded(cell(Field::national_number)); is_identity_number(t)) p.national_number = t;
}

void Reader::guardian(PersonFact& p, Field name, Field relation, Field phone) {
  const auto raw = cell(name);
  if (raw.empty()) return;
  const auto clean = clean_name(raw, at(), header(name), findings_, Severity::warning);
  if (!clean) return;
  GuardianFact g{*clean, read_relation(cell(relation)), {}};
  if (const auto t = cell(phone); !t.empty()) {
    const auto number = is_identity_number(t) ? std::nullopt : read_phone(t);
    if (number)
      g.phone = *number;
    else
      warn(Fault::phone_unreadable, phone, {});
  }
  for (const auto& other : p.guardians)
    if (other.name == g.name) return;
  p.guardians.push_back(std::move(g));
}

void Reader::take(const RawRow& row) {
  row_ = &row;
  if (row.line <= head_.header_line || is_total(row)) return;
  bool header_again = head_.header_line > 0;
  for (const auto f : {Field::name, Field::number}) header_again = header_again && cell(f) == header(f);
  // Without a header that is known, the first row is one when its number has no digit.
  const bool unknown_header = head_.header_line == 0 && !first_seen_ &&
                              cell(Field::number).find_first_of("0123456789") == std::string_view::npos;
  first_seen_ = true;
  if (header_again || unknown_header) return;
  ++facts_.read;
  look_for_identity_numbers();
  PersonFact p;
  p.at = at();
  if (row.stray) {
    facts_.mentioned.insert(folded(cell(Field::number)));
    return findings_.add(Fault::quote_stray, at(), "");
  }
  if (!number(p)) return;
  facts_.mentioned.insert(p.number);
  if (const auto [before, fresh] = seen_.emplace(p.number, row.cells); !fresh)
    return findings_.add(before->second == row.cells ? Fault::id_repeated : Fault::id_conflict, at(),
                         header(Field::number), p.number);
  const auto name = clean_name(cell(Field::name), at(), header(Field::name), findings_);
  if (!name || !grade_and_class(p)) return;
  p.name = *name;
  small_parts(p);
  guardian(p, Field::guardian_name, Field::guardian_relation, Field::guardian_phone);
  guardian(p, Field::guardian2_name, Field::guardian2_relation, Field::guardian2_phone);
  facts_.persons.push_back(std::move(p));
}

}  // namespace

Facts read_table(const Table& table, const TableHead& head, const Mapping& mapping, const TableOptions& options,
                 Findings& findings) {
  if (!mapping[Field::name] || !mapping[Field::number])
    throw Unreadable(Fault::header_unknown, {head.origin.name, head.header_line},
                     mapping[Field::name] ? "number" : "name");
  Reader reader(head, mapping, options, findings);
  table.rows([&](const RawRow& row) {
    reader.take(row);
    return true;
  });
  return reader.finish();
}

}  // namespace xinyi::people
