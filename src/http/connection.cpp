// One connection: heads and bodies by Beast's parser, answers written by hand. All of it is one coroutine on one loop.
#include <charconv>

#include <boost/asio/write.hpp>
#include <boost/beast/core/string.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/status.hpp>

#include "http/loop.hpp"
#include "http/upload.hpp"
#include "kernel/log.hpp"

namespace xinyi::http {
namespace {
namespace beast = boost::beast;
using Parser = beast::http::request_parser<beast::http::buffer_body>;

constexpr std::size_t kHeadLimit = 16 * 1024;
constexpr std::size_t kSmallBuffer = 4 * 1024;
constexpr std::size_t kDrain = 64 * 1024;            // a refused body up to this size is read, so that the connection can go on
constexpr auto kLinger = std::chrono::seconds(5);    // a larger one: so long may the peer go on sending before it must have read the refusal
constexpr std::int64_t kSlowestBytesPerSecond = 8 * 1024;

/// Bytes read and not yet parsed. Wiped whenever it empties; small again between requests.
class InBuffer {
 public:
  InBuffer() { reset(kSmallBuffer); }
  ~InBuffer() { wipe(); }
  InBuffer(const InBuffer&) = delete;
  InBuffer& operator=(const InBuffer&) = delete;
  asio::const_buffer data() const { return {memory_.get() + begin_, end_ - begin_}; }
  bool empty() const { return begin_ == end_; }
  void consume(std::size_t n) { begin_ += n; }
  /// Room behind the data; an empty buffer when kHeadLimit is reached.
  asio::mutable_buffer room() {
    if (empty()) begin_ = end_ = 0;
    if (end_ == size_) make_room();
    return {memory_.get() + end_, size_ - end_};
  }
  void filled(std::size_t n) {
    end_ += n;
    high_ = std::max(high_, end_);
  }
  /// Between requests: nothing of the last one stays, what came of the next one does.
  void forget() {
    if (!empty()) return move_down(size_);
    wipe();
    begin_ = end_ = high_ = 0;
    if (size_ > kSmallBuffer) reset(kSmallBuffer);
  }

 private:
  void reset(std::size_t size) {
    memory_ = std::make_unique_for_overwrite<char[]>(size);
    size_ = size;
  }
  void wipe() { explicit_bzero(memory_.get(), high_); }
  void make_room() { move_down(begin_ > 0 ? size_ : std::min(size_ * 2, kHeadLimit)); }
  void move_down(std::size_t size) {
    auto next = std::make_unique_for_overwrite<char[]>(size);
    std::copy(memory_.get() + begin_, memory_.get() + end_, next.get());
    wipe();
    memory_ = std::move(next);
    size_ = size;
    end_ -= begin_;
    begin_ = 0;
    high_ = end_;
  }
  std::unique_ptr<char[]> memory_;
  std::size_t size_ = 0, begin_ = 0, end_ = 0, high_ = 0;
};

struct ReadSome {
  Socket& socket;
  asio::mutable_buffer into;
  std::size_t got = 0;
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> h) {
    socket.async_read_some(into, [this, h](boost::system::error_code ec, std::size_t n) {
      got = ec ? 0 : n;
      h.resume();
    });
  }
  std::size_t await_resume() const noexcept { return got; }  // 0: gone
};

struct WriteAll {
  Socket& socket;
  std::array<asio::const_buffer, 2> what;
  bool good = false;
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> h) {
    asio::async_write(socket, what, [this, h](boost::system::error_code ec, std::size_t) {
      good = !ec;
      h.resume();
    });
  }
  bool await_resume() const noexcept { return good; }
};

bool is_number(std::string_view t) { return !t.empty() && t.find_first_not_of("0123456789") == t.npos; }
std::string_view std_view(beast::string_view v) { return {v.data(), v.size()}; }

