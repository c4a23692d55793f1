#include "kernel/problem.hpp"

#include <array>

namespace xinyi {
namespace {
constexpr std::array kEntries = {
#define PROBLEM(code, status, zh, en) ProblemEntry{Code::code, #code, status, zh, en},
#include "kernel/problems.def"
#undef PROBLEM
};
boost::json::object texts(const ProblemEntry& entry) { return {{"zh", entry.zh}, {"en", entry.en}}; }
}  // namespace

const ProblemEntry& catalogue(Code code) { return kEntries.at(static_cast<std::size_t>(code)); }
std::vector<ProblemEntry> problem_catalogue() { return {kEntries.begin(), kEntries.end()}; }

boost::json::object problem_document(const Problem& problem, std::string_view id) {
  const auto& entry = catalogue(problem.code);
  boost::json::object out = {{"type", std::string("https://xinyi.invalid/problems/").append(entry.name)},
                             {"title", entry.en},
                             {"status", entry.status},
                             {"code", entry.name},
                             {"text", texts(entry)},
                             {"id", id}};
  if (!problem.fields.empty()) {
    out["field"] = problem.fields.front().field;
    boost::json::array fields;
    for (const auto& f : problem.fields) {
      const auto& e = catalogue(f.code);
      fields.push_back(boost::json::object{{"field", f.field}, {"code", e.name}, {"text", texts(e)}});
    }
    out["problems"] = std::move(fields);
  }
  for (const auto& [key, value] : problem.extra) out[key] = value;
  return out;
}
}  // namespace xinyi
