// A table of students (CSV or XLSX): where its header is, which column means what, and what its rows say.
#pragma once
#include <array>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "features/people/model.hpp"
#include "features/people/rows.hpp"
#include "features/people/source.hpp"

namespace xinyi::people {

enum class Field {
#define FIELD(key, zh, en, needed, headers) key,
#include "features/people/fields.def"
#undef FIELD
};
struct FieldEntry {
  std::string_view key, zh, en;
  bool needed;
  std::string_view headers;
};
const std::vector<FieldEntry>& field_catalogue();
std::optional<Field> field_named(std::string_view key);

/// Column of each field, counted from 0.
struct Mapping {
  std::vector<std::optional<std::size_t>> column;
  Mapping();
  std::optional<std::size_t>& operator[](Field f) { return column[static_cast<std::size_t>(f)]; }
  const std::optional<std::size_t>& operator[](Field f) const { return column[static_cast<std::size_t>(f)]; }
};

/// The table in a file; both formats read alike.
struct Table {
  FileSet& files;
  bool xlsx = false;
  /// All rows; the name that findings use: the sheet's or the file's.
  struct Origin {
    std::string name, encoding;
  };
  Origin rows(const RowSink& sink) const;
};

struct TableHead {
  Table::Origin origin;
  std::int64_t header_line = 0;                  // 0: none found; then the columns are A, B, C …
  std::vector<std::string> columns;              // header texts
  std::vector<std::vector<std::string>> sample;  // first rows; identity numbers hidden, phones in part
  Mapping mapping;                               // guessed
  std::optional<int> school_year;                // from a title above ("2026学年")
};
/// Looks at the first rows only. Title rows above the header are passed over.
TableHead read_head(const Table& table);

/// Columns by header text, by letter or by number from 1; "" for none. Refusal(roster_mapping) naming the field when
/// there is no such field or column.
Mapping with_overrides(const TableHead& head, const std::map<std::string, std::string>& map);

struct TableOptions {
  SchoolDate today;
  bool keep_identity_numbers = false;
  bool absent_have_left = false;
};
/// Reads all rows. Unreadable(header_unknown) when name or number have no column.
Facts read_table(const Table& table, const TableHead& head, const Mapping& mapping, const TableOptions& options,
                 Findings& findings);

/// The school year of a day: from 1 August the one that starts in that year.
int school_year_on(SchoolDate day);
YearFact guessed_year(int start_year);

}  // namespace xinyi::people
