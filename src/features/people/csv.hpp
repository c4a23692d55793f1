// Comma-separated values (RFC 4180), as a stream.
#pragma once
#include <string>
#include <string_view>

#include "features/people/encoding.hpp"
#include "features/people/rows.hpp"

namespace xinyi::people {

/// Takes UTF-8 in pieces of any size and gives rows. CRLF, LF and CR end a row; quoted cells may hold any of them. A
/// quotation mark inside an unquoted cell is an ordinary character. Blank lines give no row.
class CsvParser {
 public:
  CsvParser(char separator, std::string file, RowSink sink);
  /// False when the sink had enough. Unreadable: too_many_rows, too_many_columns, too_much_text.
  bool push(std::string_view piece);
  /// The last row; Unreadable(quote_open) with the line of a quotation mark that was never closed.
  void finish();

 private:
  enum class State { start, plain, quoted, closing, stray };
  void take(char c);
  void end_cell();
  void end_row();
  char separator_;
  std::string file_;
  RowSink sink_;
  State state_ = State::start;
  RawRow row_;
  std::string cell_;
  std::int64_t line_ = 1, quote_line_ = 0, rows_ = 0;
  std::uint64_t bytes_ = 0;
  bool after_cr_ = false, wants_more_ = true;
};

/// The separator that the first lines use most outside quotation marks: comma, tab or semicolon.
char guess_separator(std::string_view start);

/// Detects the encoding (reading the file twice), then reads its rows. `separator` 0: guess.
Encoding read_csv(FileSet& set, const std::string& name, char separator, const RowSink& sink);

}  // namespace xinyi::people
