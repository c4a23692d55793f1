// Rows of cells, and how they are divided among pages. Inside this room only.
#pragma once
#include "print/canvas.hpp"

namespace xinyi::print {

enum class Square { none, open, ticked };

/// A piece of a line: words, perhaps with a square before them and a line to write on behind.
struct Bit {
  SetText text;
  std::size_t line = 0;  // of the text
  double dx = 0;
  Square square = Square::none;
  double blank = 0;      // length of the line behind
};
struct Line {
  std::vector<Bit> bits;
  double height = 0;
};

struct Cell {
  double x = 0, width = 0;
  std::vector<Line> lines;
  double least = 0;          // height to write in, when the lines need less
  double guides = 0;         // distance of pale lines to write on, 0: none
  bool bordered = true;
  bool shaded = false;
  bool centred = false;      // vertically
  bool foot = false;         // words at the lower edge, as a date that is still to be written
  double padding = 0;

  double text_height() const;
  double height() const { return std::max(least, text_height() + 2 * padding); }
};

struct Row {
  std::vector<Cell> cells;
  double before = 0;          // space above, except at the top of a page
  bool keep_with_next = false;
  bool new_page = false;
  std::shared_ptr<const Row> head = {};  // repeated where the row begins a page
  double height() const;
};

/// A row, or a part of one, on a page.
struct Part {
  std::shared_ptr<const Row> row;
  double y = 0, height = 0;
  std::vector<std::pair<std::size_t, std::size_t>> lines;  // of each cell: first, one behind the last
};
using Page = std::vector<Part>;

/// No line is cut: a row goes whole to the next page, or, when it is higher than a page or mostly text, is divided
/// between its lines.
std::vector<Page> paginate(const std::vector<std::shared_ptr<const Row>>& rows, double top, double bottom);
void draw(Canvas& canvas, const Part& part);

/// All lines of a text, as lines of a cell.
void append(std::vector<Line>& to, const SetText& text, double dx = 0);

}  // namespace xinyi::print
