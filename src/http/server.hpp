// The server: one event loop per core, each with its own listening socket on the same port.
#pragma once
#include <chrono>
#include <memory>
#include <string>

#include "http/contract.hpp"
#include "http/proxy.hpp"
#include "kernel/embedded.hpp"

namespace xinyi::http {

struct ServerOptions {
  std::string address = "127.0.0.1";  // IPv4 or IPv6, no names
  std::uint16_t port = 8080;          // 0: any free one
  unsigned loops = 0;                 // 0: one per core
  std::size_t connections = 4096;     // open at once; more get a polite 503
  std::chrono::milliseconds head_timeout{30'000};   // from the first byte of a request to the end of its head
  std::chrono::milliseconds body_timeout{30'000};   // plus one second for every 8 KiB that arrived
  std::chrono::milliseconds write_timeout{30'000};  // plus one second for every 8 KiB to send
  std::chrono::milliseconds idle_timeout{60'000};   // between requests
  std::chrono::milliseconds stop_timeout{10'000};   // running requests at stop()
  std::chrono::milliseconds ready_interval{2'000};  // how often the storage's health is asked
  TrustedProxies proxies = {};        // peers that may say for whom they speak
  std::span<const embedded::File> files = {};       // see site.hpp; empty: no screens
};

/// "127.0.0.1:8080", "[::1]:8080" -> address and port; nothing when it is neither.
std::optional<std::pair<std::string, std::uint16_t>> parse_listen(std::string_view text);

class Server {
 public:
  /// OperatorError when the address cannot be listened on. Services outlive the server; routes are copied.
  Server(const Services& services, const Routes& routes, const ServerOptions& options);
  /// Stops, when that was not done.
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  void start();
  std::uint16_t port() const;
  /// No new connections; running requests get their time; then everything is closed. Returns when all loops have ended
  /// and no request is left. Not from a handler.
  void stop();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace xinyi::http