/// False when the head is ambiguous: then nobody may guess what was meant.
bool read_head(const Parser& parser, Head& out) {
  using beast::http::field;
  const auto& message = parser.get();
  out.method = std_view(message.method_string());
  out.target = std_view(message.target());
  bool hosts = false, lengths = false, codings = false, good = true;
  const auto once = [&](std::string_view& slot, std::string_view v) {
    good = good && slot.data() == nullptr;
    slot = v.data() == nullptr ? std::string_view("") : v;
  };
  const auto first = [&](bool& seen) {
    good = good && !seen;
    seen = true;
  };
  for (const auto& f : message) {
    const auto value = std_view(f.value());
    switch (f.name()) {
      case field::host: first(hosts); out.host = value; break;
      case field::content_length: first(lengths); good = good && is_number(value); break;
      case field::transfer_encoding: first(codings); good = good && beast::iequals(value, "chunked") && message.version() == 11; break;
      case field::origin: once(out.origin, value); break;
      case field::content_type: once(out.content_type, value); break;
      case field::cookie: once(out.cookie, value); break;
      case field::sec_fetch_site: once(out.fetch_site, value); break;  // a name that Beast knows: never "unknown"
      case field::if_match: once(out.if_match, value); break;
      case field::if_none_match: out.if_none_match = value; break;
      case field::accept_encoding: out.accept_encoding = value; break;
      case field::forwarded: case field::via: out.forwarded = true; break;
      case field::unknown: {
        const auto name = f.name_string();
        if (beast::iequals(name, "X-Xinyi")) once(out.guard, value);
        else if (beast::iequals(name, "Idempotency-Key")) once(out.idempotency_key, value);
        else if (beast::iequals(name, "Last-Event-ID")) once(out.last_event_id, value);
        else if (beast::iequals(name, "X-Real-IP")) out.forwarded = true;
        else if (beast::iequals(name, "X-Forwarded-For")) {
          out.forwarded = true;
          if (!out.forwarded_for.empty()) out.forwarded_for += ',';  // several lines are one list
          out.forwarded_for += value;
        }
        break;
      }
      default: break;
    }
  }
  out.chunked = parser.chunked();
  if (const auto n = parser.content_length()) out.content_length = *n;
  if (lengths && codings) good = false;
  if (message.version() == 11 && out.host.empty()) good = false;
  return good && out.target.starts_with('/');
}
}  // namespace

/// What goes out; the body may be embedded or its own.
struct Outgoing {
  int status = 200;
  std::string headers = {};       // lines with CRLF
  std::string own = {};
  std::string_view body = {};     // when own is empty
  std::shared_ptr<Stream> stream = {};  // instead of both
  std::string_view text() const { return own.empty() ? body : std::string_view(own); }
};

class Connection final : public Body {
 public:
  Connection(Loop& loop, Socket socket) : loop_(loop), socket_(std::move(socket)) { loop_.joined(*this); }
  ~Connection() override { loop_.left(*this); }

  Task<void> run();
  Task<std::size_t> some(char* out, std::size_t size) override;

  void close_if_late(Moment now) { if (now > deadline_) close(); }
  void close_if_idle() {
    if (stream_) stream_->stop();  // it has no end of its own that a stopping server could wait for
    else if (idle_) close();
  }
  bool close() {
    boost::system::error_code ignored;
    socket_.close(ignored);
    if (stream_) stream_->stop();
    return !idle_ && !stream_;
  }

 private:
  enum class Came { head, nothing, unreadable, too_long };
  Task<Came> receive_head();
  Task<Outgoing> answer(const Head& head);
  void begin_head(const Outgoing& out);
  Task<bool> send(const Outgoing& out, bool head_only, bool keep);
  Task<void> pour(const Outgoing& out);
  void watch_peer();
  Task<bool> finish_body();
  Task<void> linger();
  Task<void> refuse(Code code, int status);
  Outgoing own_page(const Head& head, std::string_view path) const;
  void time_out_in(std::chrono::milliseconds d, std::size_t bytes = 0) {
    deadline_ = loop_.now() + d + std::chrono::seconds(static_cast<std::int64_t>(bytes) / kSlowestBytesPerSecond);
  }

