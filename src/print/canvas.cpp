#include "print/canvas.hpp"

#include <cairo/cairo-pdf.h>

#include <cmath>

#include "kernel/problem.hpp"
#include "print/fonts.hpp"
#include "print/ink.hpp"

namespace xinyi::print {
namespace {
// Noto Sans CJK SC is not used: Cairo 1.16 loses a frequent character from its subsets. A test looks for such losses.
constexpr const char* kFamily = "Noto Serif CJK SC";

PangoFontMap* fonts_of_this_thread() {
  thread_local const std::unique_ptr<PangoFontMap, ObjectFree> map = [] {
    std::unique_ptr<PangoFontMap, ObjectFree> out(pango_cairo_font_map_new_for_font_type(CAIRO_FONT_TYPE_FT));
    pango_cairo_font_map_set_resolution(PANGO_CAIRO_FONT_MAP(out.get()), 72);
    return out;
  }();
  return map.get();
}

std::unique_ptr<PangoContext, ObjectFree> new_context() {
  std::unique_ptr<PangoContext, ObjectFree> out(pango_font_map_create_context(fonts_of_this_thread()));
  // Chinese shapes of shared characters, also in an English form: the names are Chinese.
  pango_context_set_language(out.get(), pango_language_from_string("zh-cn"));
  pango_context_set_base_dir(out.get(), PANGO_DIRECTION_LTR);
  pango_context_set_round_glyph_positions(out.get(), FALSE);
  cairo_font_options_t* options = cairo_font_options_create();
  cairo_font_options_set_hint_style(options, CAIRO_HINT_STYLE_NONE);
  cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_OFF);
  pango_cairo_context_set_font_options(out.get(), options);
  cairo_font_options_destroy(options);
  return out;
}

struct DescriptionFree {
  void operator()(PangoFontDescription* d) const { pango_font_description_free(d); }
};
std::unique_ptr<PangoFontDescription, DescriptionFree> description(const Style& style) {
  std::unique_ptr<PangoFontDescription, DescriptionFree> out(pango_font_description_new());
  pango_font_description_set_family_static(out.get(), kFamily);
  pango_font_description_set_absolute_size(out.get(), style.size * PANGO_SCALE);
  pango_font_description_set_weight(out.get(), style.bold ? PANGO_WEIGHT_BOLD : PANGO_WEIGHT_NORMAL);
  return out;
}

cairo_status_t collect(void* closure, const unsigned char* data, unsigned length) {
  try {
    auto& out = *static_cast<Bytes*>(closure);
    out.insert(out.end(), data, data + length);
    return CAIRO_STATUS_SUCCESS;
  } catch (const std::bad_alloc&) {
    return CAIRO_STATUS_NO_MEMORY;
  }
}

constexpr double points(int pango_units) { return static_cast<double>(pango_units) / PANGO_SCALE; }
}  // namespace

bool font_is_there() {
  const auto context = new_context();
  for (const bool bold : {false, true}) {
    const auto wanted = description({.bold = bold});
    const std::unique_ptr<PangoFont, ObjectFree> font(pango_context_load_font(context.get(), wanted.get()));
    if (!font) return false;
    const std::unique_ptr<PangoFontDescription, DescriptionFree> found(pango_font_describe(font.get()));
    if (std::string_view(pango_font_description_get_family(found.get())) != kFamily) return false;
  }
  return true;
}

double SetText::widest() const {
  double out = 0;
  for (const auto& l : lines_) out = std::max(out, l.width);
  return out;
}

Canvas::Canvas(std::string_view title, Instant at) {
  // Without it Pango would take another font without a word, and a character could be missing on paper.
  if (!font_is_there()) throw Refusal(Code::print_font_missing, "fontconfig does not find Noto Serif CJK SC, regular and bold");
  surface_.reset(cairo_pdf_surface_create_for_stream(&collect, out_.get(), kPageWidth, kPageHeight));
  cairo_pdf_surface_set_metadata(surface_.get(), CAIRO_PDF_METADATA_TITLE, clean(title, Breaks::flatten).c_str());
  const auto made = to_text(Instant{at.micros - at.micros % 1'000'000});
  cairo_pdf_surface_set_metadata(surface_.get(), CAIRO_PDF_METADATA_CREATE_DATE, made.c_str());
  cairo_pdf_surface_set_metadata(surface_.get(), CAIRO_PDF_METADATA_MOD_DATE, made.c_str());
  drawing_.reset(cairo_create(surface_.get()));
  context_ = new_context();
}

