#include "features/people/csv.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <vector>

namespace xinyi::people {

CsvParser::CsvParser(char separator, std::string file, RowSink sink)
    : separator_(separator), file_(std::move(file)), sink_(std::move(sink)) {
  row_.line = 1;
}

bool CsvParser::push(std::string_view piece) {
  for (char c : piece) {
    if (!wants_more_) return false;
    const bool lf_of_crlf = after_cr_ && c == '\n';
    after_cr_ = c == '\r';
    if (lf_of_crlf && state_ != State::quoted) continue;  // the CR ended the row
    if (c == '\r' || (c == '\n' && !lf_of_crlf)) ++line_;
    take(c);
  }
  return wants_more_;
}

void CsvParser::take(char c) {
  const bool line_end = c == '\n' || c == '\r';
  if (state_ == State::quoted) {
    if (c == '"')
      state_ = State::closing;
    else
      cell_ += c;
    // A cell of this size is a quotation mark that somebody forgot to close.
    if (cell_.size() > kMaxCellBytes) throw Unreadable(Fault::quote_open, {file_, quote_line_});
    return;
  }
  if (state_ == State::closing && c == '"') {
    cell_ += c;
    state_ = State::quoted;
    return;
  }
  if (line_end) return end_row();
  if (c == separator_) return end_cell();
  if (state_ == State::start && c == '"') {
    state_ = State::quoted;
    quote_line_ = line_;
    return;
  }
  if (state_ == State::closing) {
    row_.stray = true;
    state_ = State::stray;
  }
  if (state_ == State::start) state_ = State::plain;
  cell_ += c;
  if (cell_.size() > kMaxCellBytes) throw Unreadable(Fault::too_much_text, {file_, line_});
}

void CsvParser::end_cell() {
  if (row_.cells.size() >= kMaxColumns) throw Unreadable(Fault::too_many_columns, {file_, row_.line});
  bytes_ += cell_.size();
  if (bytes_ > kMaxTextBytes) throw Unreadable(Fault::too_much_text, {file_, row_.line});
  row_.cells.push_back(std::move(cell_));
  cell_.clear();
  state_ = State::start;
}

void CsvParser::end_row() {
  const bool blank = row_.cells.empty() && cell_.empty() && state_ == State::start;
  if (!blank) {
    end_cell();
    if (++rows_ > kMaxRows) throw Unreadable(Fault::too_many_rows, {file_, row_.line});
    wants_more_ = sink_(row_);
  }
  row_.cells.clear();
  row_.stray = false;
  row_.line = line_;
}

void CsvParser::finish() {
  if (!wants_more_) return;
  if (state_ == State::quoted) throw Unreadable(Fault::quote_open, {file_, quote_line_});
  end_row();
}

char guess_separator(std::string_view start) {
  std::array<std::size_t, 3> count{};
  constexpr std::string_view kSeparators = ",\t;";
  bool quoted = false;
  for (char c : start) {
    if (c == '"')
      quoted = !quoted;
    else if (!quoted)
      if (const auto at = kSeparators.find(c); at != kSeparators.npos) ++count[at];
  }
  return kSeparators[static_cast<std::size_t>(std::max_element(count.begin(), count.end()) - count.begin())];
}

Encoding read_csv(FileSet& set, const std::string& name, char separator, const RowSink& sink) {
  const auto encoding = detect_encoding(*set.open(name), name);
  Decoder decoder(encoding, name);
  const auto source = set.open(name);
  std::vector<char> buffer(65536);
  std::string text;
  std::optional<CsvParser> parser;
  for (bool last = false; !last;) {
    const auto n = source->read(buffer);
    last = n == 0;
    text.clear();
    decoder.push({buffer.data(), n}, last, text);
    if (!parser) parser.emplace(separator ? separator : guess_separator(text), name, sink);
    if (!parser->push(text)) return encoding;
  }
  parser->finish();
  return encoding;
}

}  // namespace xinyi::people
