#include "http/proxy.hpp"

#include <arpa/inet.h>

#include <algorithm>

#include "kernel/text.hpp"

namespace xinyi::http {
namespace {
/// One text for one address; an IPv4 address inside IPv6 is the IPv4 one.
std::optional<std::string> canonical(std::string_view address) {
  const std::string text(address);
  if (text.find('\0') != text.npos) return std::nullopt;
  char out[INET6_ADDRSTRLEN];
  in_addr v4{};
  if (inet_pton(AF_INET, text.c_str(), &v4) == 1) return inet_ntop(AF_INET, &v4, out, sizeof out);
  in6_addr v6{};
  if (inet_pton(AF_INET6, text.c_str(), &v6) != 1) return std::nullopt;
  if (IN6_IS_ADDR_V4MAPPED(&v6)) return inet_ntop(AF_INET, &v6.s6_addr[12], out, sizeof out);
  return inet_ntop(AF_INET6, &v6, out, sizeof out);
}
}  // namespace

std::optional<TrustedProxies> TrustedProxies::of(const std::vector<std::string>& addresses) {
  TrustedProxies out;
  for (const auto& each : addresses) {
    auto address = canonical(trimmed(each));
    if (!address) return std::nullopt;
    out.addresses_.push_back(std::move(*address));
  }
  return out;
}

bool TrustedProxies::has(std::string_view address) const {
  return std::ranges::find(addresses_, address) != addresses_.end();
}

std::string TrustedProxies::client(std::string_view peer, std::string_view forwarded_for) const {
  std::string own(peer);
  if (addresses_.empty() || forwarded_for.empty()) return own;
  if (const auto address = canonical(peer); !address || !has(*address)) return own;
  for (;;) {
    const auto comma = forwarded_for.rfind(',');
    auto address = canonical(trimmed(comma == forwarded_for.npos ? forwarded_for : forwarded_for.substr(comma + 1)));
    if (!address) return own;
    if (!has(*address)) return std::move(*address);
    if (comma == forwarded_for.npos) return own;  // proxies only
    forwarded_for = forwarded_for.substr(0, comma);
  }
}

}  // namespace xinyi::http
