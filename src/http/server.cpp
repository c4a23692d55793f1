#include "http/server.hpp"

#include <charconv>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "http/loop.hpp"
#include "http/upload.hpp"
#include "kernel/log.hpp"
#include "kernel/stack.hpp"

namespace xinyi::http {
namespace {
using ReusePort = asio::detail::socket_option::boolean<SOL_SOCKET, SO_REUSEPORT>;

/// HTTP's own date: "Sun, 06 Nov 1994 08:49:37 GMT".
std::string http_date() {
  const auto now = ::time(nullptr);
  std::tm parts{};
  ::gmtime_r(&now, &parts);
  char text[64];
  const auto n = std::strftime(text, sizeof text, "Date: %a, %d %b %Y %H:%M:%S GMT\r\n", &parts);
  return {text, n};
}

std::string full_answer() {
  const auto reply = problem_reply(Problem{Code::unavailable, {}, {}, {}}, request_id());
  return "HTTP/1.1 503 Service Unavailable\r\n" + http_date() + std::string(kSafetyHeaders) +
         "Content-Type: application/problem+json\r\nCache-Control: no-store\r\nRetry-After: 5\r\nConnection: close\r\nContent-Length: " +
         std::to_string(reply.body.size()) + "\r\n\r\n" + reply.body;
}
}  // namespace

Loop::Loop(Shared& all, const Endpoint& where)
    : shared(all), acceptor_(io_.get_executor()), sweep_timer_(io_.get_executor()), pause_timer_(io_.get_executor()),
      now_(std::chrono::steady_clock::now()), date_(http_date()) {
  const auto& o = all.options;
  sweep_every_ = std::clamp(std::min({o.head_timeout, o.body_timeout, o.write_timeout, o.idle_timeout}) / 4,
                            std::chrono::milliseconds(10), std::chrono::milliseconds(500));
  acceptor_.open(where.protocol());
  acceptor_.set_option(asio::socket_base::reuse_address(true));
  acceptor_.set_option(ReusePort(true));
  acceptor_.bind(where);
  acceptor_.listen(1024);
}

void Loop::run() {
  accept();
  sweep();
  // All that is ready is served; then, before the thread goes to sleep, what parsers and serialisers left on its stack is
  // wiped, once for all of it.
  while (io_.run_one() > 0) {
    io_.poll();
    wipe_stack_below();
  }
}

void Loop::joined(Connection& c) {
  connections_.insert(&c);
}

void Loop::left(Connection& c) {
  connections_.erase(&c);
  shared.dispatcher.metrics().connections.fetch_sub(1, std::memory_order_relaxed);
  if (shared.stopping && connections_.empty()) sweep_timer_.cancel();
}

void Loop::accept() {
  acceptor_.async_accept(io_.get_executor(), [this](boost::system::error_code ec, Socket socket) {
    if (shared.stopping || ec == asio::error::operation_aborted) return;
    if (ec) {
      // Out of file handles, mostly: trying again at once would only burn the processor.
      log::write(log::Message::accept_failed, {{"errno", ec.value()}});
      pause_timer_.expires_after(std::chrono::milliseconds(100));
      pause_timer_.async_wait([this](boost::system::error_code stopped) { if (!stopped && !shared.stopping) accept(); });
      return;
    }
    accepted(std::move(socket));
    accept();
  });
}

void Loop::accepted(Socket socket) {
  auto& metrics = shared.dispatcher.metrics();
  const auto open = metrics.connections.fetch_add(1, std::memory_order_relaxed);
  if (open < static_cast<std::int64_t>(shared.options.connections)) return serve_connection(*this, std::move(socket));
  metrics.connections.fetch_sub(1, std::memory_order_relaxed);
  metrics.turned_away.fetch_add(1, std::memory_order_relaxed);
  log::write(log::Message::connections_full, {{"limit", shared.options.connections}});
  boost::system::error_code ignored;
  socket.non_blocking(true, ignored);
  const auto text = full_answer();
  socket.write_some(asio::buffer(text), ignored);
  socket.shutdown(Socket::shutdown_send, ignored);
  // What the peer has sent by now would turn our close into a reset that swallows the answer.
  char sink[4096];
  for (int i = 0; i < 4; ++i)
    if (socket.read_some(asio::buffer(sink), ignored) == 0) break;
}

void Loop::sweep() {
  now_ = std::chrono::steady_clock::now();
  date_ = http_date();
  for (auto it = connections_.begin(); it != connections_.end();) close_if_late(**it++, now_);
  if (shared.stopping && connections_.empty()) return;
  sweep_timer_.expires_after(sweep_every_);
  sweep_timer_.async_wait([this](boost::system::error_code) { sweep(); });
}

void Loop::stop() {
  asio::post(io_, [this] {
    boost::system::error_code ignored;
    acceptor_.close(ignored);
    pause_timer_.cancel();
    for (auto it = connections_.begin(); it != connections_.end();) close_if_idle(**it++);
    if (connections_.empty()) sweep_timer_.cancel();
  });
}

void Loop::close_all() {
  asio::post(io_, [this] {
    for (auto it = connections_.begin(); it != connections_.end();)
      if (close_now(**it++)) ++shared.cut;
  });
}

std::optional<std::pair<std::string, std::uint16_t>> parse_listen(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == text.npos) return std::nullopt;
  auto host = text.substr(0, colon);
  const auto digits = text.substr(colon + 1);
  std::uint16_t port = 0;
  const auto [end, wrong] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (wrong != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) host = host.substr(1, host.size() - 2);
  boost::system::error_code ec;
  const auto address = asio::ip::make_address(std::string(host), ec);
  if (ec || address.is_v6() != bracketed) return std::nullopt;
  return std::pair(std::string(host), port);
}

