// Inside of the server: event loop and connection. The only header with Asio in it; two translation units include it.
#pragma once
#include <atomic>
#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <set>

#include "http/dispatch.hpp"
#include "http/server.hpp"
#include "http/site.hpp"

namespace xinyi::http {

namespace asio = boost::asio;
using Endpoint = asio::ip::tcp::endpoint;
using Socket = asio::basic_stream_socket<asio::ip::tcp, asio::io_context::executor_type>;
using Acceptor = asio::basic_socket_acceptor<asio::ip::tcp, asio::io_context::executor_type>;
using Moment = std::chrono::steady_clock::time_point;
using Timer = asio::basic_waitable_timer<std::chrono::steady_clock, asio::wait_traits<std::chrono::steady_clock>,
                                         asio::io_context::executor_type>;

class Connection;

/// What all loops share.
struct Shared {
  Dispatcher& dispatcher;
  const Site& site;
  const ServerOptions& options;
  std::atomic<bool> stopping{false};
  std::atomic<bool> ready{false};
  std::atomic<bool> scarce{false};   // the disk is full: only vital writes are taken
  std::atomic<std::int64_t> cut{0};  // requests closed at the end of stop()
};

/// One thread runs a loop; everything of its connections happens on that thread.
class Loop final : public Executor {
 public:
  /// Listens. boost::system::system_error when it cannot.
  Loop(Shared& all, const Endpoint& where);
  Endpoint endpoint() const { return acceptor_.local_endpoint(); }

  void post(std::coroutine_handle<> h) override {
    asio::post(io_, [h] { h.resume(); });
  }
  void run();        // the thread's body; ends when stopped and the last connection is gone
  void stop();       // from any thread
  void close_all();  // from any thread: running requests too

  void joined(Connection& c);
  void left(Connection& c);
  /// Good to a second or so: moves with the sweep.
  Moment now() const { return now_; }
  std::string_view date_line() const { return date_; }
  Shared& shared;

 private:
  void accept();
  void accepted(Socket socket);
  void sweep();
  asio::io_context io_{1};
  Acceptor acceptor_;
  Timer sweep_timer_, pause_timer_;
  std::chrono::milliseconds sweep_every_;
  std::set<Connection*> connections_;
  Moment now_;
  std::string date_;
};

/// Serves one socket until it ends.
void serve_connection(Loop& loop, Socket socket);
// What the loop asks of a connection.
void close_if_late(Connection& c, Moment now);
void close_if_idle(Connection& c);
/// True when a request was running.
bool close_now(Connection& c);

}  // namespace xinyi::http