  Loop& loop_;
  Socket socket_;
  InBuffer in_;
  std::optional<Parser> parser_;
  std::shared_ptr<Stream> stream_;  // while one is being sent
  std::string out_;
  std::string remote_;
  bool loopback_ = false;
  Moment deadline_ = Moment::max();
  std::size_t body_bytes_ = 0;
  bool idle_ = true;             // no byte of a request has come
  bool expects_continue_ = false;
  bool framing_lost_ = false;    // the body could not be followed to its end
};

void close_if_late(Connection& c, Moment now) { c.close_if_late(now); }
void close_if_idle(Connection& c) { c.close_if_idle(); }
bool close_now(Connection& c) { return c.close(); }

Task<Connection::Came> Connection::receive_head() {
  parser_.emplace();
  parser_->header_limit(kHeadLimit);
  parser_->body_limit(boost::none);  // judged by the route
  body_bytes_ = 0;
  expects_continue_ = framing_lost_ = false;
  idle_ = in_.empty();
  time_out_in(idle_ ? loop_.shared.options.idle_timeout : loop_.shared.options.head_timeout);
  while (!parser_->is_header_done()) {
    if (!in_.empty()) {
      boost::system::error_code ec;
      in_.consume(parser_->put(in_.data(), ec));
      if (!ec) continue;
      if (ec == beast::http::error::header_limit) co_return Came::too_long;
      if (ec != beast::http::error::need_more) co_return Came::unreadable;
    }
    const auto room = in_.room();
    if (room.size() == 0) co_return Came::too_long;
    const auto n = co_await ReadSome{socket_, room};
    if (n == 0) co_return Came::nothing;
    in_.filled(n);
    if (idle_) time_out_in(loop_.shared.options.head_timeout);
    idle_ = false;
  }
  expects_continue_ = beast::iequals(parser_->get()[beast::http::field::expect], "100-continue");
  co_return Came::head;
}

Task<std::size_t> Connection::some(char* out, std::size_t size) {
  if (parser_->is_done()) co_return 0;
  if (expects_continue_) {
    expects_continue_ = false;
    static constexpr std::string_view kGoOn = "HTTP/1.1 100 Continue\r\n\r\n";
    co_await WriteAll{socket_, {asio::buffer(kGoOn), {}}};
  }
  auto& body = parser_->get().body();
  while (!parser_->is_done()) {
    if (!in_.empty()) {
      boost::system::error_code ec;
      body.data = out;
      body.size = size;
      body.more = true;
      in_.consume(parser_->put(in_.data(), ec));
      if (ec == beast::http::error::need_buffer) ec = {};
      const auto got = size - body.size;
      if (ec && ec != beast::http::error::need_more) {
        framing_lost_ = true;
        throw Refusal(Code::malformed, "body");
      }
      body_bytes_ += got;
      if (got > 0) co_return got;
      if (!ec) continue;
    }
    const auto room = in_.room();
    time_out_in(loop_.shared.options.body_timeout, body_bytes_);
    const auto n = room.size() == 0 ? 0 : co_await ReadSome{socket_, room};
    if (n == 0) {
      framing_lost_ = true;
      throw Refusal(Code::malformed, "body");
    }
    in_.filled(n);
  }
  co_return 0;
}

Outgoing Connection::own_page(const Head& head, std::string_view path) const {
  Outgoing out;
  const auto plain = [&](int status, std::string text) {
    out.status = status;
    out.own = std::move(text);
    out.headers = "Content-Type: text/plain; charset=utf-8\r\nCache-Control: no-store\r\n";
  };
  const auto problem = [&](Code code) {
    auto reply = problem_reply(Problem{code, {}, {}, {}}, request_id());
    out.status = reply.status;
    out.own = std::move(reply.body);
    out.headers = "Content-Type: application/problem+json\r\nCache-Control: no-store\r\n";
    if (code == Code::method_not_allowed) out.headers += "Allow: GET, HEAD\r\n";
  };
  if (head.method != "GET" && head.method != "HEAD") {
    problem(Code::method_not_allowed);
  } else if (path == "/healthz") {
    plain(200, "ok\n");
  } else if (path == "/readyz") {
    const bool ready = loop_.shared.ready && !loop_.shared.stopping;
    plain(ready ? 200 : 503, ready                ? "ready\n"
                             : loop_.shared.scarce ? "not ready: the disk is full. People can sign in and out and records can be read; "
                                                     "nothing else is saved until there is room.\n"
                                                   : "not ready\n");
  } else if (path == "/metrics" && loopback_ && !head.forwarded) {
    plain(200, loop_.shared.dispatcher.metrics().text());
  } else {
    auto found = path == "/metrics" ? StaticAnswer{} : loop_.shared.site.find(path, head.accept_encoding, head.if_none_match);
    if (found.status == 404) {
      problem(Code::not_found);
    } else {
      out.status = found.status;
      out.body = found.body;
      out.headers = std::move(found.headers);
    }
  }
  return out;
}

