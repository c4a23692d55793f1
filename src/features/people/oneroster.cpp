#include "features/people/oneroster.hpp"

#include <algorithm>
#include <set>
#include <unordered_map>

#include "features/people/clean.hpp"
#include "features/people/csv.hpp"
#include "features/people/table.hpp"
#include "features/people/values.hpp"
#include "kernel/text.hpp"

namespace xinyi::people {
namespace {

/// One data row with its header.
class Line {
 public:
  Line(const std::unordered_map<std::string, std::size_t>& header, const RawRow& row) : header_(header), row_(row) {}
  std::string_view operator[](const char* column) const {
    const auto at = header_.find(column);
    return at == header_.end() || at->second >= row_.cells.size() ? std::string_view()
                                                                  : std::string_view(row_.cells[at->second]);
  }
  std::string id() const { return std::string(trimmed((*this)["sourcedId"])); }
  const RawRow& raw() const { return row_; }

 private:
  const std::unordered_map<std::string, std::size_t>& header_;
  const RawRow& row_;
};

std::vector<std::string> listed(std::string_view cell) {
  std::vector<std::string> out;
  for (std::size_t at = 0; at <= cell.size();) {
    const auto end = std::min(cell.find(',', at), cell.size());
    const auto part = trimmed(cell.substr(at, end - at));
    if (!part.empty()) out.emplace_back(part);
    at = end + 1;
  }
  return out;
}

std::string lower(std::string_view t) {
  std::string out(t);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  return out;
}

/// What became of an identifier of users.csv or classes.csv.
struct Known {
  static constexpr std::size_t kDropped = static_cast<std::size_t>(-1);
  std::size_t index = kDropped;         // into Facts, or dropped (refused, deleted, of no interest)
  std::vector<std::string> cells = {};  // the row, to tell a repetition from a conflict
  bool refused = false;
};
using KnownIds = std::unordered_map<std::string, Known>;

class Reader {
 public:
  Reader(FileSet& files, SchoolDate today, Findings& findings) : files_(files), today_(today), findings_(findings) {
    for (const auto& name : files.names()) names_.emplace(lower(name), name);
  }
  Facts run();

 private:
  bool has(const char* file) const { return names_.contains(lower(file)); }
  template <class F>
  void each(const char* file, std::initializer_list<const char*> needed, F&& f);
  void manifest();
  void orgs();
  void sessions();
  void classes();
  void class_row(const Line& line, const Place& at);
  void users();
  void user(const Line& line, const Place& at);
  bool repeated(KnownIds& known, const std::string& id, const Line& line, const Place& at);
  bool usable_id(const std::string& id, const Place& at);
  void student_parts(PersonFact& p, const Line& line);
  void demographics();
  void enrolments();
  void enrolment(const Line& line, const Place& at);
  void place_student(PersonFact& student, const std::string& id, std::size_t in_class, const Line& line,
                     const Place& at);
  void links();
  bool deleted(const Line& line) const {
    const auto s = word(line["status"]);
    return s == "tobedeleted" || s == "inactive";
  }
  void identity_column(const Place& at, const char* column);

