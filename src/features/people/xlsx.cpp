#include "features/people/xlsx.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>
#include <optional>
#include <unordered_set>

#include "features/people/values.hpp"
#include "features/people/xml.hpp"
#include "kernel/bytes.hpp"

namespace xinyi::people {
namespace {

/// _x000D_ and the like: how the format writes characters that XML cannot hold.
std::string unescaped(std::string_view t) {
  std::string out;
  out.reserve(t.size());
  for (std::size_t at = 0; at < t.size();) {
    if (t[at] == '_' && at + 7 <= t.size() && t[at + 1] == 'x' && t[at + 6] == '_')
      if (const auto code = from_hex(word(t.substr(at + 2, 4)))) {
        const char32_t c = static_cast<char32_t>((*code)[0] << 8 | (*code)[1]);
        if (c != 0 && (c < 0xD800 || c > 0xDFFF)) {
          append_code_point(out, c);
          at += 7;
          continue;
        }
      }
    out += t[at++];
  }
  return out;
}

struct Sheet {
  std::string name, relation;
};

struct WorkbookPart final : XmlHandler {
  std::optional<Sheet> first;
  bool from_1904 = false;
  void open(std::string_view name, const Attributes& a) override {
    if (name == "workbookPr") from_1904 = a["date1904"] == "1" || a["date1904"] == "true";
    if (name == "sheet" && !first && a["state"] != "hidden" && a["state"] != "veryHidden")
      first = Sheet{std::string(a["name"]), std::string(a["id"])};
  }
  void close(std::string_view) override {}
  void text(std::string_view) override {}
};

/// Targets of a part's relations, by id and by the last word of their type.
struct RelationsPart final : XmlHandler {
  std::map<std::string, std::string> by_id, by_type;
  void open(std::string_view name, const Attributes& a) override {
    if (name != "Relationship" || a["TargetMode"] == "External" || by_id.size() >= kMaxEntries) return;
    const auto type = a["Type"];
    by_id.emplace(a["Id"], a["Target"]);
    by_type.emplace(type.substr(std::min(type.rfind('/') + 1, type.size())), a["Target"]);
  }
  void close(std::string_view) override {}
  void text(std::string_view) override {}
};

/// Does a format code show a day? Quoted text, brackets and escaped characters do not count.
bool is_date_format(std::string_view code) {
  bool quoted = false, bracket = false, day = false, month_year = false;
  for (std::size_t i = 0; i < code.size(); ++i) {
    const char c = code[i];
    if (c == '"') quoted = !quoted;
    if (quoted) continue;
    if (c == '\\' || c == '_' || c == '*')
      ++i;
    else if (c == '[')
      bracket = true;
    else if (c == ']')
      bracket = false;
    else if (bracket)
      continue;
    else if (c == ';')
      break;
    else if (c == 'd' || c == 'D')
      day = true;
    else if (c == 'y' || c == 'Y')
      month_year = true;
  }
  return day || month_year;
}

struct StylesPart final : XmlHandler {
  std::vector<bool> dates;  // by cell style
  std::unordered_set<int> custom;
  bool cell_styles = false;
  static bool built_in(int id) {
    return (id >= 14 && id <= 17) || id == 22 || (id >= 27 && id <= 36) || (id >= 50 && id <= 58);
  }
  void open(std::string_view name, const Attributes& a) override {
    if (name == "numFmt" && is_date_format(a["formatCode"])) {
      if (const auto id = whole_number(a["numFmtId"])) custom.insert(*id);
    } else if (name == "cellXfs") {
      cell_styles = true;
    } else if (name == "xf" && cell_styles && dates.size() < 65536) {
      const int id = whole_number(a["numFmtId"]).value_or(0);
      dates.push_back(built_in(id) || custom.contains(id));
    }
  }
  void close(std::string_view name) override {
    if (name == "cellXfs") cell_styles = false;
  }
  void text(std::string_view) override {}
};

/// All shared strings in one piece of memory.
struct StringsPart final : XmlHandler {
  std::string part, all;
  std::vector<std::uint32_t> ends;
  bool in_text = false;
  int phonetic = 0;
  explicit StringsPart(std::string name) : part(std::move(name)) {}
  void open(std::string_view name, const Attributes&) override {
    if (name == "rPh") ++phonetic;
    in_text = name == "t" && phonetic == 0;
  }
  void close(std::string_view name) override {
    if (name == "rPh") --phonetic;
    if (name == "t") in_text = false;
    if (name == "si") ends.push_back(static_cast<std::uint32_t>(all.size()));
    if (ends.size() > static_cast<std::size_t>(kMaxCells)) throw Unreadable(Fault::too_much_text, {part, 0});
  }
  void text(std::string_view piece) override {
    if (!in_text) return;
    if (all.size() + piece.size() > kMaxSharedBytes) throw Unreadable(Fault::too_much_text, {part, 0});
    all += piece;
  }
  std::optional<std::string_view> at(std::size_t i) const {
    if (i >= ends.size()) return std::nullopt;
    const auto from = i == 0 ? 0u : ends[i - 1];
    return std::string_view(all).substr(from, ends[i] - from);
  }
};

/// "C12" -> 2; nothing for text that is no reference.
std::optional<std::size_t> column_of(std::string_view reference) {
  std::size_t column = 0, letters = 0;
  while (letters < reference.size() && letters < 4 && reference[letters] >= 'A' && reference[letters] <= 'Z')
    column = column * 26 + static_cast<std::size_t>(reference[letters++] - 'A' + 1);
  if (letters == 0 || letters > 3) return std::nullopt;
  return column - 1;
}

std::string date_text(double serial, bool from_1904) {
  const auto days = static_cast<int>(std::floor(serial)) + (from_1904 ? 1462 : 0);
  return to_text(SchoolDate{std::chrono::year_month_day(std::chrono::sys_days(std::chrono::days(days - 25569)))});
}

class SheetPart final : public XmlHandler {
 public:
  SheetPart(std::string sheet, const StringsPart& strings, const StylesPart& styles, bool from_1904,
            const RowSink& sink)
      : sheet_(std::move(sheet)), strings_(strings), styles_(styles), from_1904_(from_1904), sink_(sink) {}
  bool wants_more() const override { return wants_more_; }