Task<Outgoing> Connection::answer(const Head& head) {
  const auto path = head.target.substr(0, head.target.find('?'));
  if (!path.starts_with("/api/")) co_return own_page(head, path);
  auto reply = co_await loop_.shared.dispatcher.serve(head, *this, loop_);
  Outgoing out;
  out.status = reply.status;
  if (!reply.body.empty() || reply.stream) out.headers.append("Content-Type: ").append(reply.type).append("\r\n");
  for (const auto& [name, value] : reply.headers) {
    invariant(value.find_first_of("\r\n") == value.npos, "line break in a header");
    out.headers.append(name).append(": ").append(value).append("\r\n");
  }
  out.own = std::move(reply.body);
  out.stream = std::move(reply.stream);
  co_return out;
}

void Connection::begin_head(const Outgoing& out) {
  out_.clear();
  out_.append("HTTP/1.1 ").append(std::to_string(out.status)).append(" ");
  out_.append(std_view(beast::http::obsolete_reason(static_cast<beast::http::status>(out.status)))).append("\r\n");
  out_.append(loop_.date_line()).append(kSafetyHeaders).append(out.headers);
}

Task<bool> Connection::send(const Outgoing& out, bool head_only, bool keep) {
  const auto text = out.text();
  const bool bodiless = out.status == 204 || out.status == 304;
  begin_head(out);
  if (!bodiless) out_.append("Content-Length: ").append(std::to_string(text.size())).append("\r\n");
  if (!keep) out_.append("Connection: close\r\n");
  else if (parser_->get().version() == 10) out_.append("Connection: keep-alive\r\n");
  out_.append("\r\n");
  time_out_in(loop_.shared.options.write_timeout, text.size());
  const bool with_body = !bodiless && !head_only;
  co_return co_await WriteAll{socket_, {asio::buffer(out_), with_body ? asio::buffer(text) : asio::const_buffer{}}};
}

/// A peer that closes, or goes on talking, ends the stream at once and not only at the next piece that cannot be sent.
void Connection::watch_peer() {
  // The handler may come after this connection is gone: all that it needs is its own.
  const auto byte = std::make_shared<std::array<char, 1>>();
  socket_.async_read_some(asio::buffer(*byte), [byte, stream = stream_](boost::system::error_code, std::size_t) { stream->stop(); });
}

/// Sends a reply that goes on, until it ends, the peer leaves or the server stops.
Task<void> Connection::pour(const Outgoing& out) {
  const bool chunked = parser_->get().version() == 11;
  begin_head(out);
  out_.append(chunked ? "Transfer-Encoding: chunked\r\n" : "").append("X-Accel-Buffering: no\r\nConnection: close\r\n\r\n");
  time_out_in(loop_.shared.options.write_timeout);
  stream_ = out.stream;
  bool sent = co_await WriteAll{socket_, {asio::buffer(out_), {}}};
  if (sent) watch_peer();
  while (sent && !loop_.shared.stopping) {
    deadline_ = Moment::max();
    const auto piece = co_await stream_->next();
    if (!piece) break;
    if (piece->empty()) continue;  // an empty chunk would be the end
    time_out_in(loop_.shared.options.write_timeout, piece->size());
    out_.clear();
    if (chunked) {
      char size[20];
      out_.append(size, std::to_chars(size, size + sizeof size, piece->size(), 16).ptr).append("\r\n").append(*piece).append("\r\n");
    } else {
      out_ = *piece;
    }
    sent = co_await WriteAll{socket_, {asio::buffer(out_), {}}};
  }
  stream_->stop();
  static constexpr std::string_view kLast = "0\r\n\r\n";
  time_out_in(loop_.shared.options.write_timeout);
  if (sent && chunked) co_await WriteAll{socket_, {asio::buffer(kLast), {}}};
  stream_.reset();
}

