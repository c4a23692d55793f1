// Findings of an import: what was wrong, where, and in whose words (findings.def).
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "features/people/people.hpp"
#include "kernel/problem.hpp"

namespace xinyi::people {

enum class Fault {
#define FINDING(code, severity, zh, en) code,
#include "features/people/findings.def"
#undef FINDING
};

struct FaultEntry {
  std::string_view name;
  Severity severity;
  std::string_view zh, en;
};
const FaultEntry& catalogue(Fault fault);
std::vector<FaultEntry> fault_catalogue();

/// Where something stands: file inside the set ("users.csv", a sheet's name) and line or row, counted from 1; 0: the whole file.
struct Place {
  std::string file;
  std::int64_t line = 0;
};

/// A value as it may be shown: at most 40 characters, no control or direction characters, no identity number, and
/// never the start of a formula.
std::string harmless(std::string_view value);

/// Gathers findings; keeps the first 1,000 and counts all.
class Findings {
 public:
  static constexpr std::size_t kKept = 1000;
  void add(Fault fault, const Place& at, std::string_view field, std::string_view value = {});
  void add_as(Severity severity, Fault fault, const Place& at, std::string_view field, std::string_view value = {});
  const std::vector<Finding>& list() const { return list_; }
  std::int64_t refused() const { return refused_; }
  std::int64_t warnings() const { return warnings_; }

 private:
  std::vector<Finding> list_;
  std::int64_t refused_ = 0, warnings_ = 0;
};

/// The file cannot be read on. Becomes Refusal(roster_unreadable) or Refusal(roster_too_large) with the finding in
/// its extra facts as soon as it leaves this room.
class Unreadable : public std::exception {
 public:
  Unreadable(Fault fault, Place at, std::string_view field = {}) : fault_(fault), at_(std::move(at)), field_(field) {}
  Fault fault() const { return fault_; }
  const Place& at() const { return at_; }
  Refusal refusal() const;
  const char* what() const noexcept override { return catalogue(fault_).name.data(); }

 private:
  Fault fault_;
  Place at_;
  std::string field_;
};

}  // namespace xinyi::people
