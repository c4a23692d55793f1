#include "http/contract.hpp"

namespace xinyi::http::detail {

Reply make_reply(File&& file, const std::string& media) {
  if (file.name.empty() || file.name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789._-") != file.name.npos)
    throw Bug("a file's name does not fit into a header");
  Reply out;
  out.type = media;
  out.body = std::move(file.content);
  out.headers.emplace_back("Content-Disposition", (file.shown ? "inline" : "attachment") + std::string("; filename=\"") + file.name + "\"");
  return out;
}

}  // namespace xinyi::http::detail
