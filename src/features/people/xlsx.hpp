// Spreadsheets in the XLSX format (ECMA-376), read as a stream.
#pragma once
#include <string>

#include "features/people/rows.hpp"
#include "features/people/source.hpp"

namespace xinyi::people {

inline constexpr std::int64_t kMaxCells = 5'000'000;      // with content
inline constexpr std::size_t kMaxSharedBytes = 64 << 20;  // shared strings together
inline constexpr int kMaxXmlDepth = 64;

/// Rows of the first visible sheet. Numbers are written without exponent, dates (by their style) as 2018-08-14; formulas
/// give their last value. No document type, no entities of its own, nothing outside the archive.
/// `set` is the archive. Returns the sheet's name. Unreadable on damage and beyond the caps.
std::string read_xlsx(FileSet& set, const RowSink& sink);

/// A number as a person would write it: "2026000000", never "2.026E9"; at most 15 significant digits.
std::string plain_number(std::string_view written);

}  // namespace xinyi::people
