#include "print/furniture.hpp"

#include <fmt/format.h>

namespace xinyi::print {
namespace {
constexpr double kHeadBaseline = mm(11);
constexpr double kFootTop = kPageHeight - mm(14.5);

void draw_mark(Canvas& canvas, const std::string& words) {
  const auto text = canvas.set(words, {.size = 9, .bold = true}, mm(90));
  const double width = text.widest() + mm(4), height = text.height() + mm(0.8);
  const double x = kRight - width, y = kHeadBaseline - mm(0.4);
  canvas.frame(x, y, width, height, 0.8);
  canvas.draw(text, x + mm(2), y + mm(0.4));
}
}  // namespace

std::string footer_left(const Form& form, const Options& options) {
  const bool zh = options.language == Language::zh;
  auto out = form.number + (zh ? "  版本 " : "  version ") + form.version;
  if (options.watermark && options.watermark->copy) out += fmt::format(fmt::runtime(zh ? "  第 {} 份" : "  copy {}"), *options.watermark->copy);
  return out;
}

void draw_furniture(Canvas& canvas, const Form& form, const Options& options, std::size_t page, std::size_t pages) {
  const auto language = options.language;
  const bool zh = language == Language::zh;
  if (options.watermark) canvas.watermark(options.watermark->reader + "  " + options.watermark->minute + "  " + footer_left(form, options));
  // Head: the school on the first page, afterwards what this is a page of.
  const double room = kBodyWidth - mm(60);
  canvas.draw(canvas.fit(page == 1 ? options.school : say(form.title, language), {.size = 9.5, .grey = 0.25}, room, 7), kLeft, kHeadBaseline);
  if (form.mark) draw_mark(canvas, say(*form.mark, language));

  canvas.rule(kLeft, kFootTop, kRight, kFootTop, 0.4, 0.5);
  const Style small = {.size = 8, .grey = 0.25};
  Style centre = small, right = small;
  centre.align = Align::centre;
  right.align = Align::right;
  const double y = kFootTop + mm(1.2), third = kBodyWidth / 3;
  canvas.draw(canvas.set(footer_left(form, options), small, third), kLeft, y);
  canvas.draw(canvas.fit(options.school, centre, third, 5), kLeft + third, y);
  canvas.draw(canvas.set(zh ? fmt::format("第 {} 页 / 共 {} 页", page, pages) : fmt::format("Page {} of {}", page, pages), right, third), kLeft + 2 * third, y);
}
}  // namespace xinyi::print
