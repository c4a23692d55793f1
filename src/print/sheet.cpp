// A form becomes rows of cells.
#include <algorithm>

#include "kernel/problem.hpp"
#include "print/furniture.hpp"
#include "print/rows.hpp"

namespace xinyi::print {
namespace {
constexpr double kPadding = mm(1.6);
constexpr double kLeastLabel = mm(21), kMostLabel = mm(33);
const Style kLabel = {.size = 9.5, .align = Align::centre};
const Style kValue = {.size = 10.5};
const Style kHint = {.size = 8, .grey = 0.4};

/// Heights that hand-writing fits into: 8 mm at least. The tight ones are taken where they save a page.
struct Measure {
  double line;       // of a cell of one line
  double guide;      // between the lines of a box
  double sign;       // of a signature
  double paragraph;  // above and below printed words
  double gap;        // between sections
};
constexpr Measure kRoomy = {mm(9), mm(8.4), mm(15), mm(1.3), mm(3.5)};
constexpr Measure kTight = {mm(8.2), mm(8), mm(12.5), mm(0.7), mm(2.4)};

std::string date_to_write(Language l) { return l == Language::zh ? "          年        月        日" : "year          month        day        "; }
std::string time_to_write(Language l) { return l == Language::zh ? "        时        分" : "           :           "; }

class Sheet {
 public:
  Sheet(const Form& form, const Values& values, const Options& options)
      : form_(form), values_(values), options_(options), canvas_(say(form.title, options.language), options.at) {}

  Bytes print() {
    auto pages = lay_out(kRoomy);
    if (pages.size() > 1) {
      if (auto tight = lay_out(kTight); tight.size() < pages.size()) pages = std::move(tight);
    }
    for (std::size_t i = 0; i < pages.size(); ++i) {
      if (i > 0) canvas_.next_page();
      draw_furniture(canvas_, form_, options_, i + 1, pages.size());
      for (const auto& part : pages[i]) draw(canvas_, part);
    }
    return canvas_.finish();
  }

 private:
  std::vector<Page> lay_out(const Measure& measure) {
    measure_ = measure;
    rows_.clear();
    gap_ = 0;
    title();
    for (const auto& s : form_.sections) section(s);
    return paginate({rows_.begin(), rows_.end()}, kBodyTop, kBodyBottom);
  }

  const std::string& word(const Bilingual& text) const { return say(text, options_.language); }
  bool zh() const { return options_.language == Language::zh; }

  Row& add() {
    rows_.push_back(std::make_shared<Row>());
    return *rows_.back();
  }
  Cell words(std::string_view text, const Style& style) const {
    Cell out{.x = kLeft, .width = kBodyWidth, .bordered = false};
    append(out.lines, canvas_.set(text, style, kBodyWidth));
    return out;
  }

  void title() {
    auto& row = add();
    row.keep_with_next = true;
    row.cells.push_back(words(word(form_.title), {.size = form_.cover ? 28.0 : 18.0, .bold = true, .align = Align::centre}));
    row.cells.back().padding = mm(0.5);
    if (form_.cover) {
      row.cells.back().least = mm(85);
      row.cells.back().centred = true;
    }
    if (form_.lead) {
      auto& lead = add();
      lead.keep_with_next = true;
      lead.cells.push_back(words(word(*form_.lead), {.size = 9.5, .grey = 0.15, .align = Align::centre}));
    }
    gap_ = measure_.gap;
  }

  void section(const Section& s) {
    fresh_page_ = s.new_page;
    if (s.title) {
      auto& row = add();
      row.before = std::exchange(gap_, 0);
      row.new_page = std::exchange(fresh_page_, false);
      row.keep_with_next = true;
      row.cells.push_back(words(word(*s.title), {.size = 11.5, .bold = true}));
      row.cells.back().padding = mm(1.1);
    }
    double label = kLeastLabel;
    for (const auto& fields : s.rows)
      for (const auto& f : fields)
        if (f.kind != Kind::box && f.kind != Kind::table && f.kind != Kind::text)
          label = std::max(label, canvas_.set(word(f.label), kLabel, mm(200)).widest() + 2 * kPadding);
    label = std::min(label, kMostLabel);
    for (const auto& fields : s.rows) side_by_side(fields, label);
    gap_ = measure_.gap;
  }

