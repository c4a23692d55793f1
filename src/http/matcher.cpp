#include "http/matcher.hpp"

#include <algorithm>

namespace xinyi::http {
namespace {
constexpr std::array<std::string_view, 4> kMethods = {"GET", "POST", "PUT", "DELETE"};

std::vector<std::string_view> split(std::string_view path) {
  invariant(path.starts_with('/'), "a route's path begins with /");
  std::vector<std::string_view> out;
  while (!path.empty()) {
    path.remove_prefix(1);
    const auto end = std::min(path.find('/'), path.size());
    out.push_back(path.substr(0, end));
    path.remove_prefix(end);
  }
  return out;
}
}  // namespace

std::string_view to_text(Method method) { return kMethods[static_cast<std::size_t>(method)]; }
std::optional<Method> method_from_text(std::string_view text) {
  const auto it = std::find(kMethods.begin(), kMethods.end(), text);
  if (it == kMethods.end()) return std::nullopt;
  return static_cast<Method>(it - kMethods.begin());
}

bool Matcher::Node::leaf() const {
  return std::any_of(entries.begin(), entries.end(), [](int e) { return e >= 0; });
}

Matcher::Matcher(const std::vector<Entry>& entries) {
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const auto& route = entries[i].route;
    Node* node = &root_;
    auto& names = names_.emplace_back();
    const auto segments = split(route.path);
    for (std::size_t at = 0; at < segments.size(); ++at) {
      const auto s = segments[at];
      const bool param = s.starts_with('{');
      const auto close = s.find('}');
      invariant(!s.empty() && param == (close != s.npos && close > 1), "a route's path has empty or half-open segments");
      const auto ending = param ? s.substr(close + 1) : std::string_view();
      if (param) names.push_back({at, std::string(s.substr(1, close - 1)), ending.size()});
      auto& next = param ? node->any[std::string(ending)] : node->children[std::string(s)];
      if (!next) next = std::make_unique<Node>();
      node = next.get();
    }
    auto& slot = node->entries[static_cast<std::size_t>(route.method)];
    if (slot >= 0) throw Bug("two routes for " + std::string(to_text(route.method)) + " " + route.path);
    slot = static_cast<int>(i);
  }
}

const Matcher::Node* Matcher::walk(const Node& node, const std::vector<std::string>& segments, std::size_t at) const {
  if (at == segments.size()) return node.leaf() ? &node : nullptr;
  if (const auto it = node.children.find(segments[at]); it != node.children.end())
    if (const auto* found = walk(*it->second, segments, at + 1)) return found;
  for (const auto& [ending, next] : node.any)
    if (segments[at].size() > ending.size() && segments[at].ends_with(ending))
      if (const auto* found = walk(*next, segments, at + 1)) return found;
  return nullptr;
}

Matcher::Found Matcher::find(std::string_view method, const std::vector<std::string>& segments) const {
  Found out;
  const auto* node = walk(root_, segments, 0);
  if (node == nullptr) return out;
  const auto m = method_from_text(method);
  if (m) out.entry = node->entries[static_cast<std::size_t>(*m)];
  if (out.entry < 0) {
    for (std::size_t i = 0; i < kMethods.size(); ++i)
      if (node->entries[i] >= 0) out.allow.append(out.allow.empty() ? "" : ", ").append(kMethods[i]);
    return out;
  }
  for (const auto& [at, name, ending] : names_[static_cast<std::size_t>(out.entry)])
    out.params.emplace_back(name, segments[at].substr(0, segments[at].size() - ending));
  return out;
}
}  // namespace xinyi::http
