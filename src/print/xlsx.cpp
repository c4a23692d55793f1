#include "print/xlsx.hpp"

#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xlsxwriter.h>

#include <memory>

#include "kernel/problem.hpp"
#include "kernel/text.hpp"
#include "print/ink.hpp"

namespace xinyi::print {
namespace {
constexpr std::size_t kMostCharacters = 32'000;  // Excel takes 32,767 UTF-16 units
constexpr std::uint32_t kMostRows = 1'048'575;

class MemoryFile {
 public:
  MemoryFile() : fd_(memfd_create("table", MFD_CLOEXEC)) { invariant(fd_ >= 0, "no memory file for a table"); }
  ~MemoryFile() { close(fd_); }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;
  std::string path() const { return "/proc/self/fd/" + std::to_string(fd_); }
  Bytes content() const {
    struct stat facts {};
    invariant(fstat(fd_, &facts) == 0, "the memory file of a table cannot be read");
    Bytes out(static_cast<std::size_t>(facts.st_size));
    for (std::size_t at = 0; at < out.size();) {
      const auto n = pread(fd_, out.data() + at, out.size() - at, static_cast<off_t>(at));
      invariant(n > 0, "the memory file of a table cannot be read");
      at += static_cast<std::size_t>(n);
    }
    return out;
  }

 private:
  int fd_;
};

void good(lxw_error error, const char* what) {
  if (error != LXW_NO_ERROR) throw Bug(std::string(what) + ": " + lxw_strerror(error));
}

/// At most `most` UTF-16 units of `text`, cut between characters; how many characters were left off.
std::pair<std::string, std::size_t> shortened(std::string text, std::size_t most) {
  std::size_t units = 0, at = 0;
  while (at < text.size()) {
    const auto lead = static_cast<unsigned char>(text[at]);
    const std::size_t size = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    const std::size_t more = size == 4 ? 2 : 1;
    if (units + more > most) break;
    units += more;
    at += size;
  }
  const auto left = utf8_length(std::string_view(text).substr(at)).value_or(0);
  text.resize(at);
  return {std::move(text), left};
}

std::string harmless(std::string_view text) {
  auto out = clean(text);
  if (const auto first = trimmed(out); !first.empty() && std::string_view("=+-@").find(first.front()) != std::string_view::npos) out.insert(0, 1, '\'');
  auto [kept, left] = shortened(std::move(out), kMostCharacters);
  if (left > 0) kept += " … (" + std::to_string(left) + " 字未放入本格 · " + std::to_string(left) + " characters did not fit into this cell)";
  return kept;
}

std::string sheet_name(std::string_view name) {
  auto out = clean(name, Breaks::flatten);
  for (auto& c : out)
    if (std::string_view("[]:*?/\\'").find(c) != std::string_view::npos) c = ' ';
  out = shortened(std::move(out), 31).first;
  return trimmed(out).empty() ? "1" : std::string(trimmed(out));
}

lxw_datetime moment(SchoolDate d, WallTime t) {
  return {static_cast<int>(d.ymd.year()), static_cast<int>(static_cast<unsigned>(d.ymd.month())), static_cast<int>(static_cast<unsigned>(d.ymd.day())),
          t.minutes / 60, t.minutes % 60, 0.0};
}

struct Writer {
  lxw_worksheet* sheet;
  lxw_format *plain, *date, *minute;
  lxw_row_t row;
  lxw_col_t column;

  void operator()(std::monostate) const {}
  void operator()(const std::string& text) const { good(worksheet_write_string(sheet, row, column, harmless(text).c_str(), plain), "a cell"); }
  void operator()(std::int64_t number) const { good(worksheet_write_number(sheet, row, column, static_cast<double>(number), plain), "a cell"); }
  void operator()(SchoolDate day) const {
    auto at = moment(day, {});
    good(worksheet_write_datetime(sheet, row, column, &at, date), "a cell");
  }
  void operator()(const WallMoment& m) const {
    auto at = moment(m.date, m.time);
    good(worksheet_write_datetime(sheet, row, column, &at, minute), "a cell");
  }
};
}  // namespace

Bytes xlsx(const XlsxSheet& sheet, const XlsxRows& rows) {
  const MemoryFile file;
  const auto path = file.path();
  std::string shared_memory = "/dev/shm";  // the rows wait there, not on a disk, until the file is put together
  lxw_workbook_options options{};
  options.constant_memory = LXW_TRUE;
  options.tmpdir = shared_memory.data();
  // workbook_close frees the book, also when it fails; until then a thrown exception must.
  std::unique_ptr<lxw_workbook, void (*)(lxw_workbook*)> book(workbook_new_opt(path.c_str(), &options), &lxw_workbook_free);
  invariant(book != nullptr, "no table can be written");
  lxw_doc_properties about{};
  about.created = static_cast<time_t>(sheet.at.micros / 1'000'000);
  good(workbook_set_properties(book.get(), &about), "the table's description");

  const auto format = [&](const char* number) {
    auto* out = workbook_add_format(book.get());
    format_set_align(out, LXW_ALIGN_VERTICAL_TOP);
    format_set_text_wrap(out);
    if (number != nullptr) format_set_num_format(out, number);
    return out;
  };
  auto* head = format(nullptr);
  format_set_bold(head);
  format_set_bottom(head, LXW_BORDER_THIN);
  Writer writer{workbook_add_worksheet(book.get(), sheet_name(sheet.name).c_str()), format(nullptr), format("yyyy-mm-dd"), format("yyyy-mm-dd hh:mm"), 0, 0};
  invariant(writer.sheet != nullptr, "the table's sheet cannot be made");
  for (const auto& c : sheet.columns) {
    good(worksheet_set_column(writer.sheet, writer.column, writer.column, c.width, nullptr), "a column");
    ++writer.column;
  }
  writer.column = 0;
  for (const auto& c : sheet.columns) good(worksheet_write_string(writer.sheet, 0, writer.column++, harmless(c.title).c_str(), head), "a column's title");
  worksheet_freeze_panes(writer.sheet, 1, 0);
  worksheet_repeat_rows(writer.sheet, 0, 0);
  worksheet_set_paper(writer.sheet, 9);  // A4
  worksheet_set_landscape(writer.sheet);
  worksheet_fit_to_pages(writer.sheet, 1, 0);

  std::vector<XlsxCell> row;
  for (writer.row = 1; row.clear(), rows(row); ++writer.row) {
    if (row.size() != sheet.columns.size()) throw Bug("a row of a table has another number of cells than columns");
    invariant(writer.row <= kMostRows, "a table has more rows than Excel can read");
    writer.column = 0;
    for (const auto& cell : row) {
      std::visit(writer, cell);
      ++writer.column;
    }
  }
  good(workbook_close(book.release()), "the table's file");
  return file.content();
}
}  // namespace xinyi::print
