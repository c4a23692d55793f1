#include "features/people/table.hpp"

#include <algorithm>

#include "features/people/csv.hpp"
#include "features/people/values.hpp"
#include "features/people/xlsx.hpp"

namespace xinyi::people {
namespace {

constexpr std::size_t kLookedAt = 40;  // rows in which a header is sought
constexpr std::size_t kSample = 8;

/// A header as it is compared: folded, without marks like * and （必填）.
std::string header_word(std::string_view text) {
  auto t = word(text);
  for (std::string_view mark : {"*", "(必填)", "(选填)", ":", "\n", "\r", "_", "'"})
    for (auto at = t.find(mark); at != t.npos; at = t.find(mark)) t.erase(at, mark.size());
  return t;
}

bool means(const FieldEntry& field, std::string_view header) {
  std::string_view list = field.headers;
  while (!list.empty()) {
    const auto end = std::min(list.find('|'), list.size());
    if (list.substr(0, end) == header) return true;
    list.remove_prefix(std::min(end + 1, list.size()));
  }
  return false;
}

Mapping guess(const std::vector<std::string>& cells) {
  Mapping m;
  std::vector<bool> taken(cells.size());
  std::vector<std::string> words;
  for (const auto& c : cells) words.push_back(header_word(c));
  for (std::size_t f = 0; f < field_catalogue().size(); ++f)
    for (std::size_t i = 0; i < cells.size() && !m.column[f]; ++i)
      if (!taken[i] && !words[i].empty() && means(field_catalogue()[f], words[i])) {
        m.column[f] = i;
        taken[i] = true;
      }
  return m;
}

std::size_t matches(const Mapping& m) {
  return static_cast<std::size_t>(
      std::count_if(m.column.begin(), m.column.end(), [](const auto& c) { return c.has_value(); }));
}

std::optional<int> year_in_title(const std::vector<std::string>& cells) {
  for (const auto& c : cells) {
    const auto t = word(c);
    for (std::string_view mark : {"学年", "学年度"})
      if (const auto at = t.find(mark); at != t.npos) {
        auto from = at;
        while (from > 0 && ((t[from - 1] >= '0' && t[from - 1] <= '9') || t[from - 1] == '-')) --from;
        if (const auto y = whole_number(std::string_view(t).substr(from, std::min<std::size_t>(4, at - from)));
            y && *y >= 1990 && *y <= 2100)
          return y;
      }
  }
  return std::nullopt;
}

std::string letters(std::size_t column) {
  std::string out;
  for (++column; column > 0; column = (column - 1) / 26)
    out.insert(out.begin(), static_cast<char>('A' + (column - 1) % 26));
  return out;
}

/// A cell of the preview: identity numbers hidden, telephone numbers in part.
std::string shown(const std::string& cell, bool hide, bool phone) {
  if (hide && !cell.empty()) return "***";
  const auto digits = phone ? read_phone(cell) : std::nullopt;
  if (digits && digits->size() >= 7) return digits->substr(0, 3) + "****" + digits->substr(digits->size() - 2);
  if (holds_identity_number(cell)) return "***";
  return cell.size() <= 200 ? cell : harmless(cell);
}

void fill_sample(TableHead& head, const std::vector<RawRow>& rows) {
  const auto is = [&](Field f, std::size_t i) { return head.mapping[f] == i; };
  for (const auto& row : rows) {
    if (row.line <= head.header_line || head.sample.size() >= kSample) continue;
    std::vector<std::string> cells;
    for (std::size_t i = 0; i < head.columns.size(); ++i) {
      const auto cell = i < row.cells.size() ? row.cells[i] : std::string();
      cells.push_back(shown(cell, is(Field::identity_number, i) || is(Field::national_number, i),
                            is(Field::guardian_phone, i) || is(Field::guardian2_phone, i)));
    }
    head.sample.push_back(std::move(cells));
  }
}

std::optional<std::size_t> column_called(const TableHead& head, const std::string& name) {
  for (std::size_t i = 0; i < head.columns.size(); ++i)
    if (head.columns[i] == name || header_word(head.columns[i]) == header_word(name)) return i;
  if (const auto n = whole_number(name); n && *n >= 1 && static_cast<std::size_t>(*n) <= kMaxColumns)
    return static_cast<std::size_t>(*n - 1);
  for (std::size_t i = 0; i < kMaxColumns; ++i)
    if (letters(i) == name) return i;
  return std::nullopt;
}

}  // namespace

const std::vector<FieldEntry>& field_catalogue() {
  static const std::vector<FieldEntry> kFields = {
#define FIELD(key, zh, en, needed, headers) {#key, zh, en, needed, headers},
#include "features/people/fields.def"
#undef FIELD
  };
  return kFields;
}

std::optional<Field> field_named(std::string_view key) {
  for (std::size_t f = 0; f < field_catalogue().size(); ++f)
    if (field_catalogue()[f].key == key) return static_cast<Field>(f);
  return std::nullopt;
}

Mapping::Mapping() : column(field_catalogue().size()) {}

Table::Origin Table::rows(const RowSink& sink) const {
  if (xlsx) return {read_xlsx(files, sink), ""};
  const auto name = files.names().at(0);
  return {name, std::string(people::to_text(read_csv(files, name, 0, sink)))};
}

TableHead read_head(const Table& table) {
  std::vector<RawRow> rows;
  TableHead head;
  head.origin = table.rows([&](const RawRow& row) {
    rows.push_back(row);
    return rows.size() < kLookedAt + kSample;
  });
  std::size_t best = 1;  // one matching word may be a title
  const RawRow* header = nullptr;
  for (std::size_t i = 0; i < std::min(rows.size(), kLookedAt); ++i) {
    const auto m = guess(rows[i].cells);
    if (matches(m) <= best) continue;
    best = matches(m);
    header = &rows[i];
    head.mapping = m;
  }
  for (const auto& row : rows) {
    if (header && row.line >= header->line) break;
    if (!head.school_year) head.school_year = year_in_title(row.cells);
  }
  std::size_t width = 0;
  for (const auto& row : rows) width = std::max(width, row.cells.size());
  if (header) {
    head.header_line = header->line;
    for (const auto& c : header->cells) head.columns.push_back(shown(folded(c), false, false));
  }
  for (std::size_t i = head.columns.size(); i < width; ++i) head.columns.push_back(letters(i));
  fill_sample(head, rows);
  return head;
}

Mapping with_overrides(const TableHead& head, const std::map<std::string, std::string>& map) {
  Mapping out = head.mapping;
  for (const auto& [key, column] : map) {
    const auto field = field_named(key);
    const auto at = column.empty() ? std::nullopt : column_called(head, column);
    if (!field || (!column.empty() && !at)) {
      Problem p;
      p.code = Code::roster_mapping;
      p.fields.push_back({field ? "mapping." + key : "mapping", field ? Code::field_choice : Code::field_unknown});
      p.inside = "no such field or column in the mapping";
      throw Refusal(std::move(p));
    }
    if (at)  // a column means one thing: whoever guessed it before gives it up
      for (auto& other : out.column)
        if (other == at) other.reset();
    out[*field] = at;
  }
  return out;
}

int school_year_on(SchoolDate day) {
  const int y = static_cast<int>(day.ymd.year());
  return static_cast<unsigned>(day.ymd.month()) >= 8 ? y : y - 1;
}

YearFact guessed_year(int y) {
  const auto date = [](int year, unsigned m, unsigned d) {
    return SchoolDate{std::chrono::year(year) / static_cast<int>(m) / static_cast<int>(d)};
  };
  return {y, "", std::to_string(y) + "学年", date(y, 9, 1), date(y + 1, 8, 31)};
}

}  // namespace xinyi::people