  void side_by_side(const std::vector<Field>& fields, double label) {
    if (fields.front().kind == Kind::table) return table(fields.front());
    if (fields.front().kind == Kind::text) return paragraph(fields.front());
    // A signature never stands alone on a page: what is signed is above it.
    if (std::ranges::any_of(fields, [](const Field& f) { return f.kind == Kind::sign; }) && !rows_.empty()) rows_.back()->keep_with_next = true;
    auto& row = add();
    open(row);
    std::int64_t spans = 0, unspanned = 0;
    for (const auto& f : fields) f.span ? spans += *f.span : unspanned += 1;
    double x = kLeft;
    for (const auto& f : fields) {
      const double twelfths = f.span ? static_cast<double>(*f.span) : static_cast<double>(12 - spans) / static_cast<double>(unspanned);
      const double width = kBodyWidth * twelfths / 12;
      if (f.kind == Kind::box) row.cells.push_back(box(f, x, width));
      else {
        const double label_width = std::min(label, width * 0.46);
        row.cells.push_back(label_cell(word(f.label), x, label_width));
        row.cells.push_back(value(f, x + label_width, width - label_width));
      }
      x += width;
    }
    // Cells of one row are equally high, whoever needs it.
    const double least = row.height();
    for (auto& c : row.cells) c.least = least;
  }

  void open(Row& row) {
    row.before = std::exchange(gap_, 0);
    row.new_page = std::exchange(fresh_page_, false);
  }

  Cell label_cell(std::string_view text, double x, double width) const {
    Cell out{.x = x, .width = width, .least = measure_.line, .shaded = true, .centred = true, .padding = mm(0.8)};
    append(out.lines, canvas_.fit(text, kLabel, width - 2 * mm(0.8), 8), mm(0.8));
    return out;
  }

  const std::string* filled(const Field& f) const {
    const auto it = values_.text.find(f.id);
    return it == values_.text.end() ? nullptr : &it->second;
  }

  Cell value(const Field& f, double x, double width) const {
    Cell out{.x = x, .width = width, .least = f.kind == Kind::sign ? measure_.sign : measure_.line, .centred = true, .padding = kPadding};
    if (f.kind == Kind::choice) {
      choices(out, f);
      return out;
    }
    const double room = width - 2 * kPadding;
    if (const auto* text = filled(f)) {
      append(out.lines, canvas_.fit(*text, kValue, room, 9), kPadding);
    } else if (f.kind == Kind::date || f.kind == Kind::time) {
      append(out.lines, canvas_.fit(f.kind == Kind::date ? date_to_write(options_.language) : time_to_write(options_.language),
                                    {.size = 9.5, .grey = 0.3, .align = Align::right}, room, 6), kPadding);
    } else if (f.kind == Kind::sign) {
      append(out.lines, canvas_.fit(date_to_write(options_.language), {.size = 9.5, .grey = 0.3, .align = Align::right}, room, 6), kPadding);
      out.centred = false;
      out.foot = true;
    }
    return out;
  }

  /// Squares with their words, from left to right; a square never parts from its words.
  void choices(Cell& cell, const Field& f) const {
    constexpr double kSquare = mm(4.6), kBetween = mm(4.5), kBlank = mm(24);
    const auto it = values_.chosen.find(f.id);
    const double room = cell.width - 2 * kPadding;
    double x = 0;
    cell.lines.emplace_back();
    for (const auto& c : *f.choices) {
      const auto text = canvas_.set(word(c.label), {.size = 10}, room - kSquare);
      const double width = kSquare + text.widest() + (c.blank ? kBlank + mm(1) : 0);
      if (x > 0 && x + width > room) {
        cell.lines.emplace_back();
        x = 0;
      }
      const bool ticked = it != values_.chosen.end() && it->second.contains(c.id);
      for (std::size_t i = 0; i < text.lines().size(); ++i) {
        if (i > 0) cell.lines.emplace_back();
        auto& line = cell.lines.back();
        const bool last = i + 1 == text.lines().size();
        line.bits.push_back({text, i, kPadding + x + (i > 0 ? kSquare : 0), i > 0 ? Square::none : ticked ? Square::ticked : Square::open,
                             c.blank && last ? std::min(kBlank, room - x - kSquare - text.lines()[i].width - mm(1)) : 0});
        line.height = std::max(line.height, text.lines()[i].height + mm(1.2));
      }
      x += width + kBetween;
    }
  }

