#include <sys/prctl.h>
#include <sys/resource.h>

#include <csignal>
#include <iostream>

#include "app/commands.hpp"
#include "app/control.hpp"
#include "app/jobs.hpp"
#include "app/screens.hpp"
#include "app/wiping_allocator.hpp"
#include "http/server.hpp"

namespace xinyi::app {
namespace {
/// No core files, not readable by other processes of the same user (trust: memory).
void harden() {
  const rlimit none{0, 0};
  setrlimit(RLIMIT_CORE, &none);
  prctl(PR_SET_DUMPABLE, 0);
  if (!frees_are_wiped()) throw storage::OperatorError("This build does not wipe the memory that it frees; it must not hold a school's secrets.");
}

/// Waits for SIGINT or SIGTERM; they were blocked before any thread was started.
void wait_for_signal(const sigset_t& set) {
  int signal = 0;
  sigwait(&set, &signal);
}
}  // namespace

int serve(const Options& options) {
  harden();
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  signal(SIGPIPE, SIG_IGN);

  const auto listen = http::parse_listen(options.listen);
  if (!listen) throw storage::OperatorError("--listen wants an address and a port, like 127.0.0.1:8080.");
  SystemRandom random;
  House house(options, House::Need::existing, random);
  identity::PasswordWorkers passwords;
  const http::Services services{house.db(), house.keys(), house.schools(), passwords, house.clock(), random, options.data};
  const auto routes = all_routes();
  http::Server server(services, routes, {.address = listen->first, .port = listen->second, .files = screens()});
  {
    const Jobs jobs(house);
    std::optional<ControlSocket> control;
    if (options.database == "sqlite")
      control.emplace(options.data, [&](const ControlRequest& request, std::ostream& out, std::ostream& err) { return run(request.arguments, &house, request.folder, out, err); });
    server.start();
    std::cout << "http://" << (listen->first.find(':') == std::string::npos ? listen->first : "[" + listen->first + "]") << ":" << server.port() << std::endl;
    wait_for_signal(set);
    server.stop();
  }
  return 0;
}
}  // namespace xinyi::app