class Server::Impl {
 public:
  Impl(const Services& services, const Routes& routes, const ServerOptions& options)
      : services_(services), options_(options), dispatcher_(services, routes), site_(options.files),
        shared_{dispatcher_, site_, options_} {
    clear_uploads(services.data_dir);
    listen();
  }
  ~Impl() { stop(); }

  void start() {
    check_storage();
    for (auto& loop : loops_) threads_.emplace_back([&l = *loop] { l.run(); });
    keeper_ = std::thread([this] { keep(); });
    log::write(log::Message::server_listening, {{"address", options_.address}, {"port", port_}});
  }
  std::uint16_t port() const { return port_; }

  void stop() {
    if (threads_.empty()) return;
    log::write(log::Message::server_stopping);
    {
      const std::lock_guard lock(mutex_);
      shared_.stopping = true;
    }
    wake_.notify_all();
    for (auto& loop : loops_) loop->stop();
    const auto& open = dispatcher_.metrics().connections;
    for (const auto end = std::chrono::steady_clock::now() + options_.stop_timeout; open > 0 && std::chrono::steady_clock::now() < end;)
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    if (open > 0)
      for (auto& loop : loops_) loop->close_all();
    for (auto& t : threads_) t.join();
    threads_.clear();
    keeper_.join();
    log::write(log::Message::server_stopped, {{"cut", shared_.cut.load()}});
  }

 private:
  void listen() {
    boost::system::error_code ec;
    const auto address = asio::ip::make_address(options_.address, ec);
    if (ec) throw storage::OperatorError("Cannot listen on " + options_.address + ": not an IP address.");
    try {
      // Several sockets share the port; another program must not be able to join them, nor a second server of ours.
      if (options_.port != 0) {
        asio::io_context io;
        Acceptor probe(io.get_executor());
        const Endpoint where(address, options_.port);
        probe.open(where.protocol());
        probe.set_option(asio::socket_base::reuse_address(true));
        probe.bind(where);
        probe.listen();
      }
      port_ = options_.port;
      const auto cores = std::max(1u, std::thread::hardware_concurrency());
      for (unsigned i = 0; i < (options_.loops > 0 ? options_.loops : cores); ++i) {
        loops_.push_back(std::make_unique<Loop>(shared_, Endpoint(address, port_)));
        port_ = loops_.back()->endpoint().port();
      }
    } catch (const boost::system::system_error& e) {
      throw storage::OperatorError("Cannot listen on " + options_.address + " port " + std::to_string(options_.port) + ": " +
                                   e.code().message() + ". Choose another address with --listen ADDR:PORT.");
    }
  }

  /// The storage's health, asked off the loops: on PostgreSQL the question may wait for a network.
  void keep() {
    std::unique_lock lock(mutex_);
    while (!wake_.wait_for(lock, options_.ready_interval, [this] { return shared_.stopping.load(); })) {
      lock.unlock();
      check_storage();
      lock.lock();
    }
  }
  void check_storage() noexcept {
    bool well = false;
    try {
      shared_.scarce = services_.db.scarce();
      well = services_.db.ailment().empty();
    } catch (...) {
      // Not well, whatever it was.
    }
    shared_.ready = well;
  }

  const Services& services_;
  ServerOptions options_;
  Dispatcher dispatcher_;
  Site site_;
  Shared shared_;
  std::vector<std::unique_ptr<Loop>> loops_;
  std::vector<std::thread> threads_;
  std::thread keeper_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::uint16_t port_ = 0;
};

Server::Server(const Services& services, const Routes& routes, const ServerOptions& options)
    : impl_(std::make_unique<Impl>(services, routes, options)) {}
Server::~Server() = default;
void Server::start() { impl_->start(); }
std::uint16_t Server::port() const { return impl_->port(); }
void Server::stop() { impl_->stop(); }
}  // namespace xinyi::http
