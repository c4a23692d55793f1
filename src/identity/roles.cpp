#include "identity/principal.hpp"
#include "kernel/json.hpp"

namespace xinyi::identity {

std::vector<Role> list_of(Roles roles) {
  std::vector<Role> out;
  boost::mp11::mp_for_each<boost::describe::describe_enumerators<Role>>([&](auto d) {
    if (roles.has(d.value)) out.push_back(d.value);
  });
  return out;
}

std::string to_text(Roles roles) {
  std::string out;
  for (auto r : list_of(roles)) {
    if (!out.empty()) out += ',';
    out += contract::enum_name(r);
  }
  return out;
}

Roles roles_from_text(std::string_view text) {
  Roles out;
  while (!text.empty()) {
    const auto comma = text.find(',');
    const auto role = contract::enum_value<Role>(text.substr(0, comma));
    invariant(role.has_value(), "unknown role in storage");
    out.add(*role);
    text = comma == std::string_view::npos ? std::string_view{} : text.substr(comma + 1);
  }
  return out;
}
}  // namespace xinyi::identity
