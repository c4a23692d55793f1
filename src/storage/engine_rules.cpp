#include "storage/engine_rules.hpp"

#include <fmt/format.h>

#include <cctype>
#include <cmath>
#include <set>

#include "kernel/problem.hpp"
#include "kernel/text.hpp"

namespace xinyi::storage {

void check_params(std::span<const Param> params) {
  for (const auto& p : params) {
    if (const auto* t = std::get_if<std::string_view>(&p)) {
      if (t->find('\0') != std::string_view::npos || !utf8_length(*t)) {
        throw Refusal(Code::invalid_input, "a text that is not UTF-8 or holds a NUL was about to be stored");
      }
    } else if (const auto* d = std::get_if<double>(&p)) {
      invariant(!std::isnan(*d), "a number that is none was about to be stored");
    }
  }
}

std::vector<const Migration*> missing_steps(const std::map<std::string, std::string>& applied,
                                            std::span<const Migration> given) {
  std::set<std::string_view> names;
  std::vector<const Migration*> missing;
  for (const auto& m : given) {
    invariant(names.insert(m.name).second, "two schema steps bear one name");
    const auto it = applied.find(m.name);
    if (it == applied.end()) {
      missing.push_back(&m);
    } else if (it->second != m.sql) {
      throw OperatorError(
          fmt::format("The schema step {} was altered after it had been applied to this database. Install the "
                      "released program again; nothing was changed.",
                      m.name));
    }
  }
  for (const auto& [name, text] : applied) {
    if (!names.contains(name)) {
      throw OperatorError(
          fmt::format("This database is newer than this program: it holds the schema step {}. Install the "
                      "newer program; nothing was changed.",
                      name));
    }
  }
  return missing;
}

std::string part_for(Engine engine, std::string_view sql) {
  std::string out;
  bool ours = true;
  while (!sql.empty()) {
    const auto end = sql.find('\n');
    const auto line = sql.substr(0, end);
    sql = end == std::string_view::npos ? std::string_view{} : sql.substr(end + 1);
    const auto word = trimmed(line);
    if (word == "-- @sqlite")
      ours = engine == Engine::sqlite;
    else if (word == "-- @postgresql")
      ours = engine == Engine::postgresql;
    else if (word == "-- @end")
      ours = true;
    else if (ours)
      out.append(line).append("\n");
  }
  return out;
}

namespace {
/// Goes through SQL token by token; only words and signs outside literals and comments are offered to change.
class Translator {
 public:
  Translator(std::string_view sql, bool schema) : in_(sql), schema_(schema) {}
  std::string run() {
    while (at_ < in_.size()) token();
    return std::move(out_);
  }

 private:
  bool is(std::size_t i, std::string_view s) const { return in_.substr(i, s.size()) == s; }
  static bool word_char(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

  void copy_to(std::size_t end) {
    out_.append(in_.substr(at_, end - at_));
    at_ = std::min(end, in_.size());
  }
  /// The place behind a literal that begins at `i` with its quote; doubled quotes stay inside.
  std::size_t behind_quoted(std::size_t i) const {
    const char q = in_[i++];
    while (i < in_.size()) {
      if (in_[i] != q)
        ++i;
      else if (i + 1 < in_.size() && in_[i + 1] == q)
        i += 2;
      else
        return i + 1;
    }
    return i;
  }
  std::size_t behind_dollar(std::size_t i) const {  // $tag$ … $tag$, function bodies
    const auto second = in_.find('$', i + 1);
    if (second == std::string_view::npos) return i + 1;
    const auto tag = in_.substr(i, second - i + 1);
    for (const char c : tag.substr(1, tag.size() - 2)) {
      if (!word_char(c)) return i + 1;
    }
    const auto close = in_.find(tag, second + 1);
    return close == std::string_view::npos ? in_.size() : close + tag.size();
  }

  void token() {
    const char c = in_[at_];
    if (is(at_, "--")) return copy_to(std::min(in_.find('\n', at_), in_.size()));
    if (is(at_, "/*")) {
      const auto end = in_.find("*/", at_ + 2);
      return copy_to(end == std::string_view::npos ? in_.size() : end + 2);
    }
    if (c == '\'' || c == '"') return copy_to(behind_quoted(at_));
    if (c == '$') return copy_to(behind_dollar(at_));
    if (c == '?') {
      ++at_;
      out_ += '$';
      return;
    }
    if ((c == 'X' || c == 'x') && at_ + 1 < in_.size() && in_[at_ + 1] == '\'') {
      const auto end = behind_quoted(at_ + 1);
      out_.append("'\\x").append(in_.substr(at_ + 2, end - at_ - 2)).append("::bytea");
      at_ = end;
      return;
    }
    if (!word_char(c)) return copy_to(at_ + 1);
    auto end = at_;
    while (end < in_.size() && word_char(in_[end])) ++end;
    word(in_.substr(at_, end - at_));
    at_ = end;
  }

  void word(std::string_view w) {
    std::string upper;
    for (const char c : w) upper += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    if (schema_) {
      if (upper == "INTEGER")
        w = "BIGINT";
      else if (upper == "BLOB")
        w = "BYTEA";
      else if (upper == "REAL")
        w = "DOUBLE PRECISION";
      else if (upper == "TEXT" && last_ != "AS")
        w = "TEXT COLLATE \"C\"";
      else if (upper == "STRICT" || upper == "ROWID") {
        drop_comma();
        w = "";
      } else if (upper == "WITHOUT")
        w = "";
    }
    out_.append(w);
    last_ = std::move(upper);
  }
  /// ") STRICT, WITHOUT ROWID" leaves a comma between two words that vanished.
  void drop_comma() {
    auto i = out_.size();
    while (i > 0 && std::isspace(static_cast<unsigned char>(out_[i - 1])) != 0) --i;
    if (i > 0 && out_[i - 1] == ',') out_.resize(i - 1);
  }

  std::string_view in_;
  bool schema_;
  std::size_t at_ = 0;
  std::string out_;
  std::string last_;
};
}  // namespace

std::string postgres_query(std::string_view sql) { return Translator(sql, false).run(); }
std::string postgres_schema(std::string_view sql) { return Translator(part_for(Engine::postgresql, sql), true).run(); }

}  // namespace xinyi::storage
