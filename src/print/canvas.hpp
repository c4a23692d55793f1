// A4 pages of a PDF in memory: Cairo draws, Pango sets the text. Inside this room only.
// Fonts belong to a thread (Pango's font maps are not to be shared); everything else is a value.
#pragma once
#include <pango/pangocairo.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "kernel/bytes.hpp"
#include "kernel/time.hpp"

namespace xinyi::print {

/// Lengths are PostScript points, 1/72 inch, from the upper left corner; mm() is for people.
constexpr double mm(double millimetres) { return millimetres * 72.0 / 25.4; }
inline constexpr double kPageWidth = mm(210), kPageHeight = mm(297);

enum class Align { left, centre, right };
struct Style {
  double size = 10.5;
  bool bold = false;
  double grey = 0;  // 0 black, 1 white
  Align align = Align::left;
};

struct ObjectFree {
  void operator()(void* object) const { g_object_unref(object); }
};

/// Text broken into lines of a width.
class SetText {
 public:
  struct Line {
    double top, height, baseline, left, width;  // top and baseline from the text's upper edge
  };
  const std::vector<Line>& lines() const { return lines_; }
  double height() const { return lines_.empty() ? 0 : lines_.back().top + lines_.back().height; }
  double widest() const;
  double grey() const { return grey_; }

 private:
  friend class Canvas;
  std::shared_ptr<PangoLayout> layout_;
  std::vector<Line> lines_;
  double grey_ = 0;
};

class Canvas {
 public:
  /// `title` and `at` go into the file's own description: no names. Refusal(print_font_missing).
  Canvas(std::string_view title, Instant at);

  /// `text` is cleaned first. Never cuts: what is wider than `width` is wrapped, inside a word if need be.
  SetText set(std::string_view text, const Style& style, double width) const;
  /// On one line if it fits at `style`, or smaller down to `least`; else wrapped at `least`.
  SetText fit(std::string_view text, Style style, double width, double least) const;

  void draw(const SetText& text, double x, double y);
  void draw_line(const SetText& text, std::size_t line, double x, double y);
  void rule(double x1, double y1, double x2, double y2, double thickness = 0.6, double grey = 0);
  void dotted(double x1, double y1, double x2, double y2, double on, double off, double grey);
  void frame(double x, double y, double width, double height, double thickness = 0.6, double grey = 0);
  void fill(double x, double y, double width, double height, double grey);
  /// Pale words across the whole page, below what is drawn afterwards.
  void watermark(std::string_view words);
  /// Nothing drawn until the matching unclip leaves the rectangle: tall stacks of accents stay in their own cell.
  void clip(double x, double y, double width, double height);
  void unclip();

  void next_page();
  /// The file. The canvas is used up.
  Bytes finish();

 private:
  struct SurfaceFree {
    void operator()(cairo_surface_t* s) const { cairo_surface_destroy(s); }
  };
  struct DrawingFree {
    void operator()(cairo_t* c) const { cairo_destroy(c); }
  };
  std::unique_ptr<Bytes> out_ = std::make_unique<Bytes>();  // before the surface, which writes into it until its end
  std::unique_ptr<cairo_surface_t, SurfaceFree> surface_;
  std::unique_ptr<cairo_t, DrawingFree> drawing_;
  std::unique_ptr<PangoContext, ObjectFree> context_;
};

}  // namespace xinyi::print