/// After a refusal that came before the body: reads the rest when it is small. False: the connection must end.
Task<bool> Connection::finish_body() {
  if (parser_->is_done()) co_return true;
  const auto left = parser_->content_length_remaining();
  if (framing_lost_ || expects_continue_ || !left || *left > kDrain) co_return false;
  std::array<char, 4096> sink;
  bool good = true;
  try {
    while (co_await some(sink.data(), sink.size()) > 0) {}
  } catch (const Refusal&) {
    good = false;
  }
  explicit_bzero(sink.data(), sink.size());
  co_return good;
}

/// Closing with unread bytes would reset the connection and could destroy our answer on its way.
Task<void> Connection::linger() {
  boost::system::error_code ec;
  socket_.shutdown(Socket::shutdown_send, ec);
  if (ec) co_return;
  deadline_ = loop_.now() + kLinger;
  std::array<char, 4096> sink;
  while (co_await ReadSome{socket_, asio::buffer(sink)} > 0) {}
  explicit_bzero(sink.data(), sink.size());
}

Task<void> Connection::refuse(Code code, int status) {
  auto reply = problem_reply(Problem{code, {}, {}, {}}, request_id());
  Outgoing out;
  out.status = status;
  out.own = std::move(reply.body);
  out.headers = "Content-Type: application/problem+json\r\nCache-Control: no-store\r\n";
  if (co_await send(out, false, false)) co_await linger();
}

Task<void> Connection::run() {
  boost::system::error_code ec;
  const auto peer = socket_.remote_endpoint(ec).address();
  if (ec) co_return;
  const bool mapped = peer.is_v6() && peer.to_v6().is_v4_mapped();
  remote_ = peer.to_string();
  loopback_ = peer.is_loopback() || (mapped && asio::ip::make_address_v4(asio::ip::v4_mapped, peer.to_v6()).is_loopback());
  socket_.set_option(asio::ip::tcp::no_delay(true), ec);

  while (!loop_.shared.stopping || !in_.empty()) {
    const auto came = co_await receive_head();
    if (came == Came::nothing) break;
    Head head;
    if (came == Came::too_long) {
      co_await refuse(Code::too_large, 431);
      break;
    }
    if (came == Came::unreadable || !read_head(*parser_, head)) {
      co_await refuse(Code::malformed, 400);
      break;
    }
    head.remote = loop_.shared.options.proxies.client(remote_, head.forwarded_for);
    deadline_ = Moment::max();  // the handler's own time
    auto out = co_await answer(head);
    if (out.stream) {
      co_await pour(out);  // the API knows no HEAD: a body is wanted
      break;
    }
    const bool keep = parser_->keep_alive() && !loop_.shared.stopping && !framing_lost_;
    const bool follow = keep && co_await finish_body();
    const bool sent = co_await send(out, head.method == "HEAD", follow);
    const bool unread = !parser_->is_done();
    wipe_text(out.own);
    wipe_text(out_);
    parser_.reset();
    in_.forget();
    if (!sent) break;
    if (!follow) {
      if (unread) co_await linger();
      break;
    }
  }
}

namespace {
task_detail::Detached live(Loop& loop, Socket socket) {
  Connection connection(loop, std::move(socket));
  try {
    co_await connection.run();
  } catch (...) {
    log::write(log::Message::connection_failed);
  }
}
}  // namespace

void serve_connection(Loop& loop, Socket socket) { live(loop, std::move(socket)); }
}  // namespace xinyi::http
