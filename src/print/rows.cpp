#include "print/rows.hpp"

#include <algorithm>
#include <numeric>
#include <span>

#include "kernel/problem.hpp"

namespace xinyi::print {
namespace {
// A row with more text than this is divided rather than leaving a gap; a shorter one stays together.
constexpr double kStaysTogether = mm(45);
constexpr double kWorthBeginning = mm(18);

double sum(const std::vector<Line>& lines, std::size_t from, std::size_t to) {
  return std::accumulate(lines.begin() + static_cast<std::ptrdiff_t>(from), lines.begin() + static_cast<std::ptrdiff_t>(to), 0.0,
                         [](double all, const Line& l) { return all + l.height; });
}

/// How many lines from `from` fit into `room`.
std::size_t fitting(const Cell& cell, std::size_t from, double room) {
  room -= 2 * cell.padding;
  std::size_t to = from;
  for (double used = 0; to < cell.lines.size() && (used += cell.lines[to].height) <= room + 0.01;) ++to;
  return to;
}

Part whole(const std::shared_ptr<const Row>& row, double y) {
  Part out{row, y, row->height(), {}};
  for (const auto& c : row->cells) out.lines.emplace_back(0, c.lines.size());
  return out;
}

/// Fills pages from above.
class Filler {
 public:
  Filler(double top, double bottom) : top_(top), bottom_(bottom), y_(top) {}

  /// `rows`: this one and those after it.
  void add(std::span<const std::shared_ptr<const Row>> rows) {
    const auto& row = rows.front();
    if (row->new_page && !pages_.back().empty()) turn();
    const double before = at_top() ? 0 : row->before;
    const double height = row->height(), page = bottom_ - top_ - (row->head ? row->head->height() : 0);
    // A title stays with the head of its table, and that with the first row.
    double wanted = height;
    for (std::size_t i = 0; i + 1 < rows.size() && rows[i]->keep_with_next; ++i) wanted += rows[i + 1]->before + std::min(rows[i + 1]->height(), kStaysTogether);
    if (y_ + before + wanted <= bottom_ + 0.01) {
      place(row, before);
      return;
    }
    const bool divide = height > page || (text_of(*row) > kStaysTogether && bottom_ - y_ - before > kWorthBeginning);
    if (divide) {
      y_ += before;
      this->divide(row);
      return;
    }
    if (!at_top()) turn();
    begin(*row);
    place(row, 0);
  }
  std::vector<Page> take() && { return std::move(pages_); }

 private:
  bool at_top() const { return pages_.back().empty(); }
  void turn() {
    pages_.emplace_back();
    y_ = top_;
  }
  /// The head of a table again, where its row begins a page.
  void begin(const Row& row) {
    if (row.head && at_top()) place(row.head, 0);
  }
  void place(const std::shared_ptr<const Row>& row, double before) {
    pages_.back().push_back(whole(row, y_ + before));
    y_ += before + row->height();
  }
  static double text_of(const Row& row) {
    double out = 0;
    for (const auto& c : row.cells) out = std::max(out, c.text_height());
    return out;
  }
  void divide(const std::shared_ptr<const Row>& row) {
    std::vector<std::size_t> from(row->cells.size(), 0);
    for (bool rest = true; rest;) {
      begin(*row);
      const double room = bottom_ - y_;
      Part part{row, y_, 0, {}};
      rest = false;
      bool moved = false;
      for (std::size_t i = 0; i < row->cells.size(); ++i) {
        const auto& cell = row->cells[i];
        std::size_t to = fitting(cell, from[i], room);
        // One line that is higher than a page is drawn there, clipped by its cell, rather than never.
        if (to == from[i] && to < cell.lines.size() && pages_.back().size() <= (row->head ? 1u : 0u)) ++to;
        part.lines.emplace_back(from[i], to);
        part.height = std::max(part.height, sum(cell.lines, from[i], to) + 2 * cell.padding);
        moved = moved || to > from[i];
        from[i] = to;
        rest = rest || to < cell.lines.size();
      }
      part.height = rest ? room : std::min(room, std::max(part.height, mm(8)));
      if (moved) pages_.back().push_back(part);
      y_ += part.height;
      if (rest) turn();
    }
  }

  double top_, bottom_, y_;
  std::vector<Page> pages_{1};
};

void draw_square(Canvas& canvas, Square square, double x, double y, double height) {
  constexpr double kSide = mm(3.2);
  const double top = y + (height - kSide) / 2;
  canvas.frame(x, top, kSide, kSide, 0.7);
  if (square != Square::ticked) return;
  canvas.rule(x + 0.18 * kSide, top + 0.52 * kSide, x + 0.42 * kSide, top + 0.78 * kSide, 1.3);
  canvas.rule(x + 0.42 * kSide, top + 0.78 * kSide, x + 0.86 * kSide, top + 0.2 * kSide, 1.3);
}

void draw_cell(Canvas& canvas, const Cell& cell, double y, double height, std::size_t from, std::size_t to) {
  if (cell.shaded) canvas.fill(cell.x, y, cell.width, height, 0.945);
  const double used = sum(cell.lines, from, to);
  if (cell.guides > 0)
    for (double g = y + cell.padding + used + cell.guides; g < y + height - 2; g += cell.guides)
      canvas.dotted(cell.x + mm(2), g, cell.x + cell.width - mm(2), g, 0.8, 2.2, 0.62);
  double at = y + cell.padding;
  if (cell.centred) at = y + std::max(cell.padding, (height - used) / 2);
  if (cell.foot) at = y + std::max(cell.padding, height - used - mm(1.2));
  canvas.clip(cell.x, y, cell.width, height);
  for (std::size_t i = from; i < to; ++i) {
    const auto& line = cell.lines[i];
    for (const auto& bit : line.bits) {
      const double x = cell.x + bit.dx;
      const double shift = bit.square == Square::none ? 0 : mm(4.6);
      if (bit.square != Square::none) draw_square(canvas, bit.square, x, at, line.height);
      canvas.draw_line(bit.text, bit.line, x + shift, at + (line.height - bit.text.lines()[bit.line].height) / 2);
      if (bit.blank > 0) {
        const double start = x + shift + bit.text.lines()[bit.line].width + mm(1);
        canvas.rule(start, at + line.height - mm(0.6), start + bit.blank, at + line.height - mm(0.6), 0.5, 0.3);
      }
    }
    at += line.height;
  }
  canvas.unclip();
  if (cell.bordered) canvas.frame(cell.x, y, cell.width, height);
}
}  // namespace

double Cell::text_height() const { return sum(lines, 0, lines.size()); }

double Row::height() const {
  double out = 0;
  for (const auto& c : cells) out = std::max(out, c.height());
  return out;
}

std::vector<Page> paginate(const std::vector<std::shared_ptr<const Row>>& rows, double top, double bottom) {
  Filler filler(top, bottom);
  for (std::size_t i = 0; i < rows.size(); ++i) filler.add(std::span(rows).subspan(i));
  return std::move(filler).take();
}

void draw(Canvas& canvas, const Part& part) {
  for (std::size_t i = 0; i < part.row->cells.size(); ++i)
    draw_cell(canvas, part.row->cells[i], part.y, part.height, part.lines[i].first, part.lines[i].second);
}

void append(std::vector<Line>& to, const SetText& text, double dx) {
  for (std::size_t i = 0; i < text.lines().size(); ++i) to.push_back({{Bit{text, i, dx, Square::none, 0}}, text.lines()[i].height});
}
}  // namespace xinyi::print
