#include "features/people/store.hpp"

#include "features/people/pinyin.hpp"
#include "features/people/values.hpp"
#include "kernel/json.hpp"

namespace xinyi::people {
namespace {
using contract::enum_name;
using storage::ReadTx;
using storage::Row;
using storage::WriteTx;

template <class E>
E stored_enum(Row row, int column) {
  const auto v = contract::enum_value<E>(row.get<std::string_view>(column));
  invariant(v.has_value(), "stored enumeration value is not known");
  return *v;
}

std::string opened(const vault::DataKey& key, View sealed, std::string_view column, View row) {
  return std::string(text(key.reveal(sealed, column, row).expose()));
}

/// Both ids: a telephone number belongs to the pair.
Fixed<32> pair_of(const LinkRow& l) {
  Fixed<32> out;
  std::copy(l.student.bytes().begin(), l.student.bytes().end(), out.begin());
  std::copy(l.guardian.bytes().begin(), l.guardian.bytes().end(), out.begin() + 16);
  return out;
}

std::optional<Bytes> sealed(const vault::DataKey& key, const std::optional<std::string>& plain, std::string_view column,
                            View row) {
  return plain ? std::optional(key.protect(*plain, column, row)) : std::nullopt;
}

std::optional<std::string_view> stage_of(std::optional<int> grade) {
  if (!grade) return std::nullopt;
  return *grade <= 6 ? "primary" : *grade <= 9 ? "junior" : "senior";
}

void load_persons(ReadTx& tx, const vault::DataKey& key, Present& out) {
  for (Row r :
       tx.query("SELECT p.id, p.kind, p.name, p.gender, p.active, p.enabled, p.source_id, p.username, p.version,"
                " s.student_number, s.nationality, s.grade, s.entered_year, s.class_id, s.birth_date, s.boarder,"
                " s.identity_number, s.national_number"
                " FROM persons p LEFT JOIN students s ON s.school_id = p.school_id AND s.person_id = p.id"
                " WHERE p.school_id = ?1 ORDER BY p.id",
                tx.school())) {
    PersonRow p;
    p.id = r.get<PersonId>(0);
    p.kind = stored_enum<Kind>(r, 1);
    p.name = r.get<std::string>(2);
    p.gender = stored_enum<Gender>(r, 3);
    p.active = r.get<bool>(4);
    p.enabled = r.get<bool>(5);
    p.source_id = r.get<std::optional<std::string>>(6);
    p.username = r.get<std::optional<std::string>>(7);
    p.version = r.get<std::int64_t>(8);
    p.number = r.get<std::optional<std::string>>(9);
    p.nationality = r.get<std::optional<std::string>>(10);
    p.grade = r.get<std::optional<int>>(11);
    p.entered_year = r.get<std::optional<int>>(12);
    p.class_id = r.get<std::optional<ClassId>>(13);
    p.birth_date = r.get<std::optional<SchoolDate>>(14);
    p.boarder = r.get<std::optional<bool>>(15);
    if (!r.null(16)) p.identity_number = opened(key, r.get<View>(16), "students.identity_number", p.id.bytes());
    if (!r.null(17)) p.national_number = opened(key, r.get<View>(17), "students.national_number", p.id.bytes());
    out.persons.push_back(std::move(p));
  }
}

void load_links(ReadTx& tx, const vault::DataKey& key, Present& out) {
  for (Row r : tx.query("SELECT student_id, guardian_id, relation, phone FROM guardians WHERE school_id = ?1"
                        " ORDER BY student_id, guardian_id",
                        tx.school())) {
    LinkRow l{r.get<PersonId>(0), r.get<PersonId>(1), stored_enum<Relation>(r, 2), {}};
    if (!r.null(3)) l.phone = opened(key, r.get<View>(3), "guardians.phone", pair_of(l));
    out.links.push_back(std::move(l));
  }
}

void put_years_and_classes(WriteTx& tx, const Plan& plan) {
  for (const auto& y : plan.years)
    tx.exec(
        "INSERT INTO school_years (school_id, start_year, source_id, name, starts_on, ends_on) VALUES (?1, ?2, ?3, ?4, "
        "?5, ?6)"
        " ON CONFLICT (school_id, start_year) DO UPDATE SET source_id = excluded.source_id, name = excluded.name,"
        " starts_on = excluded.starts_on, ends_on = excluded.ends_on",
        tx.school(), y.start_year, y.source_id, y.name, y.starts, y.ends);
  for (const auto* list : {&plan.new_classes, &plan.changed_classes})
    for (const auto& c : *list)
      tx.exec(
          "INSERT INTO classes (school_id, id, source_id, name, grade, stage, start_year, homeroom_teacher)"
          " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)"
          " ON CONFLICT (school_id, id) DO UPDATE SET source_id = excluded.source_id, name = excluded.name, grade = "
          "excluded.grade,"
          " stage = excluded.stage, start_year = excluded.start_year, homeroom_teacher = excluded.homeroom_teacher",
          tx.school(), c.id, c.source_id, c.name, c.grade, stage_of(c.grade), c.school_year, c.homeroom);
}

/// Names and numbers may change hands inside one import: all are let go before any is taken.
void let_go(WriteTx& tx, const Plan& plan) {
  for (const auto& s : plan.persons) {
    if (!s.before) continue;
    if (s.before->username && s.before->username != s.row.username)
      tx.exec("UPDATE persons SET username = NULL WHERE school_id = ?1 AND id = ?2", tx.school(), s.row.id);
    if (s.before->number && s.before->number != s.row.number)
      tx.exec("UPDATE students SET student_number = NULL WHERE school_id = ?1 AND person_id = ?2", tx.school(),
              s.row.id);
  }
}

void put_person(WriteTx& tx, const PersonStep& step, const SearchWords& words) {
  const auto& p = step.row;
  if (!step.before) {
    tx.exec(
        "INSERT INTO persons (school_id, id, kind, name, sort_name, search, gender, active, source_id, username, "
        "enabled, version)"
        " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, 1)",
        tx.school(), p.id, enum_name(p.kind), p.name, words.sort_name, words.search, enum_name(p.gender), p.active,
        p.source_id, p.username, p.enabled);
    return;
  }
  tx.exec(
      "UPDATE persons SET name = ?3, sort_name = ?4, search = ?5, gender = ?6, active = ?7, source_id = ?8, username = "
      "?9,"
      " enabled = ?10, version = version + 1 WHERE school_id = ?1 AND id = ?2",
      tx.school(), p.id, p.name, words.sort_name, words.search, enum_name(p.gender), p.active, p.source_id, p.username,
      p.enabled);
}

void put_student(WriteTx& tx, const vault::DataKey& key, const PersonRow& p) {
  tx.exec(
      "INSERT INTO students (school_id, person_id, student_number, grade, class_id, birth_date, nationality, boarder, "
      "entered_year,"
      " identity_number, national_number) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)"
      " ON CONFLICT (school_id, person_id) DO UPDATE SET student_number = excluded.student_number, grade = "
      "excluded.grade,"
      " class_id = excluded.class_id, birth_date = excluded.birth_date, nationality = excluded.nationality,"
      " boarder = excluded.boarder, entered_year = excluded.entered_year, identity_number = excluded.identity_number,"
      " national_number = excluded.national_number",
      tx.school(), p.id, p.number, p.grade, p.class_id, p.birth_date, p.nationality, p.boarder, p.entered_year,
      sealed(key, p.identity_number, "students.identity_number", p.id.bytes()),
      sealed(key, p.national_number, "students.national_number", p.id.bytes()));
}

void put_links(WriteTx& tx, const vault::DataKey& key, const Plan& plan) {
  for (const auto& l : plan.ended_links)
    tx.exec("DELETE FROM guardians WHERE school_id = ?1 AND student_id = ?2 AND guardian_id = ?3", tx.school(),
            l.student, l.guardian);
  for (const auto& l : plan.links)
    tx.exec(
        "INSERT INTO guardians (school_id, student_id, guardian_id, relation, phone) VALUES (?1, ?2, ?3, ?4, ?5)"
        " ON CONFLICT (school_id, student_id, guardian_id) DO UPDATE SET relation = excluded.relation, phone = "
        "excluded.phone",
        tx.school(), l.student, l.guardian, enum_name(l.relation), sealed(key, l.phone, "guardians.phone", pair_of(l)));
}

void put_moves(WriteTx& tx, const PreparedPlan& prepared, SchoolDate today) {
  for (std::size_t i = 0; i < prepared.plan.moves.size(); ++i) {
    const auto& m = prepared.plan.moves[i];
    const auto on = m.on.value_or(today);
    if (m.from)
      tx.exec(
          "UPDATE enrolments SET to_on = CASE WHEN from_on > ?3 THEN from_on ELSE ?3 END"
          " WHERE school_id = ?1 AND person_id = ?2 AND to_on IS NULL",
          tx.school(), m.person, m.to ? on.plus_days(-1) : today);
    if (m.to)
      tx.exec(
          "INSERT INTO enrolments (school_id, id, person_id, class_id, from_on, to_on) VALUES (?1, ?2, ?3, ?4, ?5, "
          "NULL)",
          tx.school(), prepared.enrolments[i], m.person, *m.to, on);
  }
}

}  // namespace

Present load_present(ReadTx& tx, const vault::DataKey& key) {
  Present out;
  if (auto r = tx.one("SELECT keep_identity_numbers, stamp FROM roster_settings WHERE school_id = ?1", tx.school())) {
    out.keep_identity_numbers = r->get<bool>(0);
    out.stamp = r->get<std::int64_t>(1);
  }
  for (Row r : tx.query("SELECT start_year, source_id, name, starts_on, ends_on FROM school_years WHERE school_id = ?1"
                        " ORDER BY start_year",
                        tx.school()))
    out.years.push_back({r.get<int>(0), r.get<std::optional<std::string>>(1), r.get<std::string>(2),
                         r.get<SchoolDate>(3), r.get<SchoolDate>(4)});
  for (Row r : tx.query("SELECT id, source_id, name, grade, start_year, homeroom_teacher FROM classes WHERE school_id "
                        "= ?1 ORDER BY id",
                        tx.school()))
    out.classes.push_back({r.get<ClassId>(0), r.get<std::optional<std::string>>(1), r.get<std::string>(2),
                           r.get<std::optional<int>>(3), r.get<int>(4), r.get<std::optional<PersonId>>(5)});
  load_persons(tx, key, out);
  load_links(tx, key, out);
  return out;
}

SearchWords search_words(const PersonRow& row) {
  if (row.kind == Kind::guardian) return {row.name, ""};
  const auto list = readings(row.name);
  SearchWords out{list[0].full + " " + row.name, word(row.name)};
  for (const auto& r : list)
    for (const auto* part : {&r.full, &r.initials})
      if (!part->empty()) out.search += " " + *part;
  if (row.number) out.search += " " + word(*row.number);
  return out;
}

PreparedPlan prepare(Plan&& plan, Random& random, Instant now) {
  PreparedPlan out{std::move(plan), {}, {}};
  for (const auto& s : out.plan.persons) out.words.push_back(search_words(s.row));
  for (std::size_t i = 0; i < out.plan.moves.size(); ++i) out.enrolments.push_back(random.id<EnrolmentId>(now));
  return out;
}

void apply(WriteTx& tx, const vault::DataKey& key, const PreparedPlan& prepared, SchoolDate today) {
  const auto& plan = prepared.plan;
  const auto stamp = tx.one("SELECT stamp FROM roster_settings WHERE school_id = ?1", tx.school());
  if ((stamp ? stamp->get<std::int64_t>(0) : 0) != plan.stamp)
    throw Refusal(Code::changed_meanwhile, "the roster changed while a plan was made");
  tx.exec(
      "INSERT INTO roster_settings (school_id, keep_identity_numbers, stamp) VALUES (?1, 0, 1)"
      " ON CONFLICT (school_id) DO UPDATE SET stamp = roster_settings.stamp + 1",
      tx.school());
  put_years_and_classes(tx, plan);
  let_go(tx, plan);
  for (std::size_t i = 0; i < plan.persons.size(); ++i) {
    put_person(tx, plan.persons[i], prepared.words[i]);
    if (plan.persons[i].row.kind == Kind::student) put_student(tx, key, plan.persons[i].row);
  }
  put_links(tx, key, plan);
  put_moves(tx, prepared, today);
}

std::vector<AccountWish> account_wishes(const Plan& plan) {
  std::vector<AccountWish> out;
  for (const auto& s : plan.persons) {
    const auto& p = s.row;
    if (p.kind == Kind::staff) continue;
    const bool allowed = p.active && p.enabled;
    if (s.before && s.before->name == p.name && s.before->username == p.username && s.before->number == p.number &&
        (s.before->active && s.before->enabled) == allowed)
      continue;
    out.push_back({p.id, p.kind, p.name, p.username, allowed});
  }
  return out;
}

}  // namespace xinyi::people
