// Any bytes on the socket of a real server: whatever comes, the answer is whole or the line is closed, and the next
// visitor is served.
#include <set>

#include "http/testing/house.hpp"
#include "http/testing/sample.hpp"
#include "kernel/log.hpp"

namespace {
using namespace xinyi::http;
using namespace std::chrono_literals;

ServerOptions quick() {
  ServerOptions o;
  o.head_timeout = o.body_timeout = o.write_timeout = o.idle_timeout = 200ms;
  o.loops = 1;
  return o;
}

struct World {
  testing::House house{testing::note_steps()};
  testing::TestServer server{house.services(), testing::sample_routes(), quick()};
  World() {
    xinyi::log::set_sink([](std::string_view) {});
  }
};
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // Never destroyed: the threads of the server outlive main, and the operating system takes the rest.
  static auto& world = *new World;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  for (const auto* gate : {"/slow", "/forgot", "/breaks"})  // these wait or fail on purpose
    if (bytes.find(gate) != bytes.npos) return 0;
  auto raw = world.server.raw();
  raw.send(bytes);
  raw.finish_sending();
  for (int answers = 0; answers < 64; ++answers) {
    const auto reply = raw.receive(bytes.starts_with("HEAD"), 5s);
    if (reply.status == 0) break;
    static const std::set<int> kMade{200, 201, 204, 304, 400, 401, 403, 404, 405, 408, 409, 411, 412,
                                     413, 414, 415, 417, 422, 428, 429, 431, 501, 503, 505, 507};
    if (!kMade.contains(reply.status)) __builtin_trap();
  }
  if (world.server.client().get("/api/v1/about").status != 200) __builtin_trap();
  return 0;
}
