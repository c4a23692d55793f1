// The embedded screens: portal at "/", office at "/office/", with the browser's history mode. And the headers that every
// answer of this server carries.
#pragma once
#include <map>
#include <span>
#include <string>
#include <string_view>

#include "kernel/embedded.hpp"

namespace xinyi::http {

/// Goes out with every answer, errors included; each line ends with CRLF.
extern const std::string_view kSafetyHeaders;

struct StaticAnswer {
  int status = 404;
  std::string_view body;              // embedded, lives for ever
  std::string headers;                // lines with CRLF: type, encoding, cache, ETag
};

/// Names like "portal/index.html", "office/assets/index-3f9a1c2b.js", and beside a file its "….gz" and "….br".
class Site {
 public:
  explicit Site(std::span<const embedded::File> files);
  /// `path` as sent, without query. 304 when the browser has it; 404 (empty body) when there is no such file.
  StaticAnswer find(std::string_view path, std::string_view accept_encoding, std::string_view if_none_match) const;

 private:
  struct Asset {
    std::string_view plain, gz, br;
    std::string_view type;
    std::string etag;
    bool immutable = false;  // its name changes with its content
  };
  const Asset* locate(std::string_view path) const;
  std::map<std::string, Asset, std::less<>> assets_;
};

}  // namespace xinyi::http