SetText Canvas::set(std::string_view text, const Style& style, double width) const {
  SetText out;
  out.grey_ = style.grey;
  out.layout_.reset(pango_layout_new(context_.get()), ObjectFree{});
  auto* layout = out.layout_.get();
  const auto cleaned = clean(text);
  pango_layout_set_font_description(layout, description(style).get());
  pango_layout_set_width(layout, static_cast<int>(std::max(width, 1.0) * PANGO_SCALE));
  pango_layout_set_wrap(layout, PANGO_WRAP_WORD_CHAR);
  pango_layout_set_auto_dir(layout, FALSE);
  pango_layout_set_alignment(layout, style.align == Align::centre  ? PANGO_ALIGN_CENTER
                                     : style.align == Align::right ? PANGO_ALIGN_RIGHT
                                                                   : PANGO_ALIGN_LEFT);
  pango_layout_set_text(layout, cleaned.data(), static_cast<int>(cleaned.size()));

  struct IterFree {
    void operator()(PangoLayoutIter* i) const { pango_layout_iter_free(i); }
  };
  const std::unique_ptr<PangoLayoutIter, IterFree> it(pango_layout_get_iter(layout));
  do {
    PangoRectangle extent;
    pango_layout_iter_get_line_extents(it.get(), nullptr, &extent);
    int top = 0, bottom = 0;
    pango_layout_iter_get_line_yrange(it.get(), &top, &bottom);
    out.lines_.push_back({points(top), points(bottom - top), points(pango_layout_iter_get_baseline(it.get())), points(extent.x), points(extent.width)});
  } while (pango_layout_iter_next_line(it.get()));
  return out;
}

SetText Canvas::fit(std::string_view text, Style style, double width, double least) const {
  for (;; style.size -= 0.5) {
    auto out = set(text, style, width);
    if (out.lines().size() == 1 || style.size - 0.5 < least) return out;
  }
}

void Canvas::draw_line(const SetText& text, std::size_t line, double x, double y) {
  const auto& l = text.lines_.at(line);
  cairo_set_source_rgb(drawing_.get(), text.grey_, text.grey_, text.grey_);
  cairo_move_to(drawing_.get(), x + l.left, y + l.baseline - l.top);
  pango_cairo_show_layout_line(drawing_.get(), pango_layout_get_line_readonly(text.layout_.get(), static_cast<int>(line)));
  cairo_new_path(drawing_.get());
}

void Canvas::draw(const SetText& text, double x, double y) {
  for (std::size_t i = 0; i < text.lines_.size(); ++i) draw_line(text, i, x, y + text.lines_[i].top);
}

void Canvas::rule(double x1, double y1, double x2, double y2, double thickness, double grey) {
  auto* c = drawing_.get();
  cairo_set_source_rgb(c, grey, grey, grey);
  cairo_set_line_width(c, thickness);
  cairo_move_to(c, x1, y1);
  cairo_line_to(c, x2, y2);
  cairo_stroke(c);
}

void Canvas::dotted(double x1, double y1, double x2, double y2, double on, double off, double grey) {
  const double pattern[] = {on, off};
  cairo_set_dash(drawing_.get(), pattern, 2, 0);
  rule(x1, y1, x2, y2, 0.5, grey);
  cairo_set_dash(drawing_.get(), nullptr, 0, 0);
}

void Canvas::frame(double x, double y, double width, double height, double thickness, double grey) {
  auto* c = drawing_.get();
  cairo_set_source_rgb(c, grey, grey, grey);
  cairo_set_line_width(c, thickness);
  cairo_rectangle(c, x, y, width, height);
  cairo_stroke(c);
}

void Canvas::fill(double x, double y, double width, double height, double grey) {
  auto* c = drawing_.get();
  cairo_set_source_rgb(c, grey, grey, grey);
  cairo_rectangle(c, x, y, width, height);
  cairo_fill(c);
}

void Canvas::watermark(std::string_view words) {
  auto* c = drawing_.get();
  const auto text = set(words, {.size = 13, .grey = 0.88, .align = Align::left}, mm(400));
  const double step_x = text.widest() + mm(20), step_y = mm(38);
  cairo_save(c);
  cairo_translate(c, kPageWidth / 2, kPageHeight / 2);
  cairo_rotate(c, -0.5);
  for (double y = -mm(190); y < mm(190); y += step_y)
    for (double x = -mm(190); x < mm(190); x += step_x) draw(text, x, y);
  cairo_restore(c);
}

void Canvas::clip(double x, double y, double width, double height) {
  cairo_save(drawing_.get());
  cairo_rectangle(drawing_.get(), x, y, width, height);
  cairo_clip(drawing_.get());
}
void Canvas::unclip() { cairo_restore(drawing_.get()); }

void Canvas::next_page() { cairo_show_page(drawing_.get()); }

Bytes Canvas::finish() {
  cairo_show_page(drawing_.get());
  drawing_.reset();
  cairo_surface_finish(surface_.get());
  const auto status = cairo_surface_status(surface_.get());
  if (status != CAIRO_STATUS_SUCCESS) throw Bug(std::string("a page could not be drawn: ") + cairo_status_to_string(status));
  return std::move(*out_);
}
}  // namespace xinyi::print
