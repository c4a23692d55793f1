// What every page carries besides its content: watermark, running head, footer. Inside this room only.
#pragma once
#include "print/canvas.hpp"
#include "print/print.hpp"

namespace xinyi::print {

inline constexpr double kLeft = mm(18), kRight = kPageWidth - mm(18), kBodyWidth = kRight - kLeft;
inline constexpr double kBodyTop = mm(22), kBodyBottom = kPageHeight - mm(19);

inline const std::string& say(const Bilingual& text, Language language) { return language == Language::zh ? text.zh : text.en; }

/// "XY-01 · 2026-1 · 第 1 份"
std::string footer_left(const Form& form, const Options& options);

/// Below everything else, so it is drawn first. `running_title`: on pages after the first.
void draw_furniture(Canvas& canvas, const Form& form, const Options& options, std::size_t page, std::size_t pages);

}  // namespace xinyi::print
