#include "kernel/problem.hpp"
#include "print/furniture.hpp"
#include "print/ink.hpp"
#include "print/rows.hpp"

namespace xinyi::print {
namespace {
constexpr double kInset = mm(12);
constexpr double kTitleTop = mm(38), kTextTop = mm(68), kTextBottom = kPageHeight - mm(30);

std::string filled_in(std::string text, const Facts& facts, const std::string& school) {
  const std::pair<std::string_view, std::string_view> names[] = {
      {"{school}", school}, {"{place}", facts.place}, {"{hours}", facts.hours}, {"{people}", facts.people}};
  // One pass over the template, so that a fact which looks like a name stays as it is.
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    bool found = false;
    for (const auto& [name, value] : names) {
      if (text.compare(at, name.size(), name) != 0) continue;
      out += value.empty() ? std::string(16, '_') : clean(value, Breaks::flatten);
      at += name.size();
      found = true;
      break;
    }
    if (!found) out += text[at++];
  }
  return out;
}
}  // namespace

Bytes poster(const Form& form, const Facts& facts, const Options& options) {
  invariant(form.look == Look::poster, "a form is printed by pdf()");
  Canvas canvas(say(form.title, options.language), options.at);
  const auto words = filled_in(say(*form.text, options.language), facts, options.school);
  const double width = kBodyWidth - 2 * kInset;
  // As large as the page allows: it is read from two metres away.
  double size = 30;
  auto text = canvas.set(words, {.size = size}, width);
  while (size > 13 && text.height() > kTextBottom - kTextTop) text = canvas.set(words, {.size = size -= 0.5}, width);

  auto row = std::make_shared<Row>();
  row->cells.push_back({.x = kLeft + kInset, .width = width, .bordered = false});
  append(row->cells.back().lines, text);
  const auto pages = paginate({row}, kTextTop, kTextBottom);
  for (std::size_t i = 0; i < pages.size(); ++i) {
    if (i > 0) canvas.next_page();
    draw_furniture(canvas, form, options, i + 1, pages.size());
    canvas.frame(kLeft, mm(20), kBodyWidth, kPageHeight - mm(40), 1.2);
    canvas.frame(kLeft + mm(1.4), mm(21.4), kBodyWidth - mm(2.8), kPageHeight - mm(42.8), 0.4);
    canvas.draw(canvas.fit(say(form.title, options.language), {.size = 38, .bold = true, .align = Align::centre}, width, 20), kLeft + kInset, kTitleTop);
    canvas.rule(kPageWidth / 2 - mm(22), kTextTop - mm(7), kPageWidth / 2 + mm(22), kTextTop - mm(7), 1);
    for (const auto& part : pages[i]) draw(canvas, part);
  }
  return canvas.finish();
}
}  // namespace xinyi::print
