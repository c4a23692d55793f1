// Slips of accounts: three panels side by side. The right one is folded over the middle one, so that the name stays
// outside and the code inside.
#include <fmt/format.h>

#include "kernel/problem.hpp"
#include "print/furniture.hpp"
#include "print/ink.hpp"

namespace xinyi::print {
namespace {
constexpr double kTop = mm(19), kHeight = mm(32);
constexpr double kPanel = kBodyWidth / 3;
constexpr double kInset = mm(3);
constexpr double kRoom = kPanel - 2 * kInset;

struct Words {
  std::string title, help, account, code, begin, steps;
};
Words words_of(Language l, std::string_view address) {
  const auto where = clean(address, Breaks::flatten);
  if (l == Language::zh)
    return {"账号条", "沿实线裁开。把右边一格沿虚线向左折，盖住中间的启用码，钉好后按姓名当面发放；没有发出去的请锁好或销毁。", "账号", "启用码（只能用一次）",
            "怎样开始", "1. 打开 " + where + "\n2. 输入账号和启用码\n3. 设一个只有自己知道的密码，再把这张条撕碎"};
  return {"Account slips",
          "Cut along the solid lines. Fold the right panel to the left over the code, staple, and hand out in person by name; lock away or "
          "destroy what is left.",
          "Account", "Start code (works once)", "How to begin",
          "1. Open " + where + "\n2. Type the account and the start code\n3. Choose a password that only you know, then tear this slip up"};
}

void draw_slip(Canvas& canvas, const Slip& slip, const Words& words, const Options& options, double y) {
  const double fold_side = kLeft + kPanel, fold_over = kLeft + 2 * kPanel;
  canvas.frame(kLeft, y, kBodyWidth, kHeight, 0.6, 0.35);
  canvas.dotted(fold_side, y, fold_side, y + kHeight, 1, 3, 0.55);
  canvas.dotted(fold_over, y, fold_over, y + kHeight, 4, 3, 0.25);
  const auto put = [&](const SetText& text, double x, double& at, double most) {
    canvas.clip(x, at, kRoom, most);
    canvas.draw(text, x, at);
    canvas.unclip();
    at += std::min(text.height(), most);
  };
  // Outside: whose it is.
  double x = kLeft + kInset, at = y + mm(4);
  put(canvas.fit(options.school, {.size = 8.5, .grey = 0.25}, kRoom, 6.5), x, at, mm(8));
  at += mm(1.2);
  put(canvas.fit(slip.name, {.size = 16, .bold = true}, kRoom, 8), x, at, mm(12));
  put(canvas.fit(slip.class_name, {.size = 10.5}, kRoom, 7), x, at, mm(8));
  // Inside the fold.
  x = fold_side + kInset;
  at = y + mm(4);
  put(canvas.set(words.account, {.size = 8, .grey = 0.3}, kRoom), x, at, mm(5));
  put(canvas.fit(slip.account, {.size = 11.5, .bold = true}, kRoom, 7), x, at, mm(8));
  at += mm(1.5);
  put(canvas.set(words.code, {.size = 8, .grey = 0.3}, kRoom), x, at, mm(5));
  put(canvas.fit(slip.code, {.size = 14, .bold = true}, kRoom, 7), x, at, mm(10));
  x = fold_over + kInset;
  at = y + mm(4);
  put(canvas.set(words.begin, {.size = 8.5, .bold = true}, kRoom), x, at, mm(5));
  at += mm(0.5);
  SetText steps = canvas.set(words.steps, {.size = 8.5}, kRoom);
  for (double size = 8; size >= 5 && steps.height() > kHeight - mm(9); size -= 0.5) steps = canvas.set(words.steps, {.size = size}, kRoom);
  put(steps, x, at, kHeight - mm(8));
}
}  // namespace

Bytes slips(std::span<const Slip> slips, std::string_view address, const Options& options) {
  const auto words = words_of(options.language, address);
  const Form sheet{.id = "slips", .number = "XY-S1", .version = "2026-1", .title = {words.title, words.title}};
  Canvas canvas(words.title, options.at);
  const std::size_t pages = std::max<std::size_t>(1, (slips.size() + kSlipsOnPage - 1) / kSlipsOnPage);
  for (std::size_t page = 0; page < pages; ++page) {
    if (page > 0) canvas.next_page();
    draw_furniture(canvas, sheet, options, page + 1, pages);
    canvas.draw(canvas.fit(words.help, {.size = 7.5, .grey = 0.3}, kBodyWidth, 6), kLeft, kTop - mm(2.6));
    const std::size_t end = std::min(slips.size(), (page + 1) * kSlipsOnPage);
    for (std::size_t i = page * kSlipsOnPage; i < end; ++i)
      draw_slip(canvas, slips[i], words, options, kTop + mm(2) + kHeight * static_cast<double>(i % kSlipsOnPage));
  }
  return canvas.finish();
}
}  // namespace xinyi::print
