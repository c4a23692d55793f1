// XML from strangers: no document type, bounded depth and token size.
#pragma once
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "features/people/source.hpp"

namespace xinyi::people {

/// Attributes of one element; names without their namespace prefix.
class Attributes {
 public:
  explicit Attributes(const char** list) : list_(list) {}
  /// Empty when absent.
  std::string_view operator[](std::string_view name) const;

 private:
  const char** list_;
};

/// Element names come without their namespace prefix.
struct XmlHandler {
  virtual ~XmlHandler() = default;
  virtual void open(std::string_view name, const Attributes& attributes) = 0;
  virtual void close(std::string_view name) = 0;
  virtual void text(std::string_view piece) = 0;
  virtual bool wants_more() const { return true; }
};

/// Reads the whole part. Unreadable(xml_malformed), or what the handler throws.
void read_xml(ByteSource& source, const std::string& part, XmlHandler& handler);

}  // namespace xinyi::people
