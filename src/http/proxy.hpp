// Whose word about other people's addresses is believed: by default nobody's.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace xinyi::http {

class TrustedProxies {
 public:
  TrustedProxies() = default;
  /// Nothing when one of them is no IPv4 or IPv6 address (single ones, no names, no networks).
  static std::optional<TrustedProxies> of(const std::vector<std::string>& addresses);

  /// Pure: the address for which a request counts. A peer that is not in the list speaks for itself alone, whatever its
  /// headers say. One that is speaks for the right-most address of X-Forwarded-For that is not in the list: what stands left
  /// of that was written by the client. A header that says nothing usable leaves the peer's address.
  std::string client(std::string_view peer, std::string_view forwarded_for) const;

 private:
  bool has(std::string_view canonical) const;
  std::vector<std::string> addresses_;  // canonical
};

}  // namespace xinyi::http
