// Files that the build put into the binary (migrations, screens, word lists).
#pragma once
#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

namespace xinyi::embedded {
struct File {
  std::string_view name;
  std::string_view text;
};
}  // namespace xinyi::embedded
