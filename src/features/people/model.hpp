// Inside types of the room: what a file says (Facts), what the school has (Present), what is to be done (Plan).
#pragma once
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "features/people/findings.hpp"

namespace xinyi::people {

// -- what a file says. Empty text and absent values mean that it says nothing, and what the school has stays.

struct GuardianFact {
  std::string name;
  Relation relation = Relation::guardian;
  std::string phone;
};
struct PersonFact {
  Place at;
  Kind kind = Kind::student;
  std::string source_id, number, name, username, nationality, identity_number, national_number;
  Gender gender = Gender::unknown;
  std::optional<SchoolDate> birth_date;
  std::optional<bool> enabled, boarder;
  std::optional<int> grade, entered_year;
  std::optional<std::size_t> in_class;   // index into Facts::classes
  bool says_class = false;               // with no in_class: is in no class
  std::optional<SchoolDate> class_from;  // first day in it
  std::string phone;                     // of a guardian
  std::vector<GuardianFact> guardians;   // of a student, from a table
};
struct ClassFact {
  Place at;
  std::string source_id, name;
  std::optional<int> grade;
  int school_year = 0;                  // the year in which it starts
  std::optional<std::size_t> homeroom;  // index into Facts::persons
};
struct YearFact {
  int start_year = 0;
  std::string source_id, name;
  SchoolDate starts, ends;
};
struct LinkFact {
  std::size_t student, guardian;  // indexes into Facts::persons
};
struct Facts {
  bool oneroster = false;
  bool complete = false;  // who is missing has left
  bool says_homeroom = false;
  std::int64_t read = 0;  // rows of persons
  std::vector<YearFact> years;
  std::vector<ClassFact> classes;
  std::vector<PersonFact> persons;
  std::vector<LinkFact> links;
  /// Identifiers (sourcedId, or student number of a table) of refused rows: these people are there, but stay as they are.
  std::unordered_set<std::string> mentioned;
  std::unordered_set<std::string> deleted;  // sourcedIds marked as deleted
};

// -- what the school has

struct YearRow {
  int start_year = 0;
  std::optional<std::string> source_id;
  std::string name;
  SchoolDate starts, ends;
  bool operator==(const YearRow&) const = default;
};
struct ClassRow {
  ClassId id;
  std::optional<std::string> source_id;
  std::string name;
  std::optional<int> grade;
  int school_year = 0;
  std::optional<PersonId> homeroom;
  bool operator==(const ClassRow&) const = default;
};
struct PersonRow {
  PersonId id;
  Kind kind = Kind::student;
  std::string name;
  Gender gender = Gender::unknown;
  bool active = true, enabled = true;
  std::optional<std::string> source_id, username;
  std::int64_t version = 0;
  // students
  std::optional<std::string> number, nationality, identity_number, national_number;
  std::optional<int> grade, entered_year;
  std::optional<ClassId> class_id;
  std::optional<SchoolDate> birth_date;
  std::optional<bool> boarder;
  bool operator==(const PersonRow&) const = default;
};
struct LinkRow {
  PersonId student, guardian;
  Relation relation = Relation::guardian;
  std::optional<std::string> phone;
  bool operator==(const LinkRow&) const = default;
};
struct Present {
  std::vector<YearRow> years;
  std::vector<ClassRow> classes;
  std::vector<PersonRow> persons;
  std::vector<LinkRow> links;
  bool keep_identity_numbers = false;
  std::int64_t stamp = 0;  // rises with each change of the roster
};

// -- what is to be done

struct PersonStep {
  PersonRow row;                    // as it shall be; version as it is now (0: new)
  std::optional<PersonRow> before;  // absent: new
};
struct MoveStep {
  PersonId person;
  std::optional<ClassId> from, to;
  std::optional<SchoolDate> on;  // first day in `to`; absent: today
};
struct Plan {
  std::int64_t stamp = 0;      // of the roster that it was made against
  std::vector<YearRow> years;  // new or changed
  std::vector<ClassRow> new_classes, changed_classes;
  std::vector<PersonStep> persons;  // new or changed, leavers too
  std::vector<LinkRow> links;       // new or changed
  std::vector<LinkRow> ended_links;
  std::vector<MoveStep> moves;
  Counts counts;
  bool empty() const {
    return years.empty() && new_classes.empty() && changed_classes.empty() && persons.empty() && links.empty() &&
           ended_links.empty() && moves.empty();
  }
};

}  // namespace xinyi::people
