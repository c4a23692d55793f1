// Arbitrary bytes as a request to a whole dispatcher on real storage. The first line is the method and target, the second
// names headers by letter, the rest is the body.
#include <cstdint>
#include <future>

#include "http/dispatch.hpp"
#include "http/testing/house.hpp"
#include "http/testing/sample.hpp"
#include "kernel/log.hpp"

namespace {
using namespace xinyi;
using namespace xinyi::http;

struct World {
  testing::House house{testing::note_steps()};
  Routes routes = testing::sample_routes();
  std::string cookie = house.session(house.person("zhang", {identity::Role::counsellor}));
  Dispatcher dispatcher{house.services(), routes};
  InlineExecutor executor;
  World() {
    log::set_sink([](std::string_view) {});
  }
};

std::string_view line(std::string_view& rest) {
  const auto end = std::min(rest.find('\n'), rest.size());
  const auto out = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return out;
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static World world;
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  auto first = line(rest);
  const auto flags = line(rest);
  const auto has = [&](char c) { return flags.find(c) != flags.npos; };
  Head head;
  const auto blank = std::min(first.find(' '), first.size());
  head.method = first.substr(0, blank);
  head.target = first.substr(std::min(blank + 1, first.size()));
  if (head.target.find("/slow") != head.target.npos) return 0;  // waits for a gate that nobody opens here
  head.host = "x";
  head.content_type = has('u') ? "application/octet-stream" : has('j') ? "application/json" : flags;
  head.guard = has('g') ? "1" : flags;
  head.origin = has('o') ? flags : "";
  head.if_match = has('v') ? "\"1\"" : has('V') ? flags : "";
  head.idempotency_key = has('k') ? "0123456789abcdef" : has('K') ? flags : "";
  const auto jar = has('c') ? "__Host-xinyi=" + world.cookie : std::string(flags);
  head.cookie = jar;
  head.chunked = has('h');
  if (!head.chunked) head.content_length = rest.size();
  TextBody body{std::string(rest)};
  std::promise<Reply> done;
  spawn(world.dispatcher.serve(head, body, world.executor), [&](std::optional<Reply> r, const std::exception_ptr& e) {
    if (e)
      done.set_exception(e);
    else
      done.set_value(std::move(*r));
  });
  const auto reply = done.get_future().get();
  const bool planted =
      head.target.find("/forgot") != head.target.npos || head.target.find("/breaks") != head.target.npos;
  if ((reply.status == 500 && !planted) || reply.status < 200 || reply.status > 599) __builtin_trap();
  for (const auto& [name, value] : reply.headers)
    if (value.find_first_of("\r\n") != value.npos) __builtin_trap();
  return 0;
}