  FileSet& files_;
  SchoolDate today_;
  Findings& findings_;
  Facts facts_;
  std::unordered_map<std::string, std::string> names_;    // lower case -> as it stands in the set
  std::unordered_map<std::string, std::string> parents_;  // academic session -> its parent
  std::unordered_map<std::string, int> years_;            // school year's id -> start
  std::unordered_map<std::string, std::string> properties_;
  KnownIds known_users_, known_classes_;
  std::vector<std::vector<std::string>> agents_;               // by index in Facts::persons
  std::unordered_map<std::size_t, std::string> placed_begin_;  // student -> beginDate of the enrolment that holds
  std::unordered_set<std::size_t> unclear_;                    // students with a refused enrolment: their class stays
  std::set<std::string> reported_columns_;
};

template <class F>
void Reader::each(const char* file, std::initializer_list<const char*> needed, F&& f) {
  const auto name = names_.at(lower(file));
  std::unordered_map<std::string, std::size_t> header;
  bool first = true;
  read_csv(files_, name, ',', [&](const RawRow& row) {
    if (first) {
      first = false;
      static const char* const kColumns[] = {
          "sourcedId",  "status",         "role",          "username",  "givenName",       "familyName", "middleName",
          "identifier", "enabledUser",    "sms",           "phone",     "agentSourcedIds", "grades",     "birthDate",
          "sex",        "classSourcedId", "userSourcedId", "primary",   "beginDate",       "endDate",    "title",
          "classType",  "termSourcedIds", "type",          "startDate", "parentSourcedId", "schoolYear", "propertyName",
          "value"};
      for (std::size_t i = 0; i < row.cells.size(); ++i)
        for (const char* column : kColumns)
          if (lower(trimmed(row.cells[i])) == lower(column)) header.emplace(column, i);
      for (const char* column : needed)
        if (!header.contains(column)) throw Unreadable(Fault::header_missing, {name, row.line}, column);
      header.emplace("", row.cells.size());
      return true;
    }
    const Line line(header, row);
    const Place at{name, row.line};
    bool wide = false;
    for (std::size_t i = header.at(""); i < row.cells.size(); ++i) wide = wide || !row.cells[i].empty();
    if (row.stray || wide) {
      findings_.add(row.stray ? Fault::quote_stray : Fault::row_width, at, "");
      facts_.mentioned.insert(line.id());
      return true;
    }
    f(line, at);
    return true;
  });
  if (first) throw Unreadable(Fault::header_missing, {name, 0}, *needed.begin());
}

void Reader::manifest() {
  if (!has("manifest.csv")) {
    findings_.add(Fault::manifest_missing, {"manifest.csv", 0}, "");
    return;
  }
  each("manifest.csv", {"propertyName", "value"},
       [&](const Line& line, const Place&) { properties_.emplace(word(line["propertyName"]), word(line["value"])); });
  const auto version = properties_.find("oneroster.version");
  if (version == properties_.end() || !version->second.starts_with("1.1"))
    throw Unreadable(Fault::version_unknown, {names_.at("manifest.csv"), 0}, "oneroster.version");
  facts_.complete = properties_["file.users"] == "bulk";
}

void Reader::orgs() {
  if (!has("orgs.csv")) return;
  int schools = 0;
  each("orgs.csv", {"sourcedId", "type"},
       [&](const Line& line, const Place&) { schools += word(line["type"]) == "school" && !deleted(line); });
  if (schools > 1) throw Unreadable(Fault::several_schools, {names_.at("orgs.csv"), 0});
}

void Reader::sessions() {
  if (!has("academicSessions.csv")) return;
  each("academicSessions.csv", {"sourcedId", "type", "startDate", "endDate"}, [&](const Line& line, const Place&) {
    parents_.emplace(line.id(), trimmed(line["parentSourcedId"]));
    if (word(line["type"]) != "schoolyear" || deleted(line)) return;
    const auto from = read_date(line["startDate"]), to = read_date(line["endDate"]);
    // By 1EdTech schoolYear is the year in which the school year ends, but systems disagree; the first day does not lie.
    if (!from || !to || *to < *from) return;
    const int start = static_cast<int>(from->ymd.year());
    years_.emplace(line.id(), start);
    auto title = clean_text(line["title"], 60).value_or("");
    if (title.empty()) title = guessed_year(start).name;
    if (std::none_of(facts_.years.begin(), facts_.years.end(),
                     [&](const YearFact& y) { return y.start_year == start; }))
      facts_.years.push_back({start, line.id(), title, *from, *to});
  });
}

bool Reader::usable_id(const std::string& id, const Place& at) {
  if (id.empty()) return findings_.add(Fault::id_missing, at, "sourcedId"), false;
  if (holds_identity_number(id)) return findings_.add(Fault::id_is_identity, at, "sourcedId"), false;
  if (!clean_text(id, 128)) return findings_.add(Fault::id_unusable, at, "sourcedId", id), false;
  return true;
}

bool Reader::repeated(KnownIds& known, const std::string& id, const Line& line, const Place& at) {
  const auto before = known.find(id);
  if (before == known.end() || before->second.cells.empty()) return false;
  const bool same = before->second.cells == line.raw().cells;
  findings_.add(same ? Fault::id_repeated : Fault::id_conflict, at, "sourcedId", id);
  return true;
}

void Reader::classes() {
  if (!has("classes.csv")) return;
  each("classes.csv", {"sourcedId", "title"}, [&](const Line& line, const Place& at) { class_row(line, at); });
}

void Reader::class_row(const Line& line, const Place& at) {
  const auto id = line.id();
  if (!usable_id(id, at) || repeated(known_classes_, id, line, at)) return;
  auto& known = known_classes_[id];
  known.cells = line.raw().cells;
  const auto type = word(line["classType"]);
  if (deleted(line) || (!type.empty() && type != "homeroom")) return;
  const auto title = clean_text(line["title"], 60);
  if (!title || title->empty()) {
    known.refused = true;
    return findings_.add(Fault::class_unusable, at, "title", line["title"]);
  }
  ClassFact c;
  c.at = at;
  c.source_id = id;
  c.name = *title;
  const auto grades = listed(line["grades"]);
  if (grades.size() == 1) c.grade = read_grade(grades[0]);
  if (!c.grade) c.grade = class_grade(*title);
  for (auto session : listed(line["termSourcedIds"]))
    for (int up = 0; up < 8 && c.school_year == 0 && !session.empty(); ++up) {
      if (const auto y = years_.find(session); y != years_.end()) c.school_year = y->second;
      const auto parent = parents_.find(session);
      session = parent == parents_.end() ? "" : parent->second;
    }
  if (c.school_year == 0)
    c.school_year = facts_.years.empty() ? school_year_on(today_) : facts_.years.back().start_year;
  known.index = facts_.classes.size();
  facts_.classes.push_back(std::move(c));
}

void Reader::identity_column(const Place& at, const char* column) {
  if (reported_columns_.insert(at.file + "/" + column).second)
    findings_.add(Fault::identity_column, {at.file, 1}, column);
}

void Reader::student_parts(PersonFact& p, const Line& line) {
  const auto number = trimmed(line["identifier"]);
  if (is_identity_number(number))
    identity_column(p.at, "identifier");
  else if (const auto n = clean_text(number, 40))
    p.number = *n;
  else
    findings_.add_as(Severity::warning, Fault::number_unusable, p.at, "identifier", number);
}

void Reader::users() {
  if (!has("users.csv")) throw Unreadable(Fault::file_missing, {"users.csv", 0});
  each("users.csv", {"sourcedId", "role", "givenName", "familyName"},
       [&](const Line& line, const Place& at) { user(line, at); });
}

void Reader::user(const Line& line, const Place& at) {
  ++facts_.read;
  const auto id = line.id();
  if (!usable_id(id, at) || repeated(known_users_, id, line, at)) return;
  facts_.mentioned.insert(id);
  auto& known = known_users_[id];
  known.cells = line.raw().cells;
  if (deleted(line)) {
    facts_.deleted.insert(id);
    return findings_.add(Fault::status_deleted, at, "status", id);
  }
  PersonFact p;
  p.at = at;
  p.source_id = id;
  const auto role = word(line["role"]);
  if (role == "student")
    p.kind = Kind::student;
  else if (role == "guardian" || role == "parent" || role == "relative")
    p.kind = Kind::guardian;
  else if (role == "teacher" || role == "administrator" || role == "aide" || role == "proctor")
    p.kind = Kind::staff;
  else
    return findings_.add(Fault::role_unknown, at, "role", line["role"]);

  if (const auto grades = listed(line["grades"]); p.kind == Kind::student && !grades.empty()) {
    p.grade = read_grade(grades[0]);
    if (!p.grade) return findings_.add(Fault::grade_range, at, "grades", line["grades"]);
  }
  const auto name =
      clean_name(joined_name(line["familyName"], line["givenName"], line["middleName"]), at, "givenName", findings_);
  if (!name) return;
  p.name = *name;

  if (const auto u = trimmed(line["username"]); is_identity_number(u))
    identity_column(at, "username");
  else if (const auto clean = clean_text(u, 100))
    p.username = *clean;
  else
    findings_.add(Fault::username_unusable, at, "username", u);
  p.enabled = read_yes_no(line["enabledUser"]);
  if (!p.enabled) {
    findings_.add(Fault::enabled_unreadable, at, "enabledUser", line["enabledUser"]);
    p.enabled = false;
  }
  if (p.kind == Kind::student) student_parts(p, line);
  if (p.kind == Kind::guardian)
    for (const char* column : {"sms", "phone"})
      if (const auto t = trimmed(line[column]); p.phone.empty() && !t.empty()) {
        const auto phone = is_identity_number(t) ? std::nullopt : read_phone(t);
        if (phone)
          p.phone = *phone;
        else
          findings_.add(Fault::phone_unreadable, at, column);
      }
  known.index = facts_.persons.size();
  facts_.persons.push_back(std::move(p));
  agents_.push_back(listed(line["agentSourcedIds"]));
}

void Reader::demographics() {
  if (!has("demographics.csv")) return;
  each("demographics.csv", {"sourcedId"}, [&](const Line& line, const Place& at) {
    const auto known = known_users_.find(line.id());
    if (known == known_users_.end()) {
      if (!facts_.mentioned.contains(line.id())) findings_.add(Fault::person_unknown, at, "sourcedId", line.id());
      return;
    }
    if (known->second.index == Known::kDropped || deleted(line)) return;
    auto& p = facts_.persons[known->second.index];
    if (const auto raw = trimmed(line["birthDate"]); !raw.empty() && p.kind == Kind::student) {
      const auto date = read_date(raw);
      if (!date)
        findings_.add(Fault::birth_date_unreadable, at, "birthDate", raw);
      else if (*date > today_)
        findings_.add(Fault::birth_date_future, at, "birthDate", raw);
      else
        p.birth_date = date;
    }
    const auto gender = read_gender(line["sex"]);
    if (gender)
      p.gender = *gender;
    else
      findings_.add(Fault::gender_unreadable, at, "sex", line["sex"]);
  });
}

void Reader::enrolments() {
  if (!has("enrollments.csv") || !has("classes.csv")) return;
  if (facts_.classes.empty()) {
    findings_.add(Fault::no_home_classes, {names_.at("classes.csv"), 0}, "classType");
    return;
  }
  const bool bulk =
      facts_.complete && properties_["file.enrollments"] == "bulk" && properties_["file.classes"] == "bulk";
  facts_.says_homeroom = bulk;
  each("enrollments.csv", {"classSourcedId", "userSourcedId", "role"},
       [&](const Line& line, const Place& at) { enrolment(line, at); });
  for (std::size_t i = 0; i < facts_.persons.size(); ++i) {
    auto& p = facts_.persons[i];
    p.says_class = bulk && p.kind == Kind::student && !unclear_.contains(i);
  }
}

void Reader::enrolment(const Line& line, const Place& at) {
  if (deleted(line)) return;
  const std::string user(trimmed(line["userSourcedId"])), in_class(trimmed(line["classSourcedId"]));
  const auto person = known_users_.find(user);
  if (person == known_users_.end()) {
    if (!facts_.mentioned.contains(user)) findings_.add(Fault::person_unknown, at, "userSourcedId", user);
    return;
  }
  const auto index = person->second.index;
  const auto c = known_classes_.find(in_class);
  if (c == known_classes_.end() && !facts_.mentioned.contains(in_class))
    findings_.add(Fault::class_unknown, at, "classSourcedId", in_class);
  if (index == Known::kDropped) return;
  auto& p = facts_.persons[index];
  if (c == known_classes_.end() || c->second.refused) {
    unclear_.insert(index);
    return;
  }
  const auto class_index = c->second.index;
  if (class_index == Known::kDropped) return;  // a course, or a class that was refused
  if (const auto end = read_date(line["endDate"]); end && *end < today_) return;
  if (p.kind == Kind::student)
    place_student(p, user, class_index, line, at);
  else if (auto& home = facts_.classes[class_index].homeroom;
           p.kind == Kind::staff && word(line["primary"]) == "true" && !home)
    home = index;
}

void Reader::place_student(PersonFact& student, const std::string& id, std::size_t in_class, const Line& line,
                           const Place& at) {
  const auto index = known_users_.at(id).index;
  const std::string begin(trimmed(line["beginDate"]));
  if (student.in_class && *student.in_class != in_class) {
    findings_.add(Fault::two_classes, at, "classSourcedId", line["classSourcedId"]);
    if (begin < placed_begin_[index]) return;
  }
  student.in_class = in_class;
  student.class_from = read_date(begin);
  if (student.class_from > today_) student.class_from.reset();
  placed_begin_[index] = begin;
}

void Reader::links() {
  for (std::size_t i = 0; i < facts_.persons.size(); ++i) {
    const auto& p = facts_.persons[i];
    if (p.kind == Kind::staff) continue;
    for (const auto& agent : agents_[i]) {
      const auto other = known_users_.find(agent);
      if (other == known_users_.end()) {
        if (p.kind == Kind::student && !facts_.mentioned.contains(agent))
          findings_.add(Fault::guardian_unknown, p.at, "agentSourcedIds", agent);
        continue;
      }
      const auto k = other->second.index;
      if (k == Known::kDropped) continue;
      if (p.kind == Kind::student && facts_.persons[k].kind == Kind::guardian) facts_.links.push_back({i, k});
      if (p.kind == Kind::guardian && facts_.persons[k].kind == Kind::student) facts_.links.push_back({k, i});
    }
  }
}

Facts Reader::run() {
  facts_.oneroster = true;
  manifest();
  orgs();
  sessions();
  classes();
  users();
  demographics();
  enrolments();
  links();
  return std::move(facts_);
}

}  // namespace

Facts read_oneroster(FileSet& files, SchoolDate today, Findings& findings) {
  return Reader(files, today, findings).run();
}

}  // namespace xinyi::people
