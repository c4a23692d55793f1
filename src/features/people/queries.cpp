// What other rooms may ask of the roster (people.hpp).
#include "features/people/people.hpp"
#include "features/people/values.hpp"
#include "kernel/json.hpp"
#include "storage/eights.hpp"

namespace xinyi::people {
namespace {
using storage::ReadTx;
using storage::Row;
using storage::WriteTx;

template <class E, class R>
E stored_enum(const R& row, int column) {
  const auto v = contract::enum_value<E>(row.template get<std::string_view>(column));
  invariant(v.has_value(), "stored enumeration value is not known");
  return *v;
}

/// %words% for LIKE, with its own signs taken literally.
std::string like(std::string_view text) {
  std::string out = "%";
  for (char c : word(text)) {
    if (c == '%' || c == '_' || c == '\\') out += '\\';
    out += c;
  }
  return out + "%";
}

std::string sort_name_of(ReadTx& tx, const PersonId& id) {
  const auto r = tx.one("SELECT sort_name FROM persons WHERE school_id = ?1 AND id = ?2", tx.school(), id);
  return r ? r->get<std::string>(0) : std::string();
}

std::int64_t newest_year(ReadTx& tx) {
  const auto r = tx.one("SELECT COALESCE(MAX(start_year), 0) FROM classes WHERE school_id = ?1", tx.school());
  return r->get<std::int64_t>(0);
}

ClassItem class_item(Row r) {
  return {r.get<ClassId>(0), r.get<std::string>(1), r.get<std::optional<std::int64_t>>(2), r.get<std::int64_t>(3)};
}

}  // namespace

std::optional<Person> find_person(ReadTx& tx, const PersonId& id) {
  const auto r = tx.one(
      "SELECT kind, name, gender, active, enabled, username, version FROM persons WHERE school_id = ?1 AND id = ?2",
      tx.school(), id);
  if (!r) return std::nullopt;
  return Person{id,
                stored_enum<Kind>(*r, 0),
                r->get<std::string>(1),
                stored_enum<Gender>(*r, 2),
                r->get<bool>(3),
                r->get<bool>(4),
                r->get<std::optional<std::string>>(5),
                r->get<std::int64_t>(6)};
}

std::optional<Student> find_student(ReadTx& tx, const PersonId& id) {
  const auto r = tx.one(
      "SELECT p.name, p.gender, COALESCE(c.name, ''), s.class_id, s.grade, s.birth_date,"
      " COALESCE(s.student_number, ''), COALESCE(s.nationality, ''), s.boarder, p.active"
      " FROM persons p JOIN students s ON s.school_id = p.school_id AND s.person_id = p.id"
      " LEFT JOIN classes c ON c.school_id = s.school_id AND c.id = s.class_id"
      " WHERE p.school_id = ?1 AND p.id = ?2",
      tx.school(), id);
  if (!r) return std::nullopt;
  return Student{id,
                 r->get<std::string>(0),
                 stored_enum<Gender>(*r, 1),
                 r->get<std::string>(2),
                 r->get<std::optional<ClassId>>(3),
                 r->get<std::optional<int>>(4),
                 r->get<std::optional<SchoolDate>>(5),
                 r->get<std::string>(6),
                 r->get<std::string>(7),
                 r->get<std::optional<bool>>(8),
                 r->get<bool>(9)};
}

std::map<PersonId, Shown> shown(ReadTx& tx, const std::vector<PersonId>& ids) {
  std::map<PersonId, Shown> out;
  storage::by_eights(ids, [&](const auto& k) {
    for (Row r : tx.query("SELECT p.id, p.name, COALESCE(c.name, '') FROM"
                          " (VALUES (?2), (?3), (?4), (?5), (?6), (?7), (?8), (?9)) AS wanted CROSS JOIN persons p"
                          " LEFT JOIN students s ON s.school_id = p.school_id AND s.person_id = p.id"
                          " LEFT JOIN classes c ON c.school_id = s.school_id AND c.id = s.class_id"
                          " WHERE p.school_id = ?1 AND p.id = wanted.column1",
                          tx.school(), k[0], k[1], k[2], k[3], k[4], k[5], k[6], k[7]))
      out[r.get<PersonId>(0)] = {r.get<std::string>(1), r.get<std::string>(2)};
  });
  return out;
}

StudentPage search_students(ReadTx& tx, const StudentSearch& search) {
  StudentPage page;
  const auto pattern = like(search.text);
  const std::int64_t limit = std::clamp(search.limit, 1, 200);
  const bool from_start = !search.after.has_value();
  const auto after_name = from_start ? std::string() : sort_name_of(tx, *search.after);
  const auto after = search.after.value_or(PersonId{});
  const bool any_class = !search.class_id.has_value();
  const auto class_id = search.class_id.value_or(ClassId{});
  for (Row r : tx.query("SELECT p.id, p.name, COALESCE(c.name, ''), s.grade, COALESCE(s.student_number, ''), p.active"
                        " FROM persons p JOIN students s ON s.school_id = p.school_id AND s.person_id = p.id"
                        " LEFT JOIN classes c ON c.school_id = s.school_id AND c.id = s.class_id"
                        " WHERE p.school_id = ?1 AND p.kind = 'student' AND p.search LIKE ?2 ESCAPE '\\'"
                        " AND (?3 = 1 OR s.class_id = ?4) AND (?5 = 1 OR p.active = 1)"
                        " AND (?6 = 1 OR p.sort_name > ?7 OR (p.sort_name = ?7 AND p.id > ?8))"
                        " ORDER BY p.sort_name, p.id LIMIT ?9",
                        tx.school(), pattern, any_class, class_id, search.with_left, from_start, after_name, after,
                        limit + 1)) {
    if (static_cast<std::int64_t>(page.items.size()) == limit) {
      page.next = page.items.back().id;
      break;
    }
    page.items.push_back({r.get<PersonId>(0), r.get<std::string>(1), r.get<std::string>(2),
                          r.get<std::optional<std::int64_t>>(3), r.get<std::string>(4),
                          r.get<bool>(5) ? Enrolment::enrolled : Enrolment::left});
  }
  page.total =
      tx.one(
            "SELECT COUNT(*) FROM persons p JOIN students s ON s.school_id = p.school_id AND s.person_id = p.id"
            " WHERE p.school_id = ?1 AND p.kind = 'student' AND p.search LIKE ?2 ESCAPE '\\'"
            " AND (?3 = 1 OR s.class_id = ?4) AND (?5 = 1 OR p.active = 1)",
            tx.school(), pattern, any_class, class_id, search.with_left)
          ->get<std::int64_t>(0);
  return page;
}

std::vector<ClassItem> list_classes(ReadTx& tx) {
  std::vector<ClassItem> out;
  for (Row r : tx.query("SELECT c.id, c.name, c.grade, (SELECT COUNT(*) FROM students s WHERE s.school_id = "
                        "c.school_id AND s.class_id = c.id)"
                        " FROM classes c WHERE c.school_id = ?1 AND c.start_year = ?2 ORDER BY COALESCE(c.grade, 99), "
                        "LENGTH(c.name), c.name, c.id",
                        tx.school(), newest_year(tx)))
    out.push_back(class_item(r));
  return out;
}

std::optional<ClassItem> homeroom_class(ReadTx& tx, const PersonId& teacher) {
  for (Row r : tx.query("SELECT c.id, c.name, c.grade, (SELECT COUNT(*) FROM students s WHERE s.school_id = "
                        "c.school_id AND s.class_id = c.id)"
                        " FROM classes c WHERE c.school_id = ?1 AND c.start_year = ?2 AND c.homeroom_teacher = ?3 "
                        "ORDER BY c.id LIMIT 1",
                        tx.school(), newest_year(tx), teacher))
    return class_item(r);
  return std::nullopt;
}

std::vector<ClassStay> class_history(ReadTx& tx, const PersonId& student) {
  std::vector<ClassStay> out;
  for (Row r : tx.query("SELECT e.class_id, c.name, e.from_on, e.to_on FROM enrolments e"
                        " JOIN classes c ON c.school_id = e.school_id AND c.id = e.class_id"
                        " WHERE e.school_id = ?1 AND e.person_id = ?2 ORDER BY e.from_on, e.id",
                        tx.school(), student))
    out.push_back(
        {r.get<ClassId>(0), r.get<std::string>(1), r.get<SchoolDate>(2), r.get<std::optional<SchoolDate>>(3)});
  return out;
}

std::vector<GuardianOf> guardians_of(ReadTx& tx, const vault::DataKey& key, const PersonId& student) {
  std::vector<GuardianOf> out;
  for (Row r : tx.query("SELECT g.guardian_id, p.name, g.relation, g.phone FROM guardians g"
                        " JOIN persons p ON p.school_id = g.school_id AND p.id = g.guardian_id"
                        " WHERE g.school_id = ?1 AND g.student_id = ?2 ORDER BY p.name, g.guardian_id",
                        tx.school(), student)) {
    GuardianOf g{r.get<PersonId>(0), r.get<std::string>(1), stored_enum<Relation>(r, 2), {}};
    Bytes pair(student.bytes().begin(), student.bytes().end());
    pair.insert(pair.end(), g.id.bytes().begin(), g.id.bytes().end());
    if (!r.null(3)) g.phone = std::string(text(key.reveal(r.get<View>(3), "guardians.phone", pair).expose()));
    out.push_back(std::move(g));
  }
  return out;
}

std::vector<PersonId> children_of(ReadTx& tx, const PersonId& guardian) {
  std::vector<PersonId> out;
  for (Row r :
       tx.query("SELECT student_id FROM guardians WHERE school_id = ?1 AND guardian_id = ?2 ORDER BY student_id",
                tx.school(), guardian))
    out.push_back(r.get<PersonId>(0));
  return out;
}

std::vector<AccountWish> accounts_wanted(ReadTx& tx, const std::optional<PersonId>& after, int limit) {
  std::vector<AccountWish> out;
  for (Row r :
       tx.query("SELECT id, kind, name, username, active * enabled FROM persons WHERE school_id = ?1 AND id > ?2"
                " AND username IS NOT NULL AND kind <> 'staff' ORDER BY id LIMIT ?3",
                tx.school(), after.value_or(PersonId{}), std::clamp(limit, 1, 1000)))
    out.push_back({r.get<PersonId>(0), stored_enum<Kind>(r, 1), r.get<std::string>(2),
                   r.get<std::optional<std::string>>(3), r.get<bool>(4)});
  return out;
}

bool keeps_identity_numbers(ReadTx& tx) {
  const auto r = tx.one("SELECT keep_identity_numbers FROM roster_settings WHERE school_id = ?1", tx.school());
  return r && r->get<bool>(0);
}

void keep_identity_numbers(WriteTx& tx, bool keep) {
  tx.exec(
      "INSERT INTO roster_settings (school_id, keep_identity_numbers, stamp) VALUES (?1, ?2, 1)"
      " ON CONFLICT (school_id) DO UPDATE SET keep_identity_numbers = excluded.keep_identity_numbers, stamp = "
      "roster_settings.stamp + 1",
      tx.school(), keep);
  if (!keep)
    tx.exec("UPDATE students SET identity_number = NULL, national_number = NULL WHERE school_id = ?1", tx.school());
}

}  // namespace xinyi::people
