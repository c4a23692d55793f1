#include "print/form.hpp"

#include <algorithm>

#include "kernel/embedded.hpp"

namespace xinyi::embedded {
std::span<const File> print_forms();
}  // namespace xinyi::embedded

namespace xinyi::print {
namespace {
constexpr std::int64_t kTwelfths = 12;

void require(bool holds, const std::string& form, const std::string& what) {
  if (!holds) throw Bug("form " + form + ": " + what);
}

bool lower_id(std::string_view id) {
  return !id.empty() &&
         std::ranges::all_of(id, [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-'; });
}

void check_field(const Form& form, const Field& f, std::set<std::string>& seen) {
  const auto need = [&](bool holds, const char* what) { require(holds, form.id, "field " + f.id + " " + what); };
  need(lower_id(f.id), "needs an id of small letters");
  need(seen.insert(f.id).second, "stands twice");
  need(f.kind == Kind::table || (!f.label.zh.empty() && !f.label.en.empty()), "needs a label in both languages");
  need((f.kind == Kind::choice) == f.choices.has_value(), "has choices if and only if it is a choice");
  need((f.kind == Kind::table) == (f.columns.has_value() && f.rows.has_value()), "has columns and rows if and only if it is a table");
  need((f.kind == Kind::box) == f.lines.has_value(), "has lines if and only if it is a box");
  need(!f.span || (*f.span >= 1 && *f.span <= kTwelfths), "spans 1 to 12 twelfths");
  if (f.choices) {
    std::set<std::string> ids;
    for (const auto& c : *f.choices) need(lower_id(c.id) && ids.insert(c.id).second, "has a choice without an id of its own");
  }
  if (f.columns) {
    need(!f.columns->empty(), "has no columns");
    for (const auto& c : *f.columns) need(c.share > 0, "has a column without a share");
  }
}

void check(const Form& form) {
  require(lower_id(form.id) && !form.number.empty() && !form.version.empty(), form.id, "needs id, number and version");
  require((form.look == Look::poster) == (form.text.has_value() && form.sections.empty()), form.id, "is a poster with a text, or has sections");
  std::set<std::string> seen;
  for (const auto& section : form.sections)
    for (const auto& row : section.rows) {
      require(!row.empty(), form.id, "has an empty row");
      std::int64_t spans = 0;
      std::size_t open = 0;
      for (const auto& field : row) {
        check_field(form, field, seen);
        require(row.size() == 1 || (field.kind != Kind::table && field.kind != Kind::text), form.id, "field " + field.id + " stands alone in its row");
        spans += field.span.value_or(0);
        open += field.span ? 0 : 1;
      }
      require(open > 0 ? spans < kTwelfths : spans == kTwelfths, form.id, "the row of " + row.front().id + " does not fill twelve twelfths");
    }
}

const Field* field_of(const Form& form, std::string_view id) {
  for (const auto& section : form.sections)
    for (const auto& row : section.rows)
      for (const auto& field : row)
        if (field.id == id) return &field;
  return nullptr;
}
}  // namespace

Form read_form(std::string_view json) {
  Form out;
  contract::Faults faults;
  boost::json::error_code ec;
  const auto value = boost::json::parse(json, ec);
  if (ec) throw Bug("a form is no JSON: " + ec.message());
  if (!contract::read(value, out, "", faults)) throw Bug("form " + out.id + ": " + faults.front().field + " is not as it must be");
  check(out);
  return out;
}

std::span<const Form> forms() {
  static const std::vector<Form> all = [] {
    std::vector<Form> out;
    for (const auto& file : embedded::print_forms()) out.push_back(read_form(file.text));
    std::ranges::sort(out, {}, &Form::number);
    for (std::size_t i = 1; i < out.size(); ++i) require(out[i - 1].number != out[i].number, out[i].id, "has the number of another form");
    return out;
  }();
  return all;
}

const Form* form(std::string_view id) {
  const auto all = forms();
  const auto found = std::ranges::find(all, id, &Form::id);
  return found == all.end() ? nullptr : &*found;
}

void check(const Form& form, const Values& values) {
  const auto need = [&](bool holds, const std::string& id) { require(holds, form.id, "a value for " + id + " that does not fit"); };
  for (const auto& [id, text] : values.text) {
    const auto* f = field_of(form, id);
    need(f != nullptr && f->kind != Kind::choice && f->kind != Kind::table && f->kind != Kind::text, id);
  }
  for (const auto& [id, chosen] : values.chosen) {
    const auto* f = field_of(form, id);
    need(f != nullptr && f->kind == Kind::choice, id);
    for (const auto& each : chosen) need(std::ranges::find(*f->choices, each, &Choice::id) != f->choices->end(), id);
  }
  for (const auto& [id, rows] : values.rows) {
    const auto* f = field_of(form, id);
    need(f != nullptr && f->kind == Kind::table, id);
    for (const auto& row : rows) need(row.size() == f->columns->size(), id);
  }
}
}  // namespace xinyi::print
