// Refusals: what a person is told when something cannot be done. The outside (code, field, texts in
// zh and en) is separate from the inside (detail for the operator, never sent).
#pragma once
#include <boost/json/value.hpp>
#include <exception>
#include <string>
#include <string_view>
#include <vector>

namespace xinyi {

enum class Code {
#define PROBLEM(code, status, zh, en) code,
#include "kernel/problems.def"
#undef PROBLEM
};

struct ProblemEntry {
  Code code;
  std::string_view name;  // public, stable
  int status;             // HTTP
  std::string_view zh;
  std::string_view en;
};
const ProblemEntry& catalogue(Code code);
/// All entries in catalogue order, for documents and tests.
std::vector<ProblemEntry> problem_catalogue();

struct FieldProblem {
  std::string field;  // dotted path, e.g. "fields.next_on"
  Code code;
};

struct Problem {
  Code code = Code::internal;
  std::vector<FieldProblem> fields;  // which fields, when the input is at fault
  boost::json::object extra;         // further public facts, e.g. "free": slots still open
  std::string inside;                // for the operator only; never leaves the process
};

/// An expected refusal. Thrown through a transaction it undoes everything the request did.
class Refusal : public std::exception {
 public:
  explicit Refusal(Problem problem) : problem_(std::move(problem)) {}
  explicit Refusal(Code code, std::string inside = {}) { problem_.code = code; problem_.inside = std::move(inside); }
  Refusal(Code code, std::string field, Code field_code) {
    problem_.code = code;
    problem_.fields.push_back({std::move(field), field_code});
  }
  const Problem& problem() const noexcept { return problem_; }
  Problem& problem() noexcept { return problem_; }
  const char* what() const noexcept override { return catalogue(problem_.code).name.data(); }

 private:
  Problem problem_;
};

/// RFC 9457 document for a problem, without the inside; `id` ties the answer to the log line.
boost::json::object problem_document(const Problem& problem, std::string_view id);

/// A bug in our own code (never a judgement of input): ends the request with `internal`, logs the place.
class Bug : public std::exception {
 public:
  explicit Bug(std::string what) : what_(std::move(what)) {}
  const char* what() const noexcept override { return what_.c_str(); }

 private:
  std::string what_;
};
inline void invariant(bool holds, const char* what) {
  if (!holds) throw Bug(what);
}

}  // namespace xinyi
