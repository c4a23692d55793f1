// Readings of names, for searching and sorting.
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace xinyi::people {

struct Reading {
  std::string full;      // "lixinruo"
  std::string initials;  // "lxr"
  bool operator==(const Reading&) const = default;
};
/// Readings of a name in Latin letters, best first: as a name (曾 zeng, 单 shan), as ordinary text where that differs
/// (ceng, dan), and with v for ü. Latin names are lower-cased. At least one, possibly empty. Thread-safe.
std::vector<Reading> readings(std::string_view name);

}  // namespace xinyi::people
