#include "features/people/rules.hpp"

#include <algorithm>
#include <unordered_map>

#include "features/people/values.hpp"

namespace xinyi::people {
namespace {

constexpr std::size_t kNone = static_cast<std::size_t>(-1);

template <class T>
using ByText = std::unordered_map<std::string, T>;

std::string bytes_key(const Fixed<16>& b) { return {reinterpret_cast<const char*>(b.data()), b.size()}; }

void overlay(std::string& to, const std::string& said) {
  if (!said.empty()) to = said;
}
void overlay(std::optional<std::string>& to, const std::string& said) {
  if (!said.empty()) to = said;
}
template <class T>
void overlay(std::optional<T>& to, const std::optional<T>& said) {
  if (said) to = said;
}

/// One run over the facts. Steps stand in the order of make_plan.
class Planner {
 public:
  Planner(const Facts& facts, const Present& present, const NewId& new_id, Findings& findings)
      : facts_(facts), present_(present), new_id_(new_id), findings_(findings) {}
  Plan run();

 private:
  // What a person of the file becomes.
  struct Target {
    std::size_t at = kNone;  // in Present::persons
    bool refused = false, linked = false;
    PersonRow row;
  };

  void index_present();
  void match_persons();
  void refuse(std::size_t i, Fault fault, std::string_view field, const std::string& value);
  void settle();
  bool settle_once(std::string PersonFact::*said, std::optional<std::string> PersonRow::*has, Fault fault,
                   std::string_view field, bool strict);
  void make_targets();
  void plan_years();
  void plan_classes();
  void place_in_classes();
  void plan_links();
  void put_link(LinkRow link, std::size_t student);
  void plan_table_guardians(std::size_t i);
  PersonId guardian_for(const PersonRow& student, const GuardianFact& g);
  void adopt_guardians();
  void plan_leavers();
  void write_steps();
  void count(const Target& t, const PersonRow* before);
  bool stays(const PersonRow& p) const;

