// Any bytes as the Cookie header. A value that is believed to be a token is the one way of writing that token.
#include "http/request.hpp"
#include "identity/sessions.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace xinyi;
  const auto header = text(View(data, size));
  for (const auto value : {http::cookie_value(header, http::kCookie), header}) {
    const auto token = identity::Token::from_cookie(value);
    if (!token) continue;
    if (token->to_cookie() != value) __builtin_trap();
    (void)token->lookup();
  }
  return 0;
}
