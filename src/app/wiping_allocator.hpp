// Freed memory holds nothing: the program replaces free() and realloc() by ones that overwrite first, for every library
// in it (trust: memory). Linked into the program only.
#pragma once

namespace xinyi::app {
/// True when the replacement is really in force (checked at start on a freed block).
bool frees_are_wiped();
}  // namespace xinyi::app
