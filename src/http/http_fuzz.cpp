// Arbitrary bytes as a request to a whole dispatcher on real storage. The first line is the method and target, the second
// names headers by letter, the rest is the body. The entry is libFuzzer's; clang 14 cannot compile coroutines against this
// standard library, so a small mutating driver stands beside it: xinyi_fuzz_http [SECONDS] [SEED].
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <future>
#include <random>

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
    if (e) done.set_exception(e);
    else done.set_value(std::move(*r));
  });
  const auto reply = done.get_future().get();
  const bool planted = head.target.find("/forgot") != head.target.npos || head.target.find("/breaks") != head.target.npos;
  if ((reply.status == 500 && !planted) || reply.status < 200 || reply.status > 599) __builtin_trap();
  for (const auto& [name, value] : reply.headers)
    if (value.find_first_of("\r\n") != value.npos) __builtin_trap();
  return 0;
}

namespace {
constexpr std::string_view kSeeds[] = {
    "GET /api/v1/notes?limit=1\nc\n", "POST /api/v1/notes\ncgjk\n{\"title\":\"\xe5\xbf\x83\"}", "PUT /api/v1/files?name=a\ncguh\nbytes",
    "PUT /api/v1/notes/019a0000-0000-7000-8000-000000000000\ncgjv\n{\"title\":\"x\"}", "DELETE /api/v1/notes/%41\ncg\n{}",
    "GET /api/v1/me\n__Host-xinyi=AAAA.BBBB\n", "POST /api/v1/breaks\ncgo\n", "PATCH /api/v1/about\n\n", "GET /api/v1/%e5%bf%83//?a=b&a=c#x\nc\n"};

std::string mutated(std::string text, std::mt19937_64& random) {
  const auto below = [&](std::size_t n) { return static_cast<std::size_t>(random() % std::max<std::size_t>(n, 1)); };
  for (auto rounds = 1 + below(4); rounds > 0; --rounds) {
    const auto at = below(text.size() + 1);
    switch (below(5)) {
      case 0: text.insert(at, 1, static_cast<char>(random())); break;
      case 1: if (at < text.size()) text[at] = static_cast<char>(random()); break;
      case 2: text.erase(std::min(at, text.size()), below(6)); break;
      case 3: text.insert(at, std::string(kSeeds[below(std::size(kSeeds))]).substr(below(20), below(20))); break;
      case 4: text.insert(at, below(3) == 0 ? std::string(below(5000), '[') : std::string("%00\"\\")); break;
    }
  }
  return text;
}
}  // namespace

#ifndef XINYI_LIBFUZZER
int main(int argc, char** argv) {
  const auto seconds = std::chrono::seconds(argc > 1 ? std::atoi(argv[1]) : 10);
  std::mt19937_64 random(argc > 2 ? std::strtoull(argv[2], nullptr, 10) : std::random_device{}());
  std::size_t count = 0;
  const auto run = [&](const std::string& text) {
    ++count;
    return LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(text.data()), text.size());
  };
  for (const auto seed : kSeeds) run(std::string(seed));
  for (const auto end = std::chrono::steady_clock::now() + seconds; std::chrono::steady_clock::now() < end;)
    run(mutated(std::string(kSeeds[random() % std::size(kSeeds)]), random));
  std::printf("%zu requests\n", count);
}
#endif
