#include "features/staff/staff.hpp"

namespace xinyi::staff {
std::string_view demo_password() { return "xinyi-demo-2026"; }
}  // namespace xinyi::staff
