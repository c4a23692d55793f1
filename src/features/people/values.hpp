// How people write dates, grades, sexes and the rest in a table, read back into values. All pure.
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "features/people/people.hpp"

namespace xinyi::people {

/// The code point at `at`, which moves on; U+FFFD for bytes that are no UTF-8 (then it moves by one).
char32_t next_code_point(std::string_view text, std::size_t& at);
void append_code_point(std::string& out, char32_t c);

/// Full-width letters, digits and signs become ASCII, every kind of blank a space; trimmed.
std::string folded(std::string_view text);
/// folded, lower case, without any blank: for comparing headers and words.
std::string word(std::string_view text);

/// 2018-8-14, 2018/08/14, 2018.8.14, 2018年08月14日, 20180814, with or without a time behind it, full-width digits, and
/// the day number of a spreadsheet (20000 to 60000, days after 1899-12-30). Years 1900 to 2199.
std::optional<SchoolDate> read_date(std::string_view text);
/// 1..12 for 一年级 … 六年级, 初一/七年级, 高三/十二年级, "07", "G7", "Grade 7". Primary school of five years is not guessed.
std::optional<int> read_grade(std::string_view text);
/// 一年级 … 六年级, 初一 … 初三, 高一 … 高三.
std::string grade_name(int grade);
std::optional<Gender> read_gender(std::string_view text);
std::optional<bool> read_yes_no(std::string_view text);
/// 住宿, 住校, 寄宿, 走读, 通学 and yes/no.
std::optional<bool> read_boarder(std::string_view text);
/// `other` for a word that is not known.
Relation read_relation(std::string_view text);
/// Digits, possibly with + in front: 5 to 20 of them. Blanks, dots, dashes and brackets are dropped.
std::optional<std::string> read_phone(std::string_view text);
/// A year of four digits, also at the start of a date ("2026", "2026-09-01", "202609"); 1990..2100.
std::optional<int> read_year(std::string_view text);

/// 18 places with a birth date inside, as Chinese identity numbers have, with or without the letter of a national student
/// number in front (G, J, L). The check digit is not asked for: spreadsheets spoil it.
bool is_identity_number(std::string_view text);
/// The same anywhere inside a longer text.
bool holds_identity_number(std::string_view text);

/// What makes two written class names the same class: "初一(2)班", "七年级2班" and "7（2）" are "7#2" when the grade is
/// known; otherwise the folded text.
std::string class_key(std::string_view name, std::optional<int> grade);

/// The grade that a class name starts with ("初一(2)班" 7).
std::optional<int> class_grade(std::string_view name);

/// The whole text as a number without sign; nothing otherwise.
std::optional<int> whole_number(std::string_view text);

}  // namespace xinyi::people
