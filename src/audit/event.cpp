#include "audit/event.hpp"

#include <array>
#include <unordered_map>

#include "kernel/problem.hpp"

namespace xinyi::audit {
namespace {
constexpr auto look = ActKind::look;
constexpr auto change = ActKind::change;
constexpr std::array kActs = {
#define ACT(id, code, kind, zh, en) ActEntry{Act::id, code, kind, zh, en},
#include "audit/acts.def"
#undef ACT
};
}  // namespace

const ActEntry& catalogue(Act act) { return kActs.at(static_cast<std::size_t>(act)); }
std::vector<ActEntry> act_catalogue() { return {kActs.begin(), kActs.end()}; }

std::optional<Act> act_from_code(std::string_view code) {
  static const auto index = [] {
    std::unordered_map<std::string_view, Act> out;
    for (const auto& entry : kActs) out.emplace(entry.code, entry.act);
    return out;
  }();
  const auto found = index.find(code);
  return found == index.end() ? std::nullopt : std::optional(found->second);
}

std::string_view to_text(Actor::Kind kind) {
  switch (kind) {
    case Actor::Kind::staff: return "staff";
    case Actor::Kind::client: return "client";
    case Actor::Kind::system: return "system";
    case Actor::Kind::operator_: return "operator";
    case Actor::Kind::anonymous: return "anonymous";
  }
  throw Bug("unknown kind of actor");
}

}  // namespace xinyi::audit
