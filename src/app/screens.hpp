// The built user interface inside the program.
#pragma once
#include <span>

#include "kernel/embedded.hpp"

namespace xinyi::app {
/// "portal/index.html", "office/assets/….js" …; empty in a build without screens.
std::span<const embedded::File> screens();
}  // namespace xinyi::app
