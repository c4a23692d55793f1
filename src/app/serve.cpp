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
#include "notify/hub.hpp"
#include "notify/sender.hpp"

namespace xinyi::app {
namespace {
/// No core files, not readable by other processes of the same user (trust: memory).
void harden() {
  const rlimit none{0, 0};
  setrlimit(RLIMIT_CORE, &none);
  prctl(PR_SET_DUMPABLE, 0);
  if (!frees_are_wiped()) throw storage::OperatorError("This build does not wipe the memory that it frees; it must not hold a school's secrets.");
}

/// "a,b, c" -> a, b, c.
std::set<std::string> words(std::string_view text) {
  std::set<std::string> out;
  while (!text.empty()) {
    const auto comma = text.find(',');
    if (const auto word = trimmed(text.substr(0, comma)); !word.empty()) out.emplace(word);
    text = comma == text.npos ? std::string_view{} : text.substr(comma + 1);
  }
  return out;
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
  const auto proxies = http::TrustedProxies::of(options.trusted_proxies);
  if (!proxies) throw storage::OperatorError("--trusted-proxy wants addresses, separated by commas, like 127.0.0.1,10.0.0.2.");
  SystemRandom random;
  House house(options, House::Need::existing, random);
  identity::PasswordWorkers passwords;
  const http::Services services{house.db(), house.keys(), house.schools(), passwords, house.clock(), random, options.data};
  // Before the server and after it: streams and tests of the ways out belong to requests.
  notify::Hub hub(house.db(), house.schools(), house.clock());
  notify::Outside outside({.private_hosts = words(options.hook_hosts)});
  const auto routes = all_routes({&hub, &outside});
  http::Server server(services, routes, {.address = listen->first, .port = listen->second, .proxies = *proxies, .files = screens()});
  {
    const Jobs jobs(house);
    const notify::Sender sender(house.db(), house.schools(), house.clock(), random, outside.options());
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