  void open(std::string_view name, const Attributes& a) override {
    if (name == "sheetData")
      in_data_ = true;
    else if (!in_data_)
      return;
    else if (name == "row")
      open_row(a);
    else if (name == "c")
      open_cell(a);
    else if (name == "v")
      taking_ = !inline_;
    else if (name == "t")
      taking_ = inline_ && phonetic_ == 0;
    else if (name == "rPh")
      ++phonetic_;
  }
  void close(std::string_view name) override {
    if (name == "v" || name == "t")
      taking_ = false;
    else if (name == "rPh")
      --phonetic_;
    else if (name == "c" && in_data_)
      close_cell();
    else if (name == "row" && in_data_)
      close_row();
    else if (name == "sheetData")
      in_data_ = false;
  }
  void text(std::string_view piece) override {
    if (!taking_) return;
    if (value_.size() + piece.size() > kMaxCellBytes) throw Unreadable(Fault::too_much_text, {sheet_, row_.line});
    value_ += piece;
  }

 private:
  void open_row(const Attributes& a) {
    const auto r = a["r"];
    const auto number = r.empty() ? std::optional<int>(static_cast<int>(row_.line) + 1) : whole_number(r);
    if (!number || *number <= row_.line) throw Unreadable(Fault::xml_malformed, {sheet_, row_.line});
    row_ = {*number, {}, false};
    next_column_ = 0;
  }
  void open_cell(const Attributes& a) {
    value_.clear();
    type_ = std::string(a["t"]);
    inline_ = type_ == "inlineStr";
    const auto s = whole_number(a["s"]);
    date_ = s && static_cast<std::size_t>(*s) < styles_.dates.size() && styles_.dates[static_cast<std::size_t>(*s)];
    if (const auto r = a["r"]; !r.empty()) {
      const auto column = column_of(r);
      if (!column) throw Unreadable(Fault::xml_malformed, {sheet_, row_.line});
      next_column_ = *column;
    }
  }
  void close_cell() {
    auto shown = shown_value();
    const auto column = next_column_++;
    if (shown.empty()) return;
    if (column >= kMaxColumns) throw Unreadable(Fault::too_many_columns, {sheet_, row_.line});
    bytes_ += shown.size();
    if (++cells_ > kMaxCells || bytes_ > kMaxTextBytes) throw Unreadable(Fault::too_much_text, {sheet_, row_.line});
    if (row_.cells.size() <= column) row_.cells.resize(column + 1);
    row_.cells[column] = std::move(shown);
  }
  std::string shown_value() const {
    if (type_ == "s") {
      const auto index = whole_number(value_);
      const auto t = index ? strings_.at(static_cast<std::size_t>(*index)) : std::nullopt;
      if (!t && !value_.empty()) throw Unreadable(Fault::xml_malformed, {sheet_, row_.line});
      return t ? unescaped(*t) : std::string();
    }
    if (type_ == "inlineStr" || type_ == "str") return unescaped(value_);
    if (type_ == "b") return value_ == "1" ? "true" : "false";
    if (type_ == "e") return {};
    if (type_ == "d") return value_;
    if (!date_) return plain_number(value_);
    double serial = 0;
    const auto [end, error] = std::from_chars(value_.data(), value_.data() + value_.size(), serial);
    if (error != std::errc() || end != value_.data() + value_.size() || !(serial >= 1 && serial < 73050))
      return plain_number(value_);
    return date_text(serial, from_1904_);
  }
  void close_row() {
    while (!row_.cells.empty() && row_.cells.back().empty()) row_.cells.pop_back();
    if (row_.cells.empty()) return;
    if (++rows_ > kMaxRows) throw Unreadable(Fault::too_many_rows, {sheet_, row_.line});
    wants_more_ = sink_(row_);
  }