  Cell box(const Field& f, double x, double width) const {
    Cell out{.x = x, .width = width, .padding = kPadding};
    const double room = width - 2 * kPadding;
    Style head = kLabel;
    head.align = Align::left;
    head.bold = true;
    const auto label = canvas_.set(word(f.label), head, room);
    append(out.lines, label, kPadding);
    if (f.hint) {
      const double beside = label.lines().size() == 1 ? room - label.widest() - mm(3) : 0;
      const auto hint = canvas_.set(word(*f.hint), kHint, beside > mm(30) ? beside : room);
      if (beside > mm(30) && hint.lines().size() == 1) out.lines.back().bits.push_back({hint, 0, kPadding + label.widest() + mm(3), Square::none, 0});
      else append(out.lines, hint, kPadding);
    }
    const double head_height = out.text_height();
    if (const auto* text = filled(f)) append(out.lines, canvas_.set(*text, kValue, room), kPadding);
    else out.guides = measure_.guide;
    out.least = head_height + static_cast<double>(*f.lines) * measure_.guide + 2 * kPadding;
    return out;
  }

  void paragraph(const Field& f) {
    auto& row = add();
    open(row);
    row.cells.push_back(words(word(f.label), {.size = 10.5}));
    row.cells.back().padding = measure_.paragraph;
  }

  void table(const Field& f) {
    if (!word(f.label).empty()) {
      auto& row = add();
      open(row);
      row.keep_with_next = true;
      row.cells.push_back(words(word(f.label), {.size = 9.5, .bold = true}));
      row.cells.back().padding = mm(0.6);
    }
    std::int64_t shares = 0;
    for (const auto& c : *f.columns) shares += c.share;
    const auto cells = [&](const auto& fill) {
      auto row = std::make_shared<Row>();
      double x = kLeft;
      for (std::size_t i = 0; i < f.columns->size(); ++i) {
        const double width = kBodyWidth * static_cast<double>((*f.columns)[i].share) / static_cast<double>(shares);
        row->cells.push_back(fill(i, x, width));
        x += width;
      }
      const double least = row->height();
      for (auto& c : row->cells) c.least = least;
      return row;
    };
    const auto head = cells([&](std::size_t i, double x, double width) { return label_cell(word((*f.columns)[i].label), x, width); });
    head->keep_with_next = true;
    open(*head);
    rows_.push_back(head);
    const auto it = values_.rows.find(f.id);
    const std::size_t given = it == values_.rows.end() ? 0 : it->second.size();
    for (std::size_t r = 0; r < std::max(given, static_cast<std::size_t>(*f.rows)); ++r) {
      const auto row = cells([&](std::size_t i, double x, double width) {
        Cell out{.x = x, .width = width, .least = measure_.line, .centred = true, .padding = mm(1.1)};
        if (r < given && !it->second[r][i].empty()) append(out.lines, canvas_.fit(it->second[r][i], {.size = 10}, width - 2 * mm(1.1), 9), mm(1.1));
        return out;
      });
      row->head = head;
      rows_.push_back(row);
    }
  }

  const Form& form_;
  const Values& values_;
  const Options& options_;
  Canvas canvas_;
  std::vector<std::shared_ptr<Row>> rows_;
  Measure measure_ = kRoomy;
  double gap_ = 0;          // above the next row
  bool fresh_page_ = false;
};
}  // namespace

Bytes pdf(const Form& form, const Values& values, const Options& options) {
  invariant(form.look == Look::sheet, "a poster is printed by poster()");
  check(form, values);
  return Sheet(form, values, options).print();
}
}  // namespace xinyi::print
