#include "features/people/xml.hpp"

#include <expat.h>

#include <cstdint>
#include <exception>
#include <memory>

#include "features/people/xlsx.hpp"

namespace xinyi::people {
namespace {

constexpr std::int64_t kMaxToken = 1 << 20;

std::string_view local(std::string_view name) {
  const auto at = name.rfind(':');
  return at == name.npos ? name : name.substr(at + 1);
}

struct FreeParser {
  void operator()(XML_Parser p) const { XML_ParserFree(p); }
};

/// Carries exceptions over the C library: they are kept and thrown again behind it.
struct Bridge {
  XML_Parser parser;
  XmlHandler& handler;
  const std::string& part;
  int depth = 0;
  std::exception_ptr error{};

  template <class F>
  void guarded(F&& f) {
    if (error) return;
    try {
      f();
      if (!handler.wants_more()) XML_StopParser(parser, XML_FALSE);
    } catch (...) {
      error = std::current_exception();
      XML_StopParser(parser, XML_FALSE);
    }
  }
  Unreadable malformed() const {
    return {Fault::xml_malformed, {part, static_cast<std::int64_t>(XML_GetCurrentLineNumber(parser))}};
  }
};

void on_open(void* data, const XML_Char* name, const XML_Char** attributes) {
  auto& b = *static_cast<Bridge*>(data);
  b.guarded([&] {
    if (++b.depth > kMaxXmlDepth) throw b.malformed();
    b.handler.open(local(name), Attributes(attributes));
  });
}
void on_close(void* data, const XML_Char* name) {
  auto& b = *static_cast<Bridge*>(data);
  b.guarded([&] {
    --b.depth;
    b.handler.close(local(name));
  });
}
void on_text(void* data, const XML_Char* text, int length) {
  auto& b = *static_cast<Bridge*>(data);
  b.guarded([&] { b.handler.text({text, static_cast<std::size_t>(length)}); });
}
void on_doctype(void* data, const XML_Char*, const XML_Char*, const XML_Char*, int) {
  auto& b = *static_cast<Bridge*>(data);
  b.guarded([&] { throw b.malformed(); });
}
int on_external(XML_Parser, const XML_Char*, const XML_Char*, const XML_Char*, const XML_Char*) {
  return XML_STATUS_ERROR;
}

}  // namespace

std::string_view Attributes::operator[](std::string_view name) const {
  for (const char** a = list_; *a; a += 2)
    if (local(a[0]) == name) return a[1];
  return {};
}

void read_xml(ByteSource& source, const std::string& part, XmlHandler& handler) {
  std::unique_ptr<std::remove_pointer_t<XML_Parser>, FreeParser> parser(XML_ParserCreate(nullptr));
  invariant(parser != nullptr, "no XML parser");
  Bridge bridge{parser.get(), handler, part};
  XML_SetUserData(parser.get(), &bridge);
  XML_SetElementHandler(parser.get(), on_open, on_close);
  XML_SetCharacterDataHandler(parser.get(), on_text);
  XML_SetStartDoctypeDeclHandler(parser.get(), on_doctype);
  XML_SetExternalEntityRefHandler(parser.get(), on_external);
  XML_SetParamEntityParsing(parser.get(), XML_PARAM_ENTITY_PARSING_NEVER);

  std::vector<char> buffer(65536);
  std::int64_t fed = 0;
  for (bool last = false; !last;) {
    const auto n = source.read(buffer);
    last = n == 0;
    fed += static_cast<std::int64_t>(n);
    const auto status = XML_Parse(parser.get(), buffer.data(), static_cast<int>(n), last);
    if (bridge.error) std::rethrow_exception(bridge.error);
    if (!handler.wants_more()) return;
    if (status != XML_STATUS_OK) throw bridge.malformed();
    if (fed - XML_GetCurrentByteIndex(parser.get()) > kMaxToken) throw Unreadable(Fault::too_much_text, {part, 0});
  }
}

}  // namespace xinyi::people
