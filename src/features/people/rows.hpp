// A row as a file holds it, and the caps on rows.
#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace xinyi::people {

inline constexpr std::int64_t kMaxRows = 200'000;
inline constexpr std::size_t kMaxColumns = 200;
inline constexpr std::size_t kMaxCellBytes = 128 << 10;
inline constexpr std::uint64_t kMaxTextBytes = 128ull << 20;  // all cells of a file together

struct RawRow {
  std::int64_t line = 0;           // where the row starts, from 1
  std::vector<std::string> cells;  // UTF-8
  bool stray = false;              // CSV: text behind a closing quotation mark
};
/// Takes a row; false stops the reading.
using RowSink = std::function<bool(const RawRow&)>;

}  // namespace xinyi::people
