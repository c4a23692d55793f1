// Finds the route of a path. Literal segments go before parameters, and a parameter with an ending, "{id}.pdf", before one without.
#pragma once
#include <array>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "http/contract.hpp"

namespace xinyi::http {

std::string_view to_text(Method method);  // "GET"
std::optional<Method> method_from_text(std::string_view text);

class Matcher {
 public:
  /// Bug when two routes have the same method and shape, or a path is not of the form /a/{b}/c or /a/{b}.pdf.
  explicit Matcher(const std::vector<Entry>& entries);

  struct Found {
    int entry = -1;                    // index; -1: the path is known but not with this method (or not at all)
    std::string allow;                 // "GET, POST" when the path is known but the method is not
    std::vector<std::pair<std::string, std::string>> params;
  };
  Found find(std::string_view method, const std::vector<std::string>& segments) const;

 private:
  struct Node {
    std::map<std::string, std::unique_ptr<Node>, std::less<>> children;
    std::map<std::string, std::unique_ptr<Node>, std::greater<>> any;  // by ending; greater: "" comes last
    std::array<int, 4> entries{-1, -1, -1, -1};
    bool leaf() const;
  };
  const Node* walk(const Node& node, const std::vector<std::string>& segments, std::size_t at) const;
  Node root_;
  struct Parameter {
    std::size_t at;      // segment
    std::string name;
    std::size_t ending;  // length of what follows it in its segment
  };
  std::vector<std::vector<Parameter>> names_;  // per entry
};

}  // namespace xinyi::http
