// Tables as XLSX, row by row: the memory does not grow with the table. Nothing of it touches a disk.
#pragma once
#include <functional>
#include <variant>

#include "kernel/bytes.hpp"
#include "kernel/time.hpp"

namespace xinyi::print {

struct WallMoment {
  SchoolDate date;
  WallTime time;
};
using XlsxCell = std::variant<std::monostate, std::string, std::int64_t, SchoolDate, WallMoment>;
struct XlsxColumn {
  std::string title;
  double width = 12;  // in characters of the usual font
};
struct XlsxSheet {
  std::string name;  // of the sheet; characters that Excel refuses are replaced, at most 31 are kept
  std::vector<XlsxColumn> columns;
  Instant at;        // date of creation
};
/// Fills `row` with one cell for each column and says true, or false at the end.
using XlsxRows = std::function<bool(std::vector<XlsxCell>& row)>;

/// Text never becomes a formula, also not after the table was saved as CSV: one that begins like a formula gets an
/// apostrophe before it. What is longer than a cell of Excel can be ends with a note that says so. Same input, same
/// bytes. Bug when a row has another number of cells than there are columns, or there are more than Excel has rows.
Bytes xlsx(const XlsxSheet& sheet, const XlsxRows& rows);

}  // namespace xinyi::print
