// The press's door: forms, slips and posters as PDF, tables as XLSX. Pure functions of their arguments: the same input
// gives the same bytes. May be called from several threads at once; each thread loads its own fonts (about 50 ms and
// some MiB the first time), so a server prints on one thread.
// All of them: Refusal(print_font_missing) where the machine lacks the font.
#pragma once
#include "kernel/bytes.hpp"
#include "kernel/time.hpp"
#include "print/form.hpp"

namespace xinyi::print {

enum class Language { zh, en };
BOOST_DESCRIBE_ENUM(Language, zh, en)

/// Who took this copy, in pale words across every page and in the footer: a copy that lies about has an owner.
struct Watermark {
  std::string reader;
  std::string minute;                       // the school's wall clock, "2026-11-23 14:05"
  std::optional<std::int64_t> copy = {};    // its number, where copies are counted
};

struct Options {
  Language language = Language::zh;
  std::string school;
  Instant at;  // goes into the file as its date of creation
  std::optional<Watermark> watermark = {};
};

/// A form, blank without values. Bug when a value fits no field.
Bytes pdf(const Form& form, const Values& values, const Options& options);

/// What a poster's {place}, {hours} and {people} say; empty: a line to write on.
struct Facts {
  std::string place, hours, people;
};
Bytes poster(const Form& form, const Facts& facts, const Options& options);

/// One account to hand out. The code is inside the fold.
struct Slip {
  std::string name, class_name, account, code;
};
/// Eight to a page, in the given order, to cut and fold. `address`: what to type into the browser.
Bytes slips(std::span<const Slip> slips, std::string_view address, const Options& options);
inline constexpr std::size_t kSlipsOnPage = 8;

}  // namespace xinyi::print
