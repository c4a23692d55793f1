// The roster: who is a student, guardian or member of staff of the school, and how that came from the school's own
// systems. Accounts and rights belong to identity; this room only says who somebody is.
#pragma once
#include <boost/describe.hpp>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "kernel/id.hpp"
#include "kernel/json.hpp"
#include "kernel/random.hpp"
#include "kernel/time.hpp"
#include "storage/database.hpp"
#include "vault/vault.hpp"

namespace xinyi::people {

enum class Kind { student, guardian, staff };
BOOST_DESCRIBE_ENUM(Kind, student, guardian, staff)
enum class Gender { unknown, male, female };
BOOST_DESCRIBE_ENUM(Gender, unknown, male, female)
/// What a guardian is to the student; `guardian` when the source does not say.
enum class Relation {
  guardian,
  father,
  mother,
  grandfather,
  grandmother,
  maternal_grandfather,
  maternal_grandmother,
  sibling,
  relative,
  other
};
BOOST_DESCRIBE_ENUM(Relation, guardian, father, mother, grandfather, grandmother, maternal_grandfather,
                    maternal_grandmother, sibling, relative, other)
enum class Enrolment { enrolled, left };
BOOST_DESCRIBE_ENUM(Enrolment, enrolled, left)
enum class Severity { refused, warning };
BOOST_DESCRIBE_ENUM(Severity, refused, warning)

// -- reading the roster -----------------------------------------------------------------------------------------

struct Person {
  PersonId id;
  Kind kind{};
  std::string name;
  Gender gender{};
  bool active = true;                   // false: left the school
  bool enabled = true;                  // the source says that the account may be used
  std::optional<std::string> username;  // wished by the source; unique in the school
  std::int64_t version = 0;
};
std::optional<Person> find_person(storage::ReadTx& tx, const PersonId& id);

/// What the room needs to know of a student. `class_name` is empty for one in no class; grade 1..12.
struct Student {
  PersonId id;
  std::string name;
  Gender gender{};
  std::string class_name;
  std::optional<ClassId> class_id;
  std::optional<int> grade;
  std::optional<SchoolDate> birth_date;
  std::string student_number;
  std::string nationality;
  std::optional<bool> boarder;
  bool enrolled = true;
};
std::optional<Student> find_student(storage::ReadTx& tx, const PersonId& id);

/// What a list shows of somebody on the roster.
struct Shown {
  std::string name;
  std::string class_name;  // present class of a student, else empty
};
/// Who is not on the roster is not in the answer.
std::map<PersonId, Shown> shown(storage::ReadTx& tx, const std::vector<PersonId>& ids);

struct StudentItem {
  PersonId id;
  std::string name, class_name;
  std::optional<std::int64_t> grade;
  std::string student_number;
  Enrolment state{};
};
BOOST_DESCRIBE_STRUCT(StudentItem, (), (id, name, class_name, grade, student_number, state))
struct StudentPage {
  std::vector<StudentItem> items;
  std::optional<PersonId> next;  // pass as `after` for the page behind this one
  std::int64_t total = 0;        // of the whole search
};
BOOST_DESCRIBE_STRUCT(StudentPage, (), (items, next, total))
struct StudentSearch {
  std::string text;  // part of the name, of its pinyin or initials ("lixinruo", "lxr"), or of the student number
  std::optional<ClassId> class_id;
  std::optional<PersonId> after;
  int limit = 50;  // 1..200
  bool with_left = true;
};
/// In the order of names by pinyin.
StudentPage search_students(storage::ReadTx& tx, const StudentSearch& search);

struct ClassItem {
  ClassId id;
  std::string name;
  std::optional<std::int64_t> grade;
  std::int64_t students = 0;
};
BOOST_DESCRIBE_STRUCT(ClassItem, (), (id, name, grade, students))
/// Classes of the newest school year, by grade.
std::vector<ClassItem> list_classes(storage::ReadTx& tx);
/// The class of the newest school year whose homeroom teacher (班主任) this is.
std::optional<ClassItem> homeroom_class(storage::ReadTx& tx, const PersonId& teacher);

/// One stay in a class, oldest first; `to` is absent for the present one. Moving never ends the person's file (一人一卡).
struct ClassStay {
  ClassId class_id;
  std::string class_name;
  SchoolDate from;
  std::optional<SchoolDate> to;
};
std::vector<ClassStay> class_history(storage::ReadTx& tx, const PersonId& student);

struct GuardianOf {
  PersonId id;
  std::string name;
  Relation relation{};
  std::optional<std::string> phone;
};
std::vector<GuardianOf> guardians_of(storage::ReadTx& tx, const vault::DataKey& key, const PersonId& student);
/// Students of a guardian, by id.
std::vector<PersonId> children_of(storage::ReadTx& tx, const PersonId& guardian);

/// What the account of a student or guardian should look like.
struct AccountWish {
  PersonId person;
  Kind kind{};
  std::string name;
  std::optional<std::string> username;
  bool allowed = true;  // on the roster and enabled by the source: may sign in
};
/// Pages through everybody who has a wished account name, by id.
std::vector<AccountWish> accounts_wanted(storage::ReadTx& tx, const std::optional<PersonId>& after, int limit);

/// Whether identity-card numbers and national student numbers (学籍号) may be kept (protected). Off unless switched on.
bool keeps_identity_numbers(storage::ReadTx& tx);
void keep_identity_numbers(storage::WriteTx& tx, bool keep);

// -- importing --------------------------------------------------------------------------------------------------

/// Every person of the file falls into exactly one of created, changed, unchanged, moved and promoted; `left` counts
/// persons who are gone. `read` counts rows of persons, `refused` and `warnings` findings.
struct Counts {
  std::int64_t read = 0, created = 0, changed = 0, unchanged = 0, moved = 0, promoted = 0, left = 0, refused = 0,
               warnings = 0;
  bool operator==(const Counts&) const = default;
};
BOOST_DESCRIBE_STRUCT(Counts, (), (read, created, changed, unchanged, moved, promoted, left, refused, warnings))
struct Finding {
  std::string file;
  std::int64_t line = 0;
  std::string field;
  Severity severity{};
  std::string code;
  std::string value;  // clipped and made harmless; identity numbers and phones never
  Bilingual text;
};
BOOST_DESCRIBE_STRUCT(Finding, (), (file, line, field, severity, code, value, text))
struct Report {
  bool applied = false;
  Counts counts;
  std::vector<Finding> findings;  // the first 1,000
  std::int64_t findings_total = 0;
};
BOOST_DESCRIBE_STRUCT(Report, (), (applied, counts, findings, findings_total))
boost::json::object to_json(const Report& report);
/// Lines for a terminal, without escape sequences.
std::string to_text(const Report& report, bool chinese);

struct ImportOptions {
  SchoolId school;
  SchoolDate today;  // of the school's zone
  Instant now;
  PersonId actor;  // nil: the operator at the command line
  bool dry_run = false;
  /// Tables only: field -> column, as header text, letter ("C") or number counted from 1. Overrides the guess; "" takes it away.
  std::map<std::string, std::string> map;
  /// Tables only: students who are missing in the table have left. OneRoster bulk files always say so.
  bool absent_have_left = false;
  /// Told whose account changes, inside the importing transaction; empty: client_accounts (accounts.hpp). May run more than once (see storage).
  std::function<void(storage::WriteTx&, const std::vector<AccountWish>&)> accounts;
};
/// Reads a OneRoster 1.1 folder or zip, a CSV or an XLSX file, and applies it in one transaction together with the audit
/// event `roster.imported`. Errors: roster_unreadable, roster_too_large, roster_mapping with the finding in the extra
/// facts. Rows at fault are left out and listed; importing the same file twice changes nothing.
Report import_roster(storage::Database& db, const vault::ServerKeys& keys, Random& random, const std::string& path,
                     const ImportOptions& options);

}  // namespace xinyi::people
