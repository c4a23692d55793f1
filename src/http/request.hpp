// A request as it stands on the wire, before anything is believed about it.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "kernel/problem.hpp"
#include "kernel/task.hpp"

namespace xinyi::http {

/// The head. Views live as long as the request; an absent header is empty. Framing has been checked by the parser.
struct Head {
  std::string_view method;           // as sent, e.g. "POST"
  std::string_view target;           // as sent, begins with '/'
  std::string_view host;
  std::string_view origin;
  std::string_view fetch_site;       // Sec-Fetch-Site
  std::string_view guard;            // X-Xinyi
  std::string_view content_type;
  std::string_view cookie;
  std::string_view idempotency_key;
  std::string_view if_match;
  std::string_view if_none_match;
  std::string_view last_event_id;    // Last-Event-ID
  std::string_view accept_encoding;
  bool forwarded = false;            // came through a proxy; its headers are only noticed, but for forwarded_for
  std::string forwarded_for;         // X-Forwarded-For; believed of trusted proxies alone (proxy.hpp)
  bool chunked = false;
  std::optional<std::uint64_t> content_length;
  std::string remote;                // address without port: the peer's, or the one for which a trusted proxy speaks

  bool has_body() const { return chunked || content_length.value_or(0) > 0; }
};

/// The body, read only when somebody asks for it.
class Body {
 public:
  virtual ~Body() = default;
  /// Up to `size` bytes into `out`; 0 at the end. Refusal(malformed) when the framing is wrong or the peer is gone.
  virtual Task<std::size_t> some(char* out, std::size_t size) = 0;
};

/// A body that is already here: tests, fuzzing.
class TextBody final : public Body {
 public:
  explicit TextBody(std::string text) : text_(std::move(text)) {}
  Task<std::size_t> some(char* out, std::size_t size) override {
    const auto n = text_.copy(out, size, at_);
    at_ += n;
    co_return n;
  }

 private:
  std::string text_;
  std::size_t at_ = 0;
};

/// "/a/b%20c?x=1" taken apart and decoded; nothing when it is not well-formed UTF-8 without control characters.
struct Target {
  std::string_view raw_path;                                    // undecoded
  std::vector<std::string> segments;                            // decoded
  std::vector<std::pair<std::string, std::string>> query;       // decoded, in order
};
std::optional<Target> parse_target(std::string_view target);

/// A cookie's value from the Cookie header; empty when absent.
std::string_view cookie_value(std::string_view header, std::string_view name);

constexpr std::string_view kCookie = "__Host-xinyi";

/// Throws Refusal(cross_site) unless a write comes from our own pages: X-Xinyi: 1, and, where the browser says them,
/// Sec-Fetch-Site same-origin or none and Origin equal to the Host.
void require_own_site(const Head& head);

/// "application/json; charset=utf-8" is `type` "application/json"; case does not matter.
bool media_type_is(std::string_view header, std::string_view type);

}  // namespace xinyi::http