  std::string sheet_;
  const StringsPart& strings_;
  const StylesPart& styles_;
  bool from_1904_;
  const RowSink& sink_;
  RawRow row_;
  std::string value_, type_;
  std::size_t next_column_ = 0;
  std::int64_t rows_ = 0, cells_ = 0;
  std::uint64_t bytes_ = 0;
  int phonetic_ = 0;
  bool in_data_ = false, inline_ = false, taking_ = false, date_ = false, wants_more_ = true;
};

/// A relation's target as a name inside the archive: relative to the folder of the part, or from the root.
std::string part_name(std::string_view folder, std::string_view target) {
  if (target.starts_with('/')) return std::string(target.substr(1));
  std::string base(folder);
  while (target.starts_with("../")) {
    target.remove_prefix(3);
    base.resize(base.size() < 2 ? 0 : base.rfind('/', base.size() - 2) + 1);
  }
  return base + std::string(target);
}

std::string folder_of(std::string_view part) { return std::string(part.substr(0, part.rfind('/') + 1)); }

RelationsPart relations_of(FileSet& set, const std::string& part) {
  RelationsPart out;
  const auto folder = folder_of(part);
  const auto name = folder + "_rels/" + part.substr(folder.size()) + ".rels";
  if (set.has(name)) read_xml(*set.open(name), name, out);
  return out;
}

}  // namespace

std::string plain_number(std::string_view written) {
  double v = 0;
  const auto [end, error] = std::from_chars(written.data(), written.data() + written.size(), v);
  if (error != std::errc() || end != written.data() + written.size() || !std::isfinite(v)) return std::string(written);
  char out[400];
  if (v == std::floor(v) && std::fabs(v) < 1e18) {
    const auto r = std::to_chars(out, out + sizeof out, static_cast<std::int64_t>(v));
    return std::string(out, r.ptr);
  }
  const auto r =
      std::to_chars(out, out + sizeof out, v,
                    std::fabs(v) < 1e18 && std::fabs(v) > 1e-6 ? std::chars_format::fixed : std::chars_format::general);
  return std::string(out, r.ptr);
}

std::string read_xlsx(FileSet& set, const RowSink& sink) {
  RelationsPart package;
  if (set.has("_rels/.rels")) read_xml(*set.open("_rels/.rels"), "_rels/.rels", package);
  const auto target = package.by_type.find("officeDocument");
  const auto workbook_name = target == package.by_type.end() ? "xl/workbook.xml" : part_name("", target->second);

  WorkbookPart workbook;
  read_xml(*set.open(workbook_name), workbook_name, workbook);
  const auto relations = relations_of(set, workbook_name);
  const auto folder = folder_of(workbook_name);
  if (!workbook.first) throw Unreadable(Fault::file_missing, {"sheet", 0});
  const auto sheet = relations.by_id.find(workbook.first->relation);
  if (sheet == relations.by_id.end()) throw Unreadable(Fault::xml_malformed, {workbook_name, 0});

  const auto part_of = [&](const char* type) {
    const auto at = relations.by_type.find(type);
    return at == relations.by_type.end() ? std::string() : part_name(folder, at->second);
  };
  StylesPart styles;
  if (const auto name = part_of("styles"); set.has(name)) read_xml(*set.open(name), name, styles);
  const auto strings_name = part_of("sharedStrings");
  StringsPart strings(strings_name);
  if (set.has(strings_name)) read_xml(*set.open(strings_name), strings_name, strings);

  const auto sheet_name = part_name(folder, sheet->second);
  SheetPart rows(workbook.first->name, strings, styles, workbook.from_1904, sink);
  read_xml(*set.open(sheet_name), sheet_name, rows);
  return workbook.first->name;
}

}  // namespace xinyi::people
