#include "app/screens.hpp"

#ifdef XINYI_WITH_SCREENS
namespace xinyi::embedded {
std::span<const File> screen_files();
}
#endif

namespace xinyi::app {
std::span<const embedded::File> screens() {
#ifdef XINYI_WITH_SCREENS
  return embedded::screen_files();
#else
  return {};
#endif
}
}  // namespace xinyi::app
