// What a form is: data, read from data/forms at the build. One renderer draws all of them, blank or filled.
#pragma once
#include <map>
#include <set>
#include <span>

#include "kernel/json.hpp"

namespace xinyi::print {

/// line: a cell of one line · box: room for several lines · date, time · choice: squares to tick · table: columns and
/// empty rows · sign: signature and date · text: printed words, nothing to fill in.
enum class Kind { line, box, date, time, choice, table, sign, text };
BOOST_DESCRIBE_ENUM(Kind, line, box, date, time, choice, table, sign, text)
/// sheet: a form to write on · poster: large words for a wall.
enum class Look { sheet, poster };
BOOST_DESCRIBE_ENUM(Look, sheet, poster)

struct Choice {
  std::string id;
  Bilingual label;
  bool blank = false;  // a line to write on follows, as after "other"
};
BOOST_DESCRIBE_STRUCT(Choice, (), (id, label, blank))

struct Column {
  Bilingual label;
  std::int64_t share = 1;  // of the table's width
};
BOOST_DESCRIBE_STRUCT(Column, (), (label, share))

struct Field {
  std::string id;
  Kind kind{};
  Bilingual label;
  std::optional<Bilingual> hint;     // small, beside the label of a box
  std::optional<std::int64_t> span;  // twelfths of the row; those without share what is left
  std::optional<std::int64_t> lines; // of a box
  std::optional<std::vector<Choice>> choices;
  std::optional<std::vector<Column>> columns;
  std::optional<std::int64_t> rows;  // of a table: at least so many, empty ones included
};
BOOST_DESCRIBE_STRUCT(Field, (), (id, kind, label, hint, span, lines, choices, columns, rows))

struct Section {
  std::optional<Bilingual> title;
  bool new_page = false;
  std::vector<std::vector<Field>> rows;  // fields that stand side by side
};
BOOST_DESCRIBE_STRUCT(Section, (), (title, new_page, rows))

struct Form {
  std::string id;       // in addresses: "booking"
  std::string number;   // on paper: "XY-01"
  std::string version;  // on paper: "2026-1"
  Look look = Look::sheet;
  bool cover = false;  // the first page is one: a large title, and only the first section
  Bilingual title;
  std::optional<Bilingual> lead;  // below the title
  std::optional<Bilingual> mark;  // secrecy mark, top right
  std::optional<Bilingual> text;  // of a poster; {school} {place} {hours} {people} are filled in
  std::vector<Section> sections;
};
BOOST_DESCRIBE_STRUCT(Form, (), (id, number, version, look, cover, title, lead, mark, text, sections))

/// What is written into a form, by field id. A key that the form does not have is a Bug: nothing is left out silently.
struct Values {
  std::map<std::string, std::string, std::less<>> text;                           // line, box, date, time, sign
  std::map<std::string, std::set<std::string, std::less<>>, std::less<>> chosen;  // ids of choices
  std::map<std::string, std::vector<std::vector<std::string>>, std::less<>> rows; // tables, a text for each column
};

/// Reads and checks one form; Bug naming what is wrong with it.
Form read_form(std::string_view json);
/// Every form of the program, in the order of their numbers. Read once.
std::span<const Form> forms();
const Form* form(std::string_view id);
/// Bug when a value belongs to no field, or does not fit its kind.
void check(const Form& form, const Values& values);

}  // namespace xinyi::print