  const Facts& facts_;
  const Present& present_;
  const NewId& new_id_;
  Findings& findings_;
  Plan plan_;
  std::vector<Target> targets_;
  std::vector<std::size_t> fact_of_;  // by index in Present::persons
  ByText<std::size_t> by_source_, by_number_, person_at_;
  std::vector<ClassId> class_ids_;  // by index in Facts::classes
  std::unordered_map<ClassId, const ClassRow*> classes_;
  std::vector<ClassRow> class_rows_;
  ByText<LinkRow> links_;                         // by student and guardian
  ByText<std::size_t> planned_links_;             // the same key, in plan_.links
  ByText<std::vector<const LinkRow*>> links_of_;  // by student
  ByText<PersonId> known_guardians_;              // by name and phone
  std::vector<PersonRow> new_guardians_;
};

std::string link_key(const LinkRow& l) { return bytes_key(l.student.bytes()) + bytes_key(l.guardian.bytes()); }
std::string guardian_key(const std::string& name, const std::string& phone) { return name + '\n' + phone; }

void Planner::index_present() {
  fact_of_.assign(present_.persons.size(), kNone);
  for (std::size_t i = 0; i < present_.persons.size(); ++i) {
    const auto& p = present_.persons[i];
    person_at_.emplace(bytes_key(p.id.bytes()), i);
    if (p.source_id) by_source_.emplace(*p.source_id, i);
    if (p.number) by_number_.emplace(*p.number, i);
  }
  for (const auto& l : present_.links) {
    links_.emplace(link_key(l), l);
    links_of_[bytes_key(l.student.bytes())].push_back(&l);
    const auto at = person_at_.find(bytes_key(l.guardian.bytes()));
    if (at != person_at_.end() && l.phone)
      known_guardians_.emplace(guardian_key(present_.persons[at->second].name, *l.phone), l.guardian);
  }
}

void Planner::refuse(std::size_t i, Fault fault, std::string_view field, const std::string& value) {
  targets_[i].refused = true;
  findings_.add(fault, facts_.persons[i].at, field, value);
}

void Planner::match_persons() {
  targets_.resize(facts_.persons.size());
  for (std::size_t i = 0; i < facts_.persons.size(); ++i) {
    const auto& f = facts_.persons[i];
    auto& t = targets_[i];
    if (!f.source_id.empty())
      if (const auto at = by_source_.find(f.source_id); at != by_source_.end()) t.at = at->second;
    if (t.at == kNone && f.kind == Kind::student && !f.number.empty())
      if (const auto at = by_number_.find(f.number); at != by_number_.end())
        if (f.source_id.empty() || !present_.persons[at->second].source_id) t.at = at->second;
    if (t.at == kNone) continue;
    if (fact_of_[t.at] != kNone) {  // two rows of the file for one person: by sourcedId and by number
      t.at = kNone;
      refuse(i, Fault::number_taken, "number", f.number);
      continue;
    }
    fact_of_[t.at] = i;
    if (present_.persons[t.at].kind != f.kind) refuse(i, Fault::kind_changed, "role", f.source_id);
  }
}

/// One pass: everybody not changing keeps what they have; then those who keep it by their row; then newcomers in order.
bool Planner::settle_once(std::string PersonFact::*said, std::optional<std::string> PersonRow::*has, Fault fault,
                          std::string_view field, bool strict) {
  ByText<std::size_t> owner;  // index of fact, or kNone for somebody outside the file
  for (std::size_t p = 0; p < present_.persons.size(); ++p) {
    const auto& value = present_.persons[p].*has;
    if (!value) continue;
    const auto i = fact_of_[p];
    const bool gives_up =
        i != kNone && !targets_[i].refused && !(facts_.persons[i].*said).empty() && facts_.persons[i].*said != *value;
    if (!gives_up || strict) owner.emplace(*value, i);
  }
  bool any = false;
  for (std::size_t i = 0; i < targets_.size(); ++i) {
    const auto& value = facts_.persons[i].*said;
    if (targets_[i].refused || value.empty()) continue;
    const auto [at, fresh] = owner.emplace(value, i);
    if (fresh || at->second == i) continue;
    refuse(i, fault, field, value);
    any = true;
  }
  return any;
}

void Planner::settle() {
  // A refused row keeps what its person had, which may refuse another: until nothing changes. Chains longer than any real
  // file has end with the rule that nobody takes over what somebody else has today.
  for (int pass = 0;; ++pass) {
    const bool strict = pass > 16;
    const bool names =
        settle_once(&PersonFact::username, &PersonRow::username, Fault::username_taken, "username", strict);
    const bool numbers = settle_once(&PersonFact::number, &PersonRow::number, Fault::number_taken, "number", strict);
    if (!names && !numbers) return;
  }
}

void Planner::make_targets() {
  for (std::size_t i = 0; i < targets_.size(); ++i) {
    auto& t = targets_[i];
    const auto& f = facts_.persons[i];
    if (t.at != kNone) t.row = present_.persons[t.at];
    if (t.refused) continue;
    auto& r = t.row;
    if (t.at == kNone) {
      r.id = PersonId(new_id_());
      r.kind = f.kind;
    }
    r.active = true;
    overlay(r.name, f.name);
    overlay(r.source_id, f.source_id);
    overlay(r.username, f.username);
    if (f.gender != Gender::unknown) r.gender = f.gender;
    if (f.enabled) r.enabled = *f.enabled;
    if (f.kind != Kind::student) continue;
    overlay(r.number, f.number);
    overlay(r.nationality, f.nationality);
    overlay(r.birth_date, f.birth_date);
    overlay(r.boarder, f.boarder);
    overlay(r.grade, f.grade);
    overlay(r.entered_year, f.entered_year);
    if (present_.keep_identity_numbers) {
      overlay(r.identity_number, f.identity_number);
      overlay(r.national_number, f.national_number);
    }
  }
}

void Planner::plan_years() {
  for (const auto& f : facts_.years) {
    const auto at = std::find_if(present_.years.begin(), present_.years.end(),
                                 [&](const YearRow& y) { return y.start_year == f.start_year; });
    if (at != present_.years.end() && !facts_.oneroster) continue;  // a table only guesses the days
    YearRow row{f.start_year, {}, f.name, f.starts, f.ends};
    if (!f.source_id.empty()) row.source_id = f.source_id;
    if (at == present_.years.end() || !(*at == row)) plan_.years.push_back(row);
  }
}

void Planner::plan_classes() {
  ByText<const ClassRow*> by_source, by_key;
  const auto key = [](const std::string& name, std::optional<int> grade, int year) {
    return std::to_string(year) + " " + class_key(name, grade);
  };
  for (const auto& c : present_.classes) {
    classes_.emplace(c.id, &c);
    if (c.source_id) by_source.emplace(*c.source_id, &c);
    by_key.emplace(key(c.name, c.grade, c.school_year), &c);
  }
  std::unordered_set<ClassId> used;
  class_rows_.reserve(facts_.classes.size());
  for (const auto& f : facts_.classes) {
    const ClassRow* known = nullptr;
    if (const auto at = by_source.find(f.source_id); !f.source_id.empty() && at != by_source.end()) known = at->second;
    if (!known)
      if (const auto at = by_key.find(key(f.name, f.grade, f.school_year)); at != by_key.end())
        if (f.source_id.empty() || !at->second->source_id) known = at->second;
    if (known && !used.insert(known->id).second) known = nullptr;
    ClassRow row = known ? *known : ClassRow{};
    if (!known) row.id = ClassId(new_id_());
    if (!known || facts_.oneroster)
      row.name = f.name;  // "初一(1)班" and "七年级1班" are one class; the system's name holds
    row.school_year = f.school_year;
    overlay(row.grade, f.grade);
    if (!f.source_id.empty()) row.source_id = f.source_id;
    if (facts_.says_homeroom) row.homeroom.reset();
    if (f.homeroom && !targets_[*f.homeroom].refused) row.homeroom = targets_[*f.homeroom].row.id;
    if (!known)
      plan_.new_classes.push_back(row);
    else if (!(row == *known))
      plan_.changed_classes.push_back(row);
    class_ids_.push_back(row.id);
    class_rows_.push_back(row);
    classes_[row.id] = &class_rows_.back();
  }
}

void Planner::place_in_classes() {
  for (std::size_t i = 0; i < targets_.size(); ++i) {
    auto& t = targets_[i];
    const auto& f = facts_.persons[i];
    if (t.refused || f.kind != Kind::student) continue;
    if (f.in_class) {
      t.row.class_id = class_ids_[*f.in_class];
      if (!f.grade) overlay(t.row.grade, facts_.classes[*f.in_class].grade);
    } else if (f.says_class) {
      t.row.class_id.reset();
    }
  }
}

void Planner::put_link(LinkRow link, std::size_t student) {
  const auto at = links_.find(link_key(link));
  if (at != links_.end()) {
    if (link.relation == Relation::guardian) link.relation = at->second.relation;  // "guardian" says nothing new
    if (!link.phone) link.phone = at->second.phone;
    if (at->second == link) return;
    at->second = link;
  } else {
    links_.emplace(link_key(link), link);
  }
  targets_[student].linked = true;
  const auto [planned, fresh] = planned_links_.emplace(link_key(link), plan_.links.size());
  if (fresh)
    plan_.links.push_back(std::move(link));
  else
    plan_.links[planned->second] = std::move(link);
}

/// A guardian whom a table brought before and whom a OneRoster file now names: the same student, the same name.
void Planner::adopt_guardians() {
  for (const auto& l : facts_.links) {
    auto &student = targets_[l.student], &guardian = targets_[l.guardian];
    if (student.refused || guardian.refused || student.at == kNone || guardian.at != kNone) continue;
    for (const auto* known : links_of_[bytes_key(present_.persons[student.at].id.bytes())]) {
      const auto p = person_at_.find(bytes_key(known->guardian.bytes()));
      if (p == person_at_.end() || fact_of_[p->second] != kNone) continue;
      const auto& row = present_.persons[p->second];
      if (row.source_id || row.name != facts_.persons[l.guardian].name) continue;
      guardian.at = p->second;
      fact_of_[p->second] = l.guardian;
      break;
    }
  }
}

PersonId Planner::guardian_for(const PersonRow& student, const GuardianFact& g) {
  for (const auto* l : links_of_[bytes_key(student.id.bytes())]) {
    const auto p = person_at_.find(bytes_key(l->guardian.bytes()));
    if (p != person_at_.end() && present_.persons[p->second].name == g.name) return l->guardian;
  }
  const auto key = guardian_key(g.name, g.phone);
  if (!g.phone.empty())
    if (const auto at = known_guardians_.find(key); at != known_guardians_.end()) return at->second;
  PersonRow row;
  row.id = PersonId(new_id_());
  row.kind = Kind::guardian;
  row.name = g.name;
  new_guardians_.push_back(row);
  if (!g.phone.empty()) known_guardians_.emplace(key, row.id);
  return row.id;
}

void Planner::plan_table_guardians(std::size_t i) {
  for (const auto& g : facts_.persons[i].guardians) {
    LinkRow link{targets_[i].row.id, guardian_for(targets_[i].row, g), g.relation, {}};
    if (!g.phone.empty()) link.phone = g.phone;
    put_link(std::move(link), i);
  }
}

void Planner::plan_links() {
  std::unordered_set<std::string> said;
  for (const auto& l : facts_.links) {
    const auto &student = targets_[l.student], &guardian = targets_[l.guardian];
    if (student.refused || guardian.refused) continue;
    LinkRow link{student.row.id, guardian.row.id, Relation::guardian, {}};
    if (const auto& phone = facts_.persons[l.guardian].phone; !phone.empty()) link.phone = phone;
    if (said.insert(link_key(link)).second) put_link(std::move(link), l.student);
  }
  for (std::size_t i = 0; i < targets_.size(); ++i)
    if (!targets_[i].refused) plan_table_guardians(i);
  if (!facts_.oneroster || !facts_.complete) return;
  for (const auto& l : present_.links) {
    const auto s = person_at_.find(bytes_key(l.student.bytes())), g = person_at_.find(bytes_key(l.guardian.bytes()));
    if (s == person_at_.end() || g == person_at_.end() || said.contains(link_key(l))) continue;
    const auto i = fact_of_[s->second], k = fact_of_[g->second];
    if (i == kNone || k == kNone || targets_[i].refused || targets_[k].refused) continue;
    plan_.ended_links.push_back(l);
    targets_[i].linked = true;
  }
}

bool Planner::stays(const PersonRow& p) const {
  if (facts_.oneroster) {
    if (!p.source_id) return true;
    if (facts_.deleted.contains(*p.source_id)) return false;
    return !facts_.complete || facts_.mentioned.contains(*p.source_id);
  }
  return !facts_.complete || p.kind != Kind::student || (p.number && facts_.mentioned.contains(*p.number));
}

void Planner::plan_leavers() {
  std::int64_t students = 0, leaving = 0;
  for (std::size_t p = 0; p < present_.persons.size(); ++p) {
    const auto& before = present_.persons[p];
    if (!before.active) continue;
    students += before.kind == Kind::student;
    if (fact_of_[p] != kNone || stays(before)) continue;
    PersonRow row = before;
    row.active = false;
    row.class_id.reset();
    if (before.class_id) plan_.moves.push_back({row.id, before.class_id, {}, {}});
    plan_.persons.push_back({row, before});
    ++plan_.counts.left;
    leaving += before.kind == Kind::student;
  }
  if (leaving > 20 && leaving * 5 > students) findings_.add(Fault::many_leave, {}, "", std::to_string(leaving));
}

void Planner::count(const Target& t, const PersonRow* before) {
  auto& c = plan_.counts;
  if (!before)
    ++c.created;
  else if (before->class_id != t.row.class_id && before->class_id && t.row.class_id) {
    const auto *from = classes_.at(*before->class_id), *to = classes_.at(*t.row.class_id);
    const bool next = to->school_year > from->school_year && to->grade && from->grade && *to->grade == *from->grade + 1;
    ++(next ? c.promoted : c.moved);
  } else if (!(t.row == *before) || t.linked)
    ++c.changed;
  else
    ++c.unchanged;
}

void Planner::write_steps() {
  for (auto& g : new_guardians_) plan_.persons.push_back({g, {}});
  for (std::size_t i = 0; i < targets_.size(); ++i) {
    const auto& t = targets_[i];
    if (t.refused) continue;
    const PersonRow* before = t.at == kNone ? nullptr : &present_.persons[t.at];
    count(t, before);
    if (before && t.row == *before) continue;
    plan_.persons.push_back({t.row, before ? std::optional(*before) : std::nullopt});
    const auto from = before ? before->class_id : std::nullopt;
    if (from != t.row.class_id) plan_.moves.push_back({t.row.id, from, t.row.class_id, facts_.persons[i].class_from});
  }
}

Plan Planner::run() {
  index_present();
  match_persons();
  settle();
  adopt_guardians();
  make_targets();
  plan_years();
  plan_classes();
  place_in_classes();
  plan_links();
  plan_leavers();
  write_steps();
  plan_.stamp = present_.stamp;
  plan_.counts.read = facts_.read;
  plan_.counts.refused = findings_.refused();
  plan_.counts.warnings = findings_.warnings();
  return std::move(plan_);
}

}  // namespace

Plan make_plan(const Facts& facts, const Present& present, const NewId& new_id, Findings& findings) {
  return Planner(facts, present, new_id, findings).run();
}

}  // namespace xinyi::people
