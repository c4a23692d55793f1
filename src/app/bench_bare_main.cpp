// The machine's own limits, for script/bench. What is measured beside the product:
//   xinyi_bench_bare serve FOLDER          GET /hello and POST /answers by the same HTTP library with nothing above it;
//                                          an answer is parsed, three rows are group-committed, then the reply goes out
//   xinyi_bench_bare probe FOLDER SECONDS  fdatasync of 4 KiB appended, one after the other
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <boost/json.hpp>
#include <chrono>
#include <filesystem>
#include <iostream>
#include <thread>

#include "storage/database.hpp"

namespace {
namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using namespace xinyi;
using Context = asio::io_context;
using Socket = asio::basic_stream_socket<asio::ip::tcp, Context::executor_type>;
using Acceptor = asio::basic_socket_acceptor<asio::ip::tcp, Context::executor_type>;
using ReusePort = asio::detail::socket_option::boolean<SOL_SOCKET, SO_REUSEPORT>;

const SchoolId kSchool(Fixed<16>{1});

class Peer : public std::enable_shared_from_this<Peer> {
 public:
  Peer(Context& io, Socket socket, storage::Database& db) : io_(io), socket_(std::move(socket)), db_(db) {}

  void read() {
    request_ = {};
    http::async_read(socket_, buffer_, request_, [self = shared_from_this()](beast::error_code ec, std::size_t) {
      if (ec) return;
      if (self->request_.method() == http::verb::post) self->keep();
      else self->reply(http::status::ok, R"({"hello":"world"})");
    });
  }

 private:
  void reply(http::status status, std::string body) {
    response_ = {status, request_.version()};
    response_.set(http::field::content_type, "application/json");
    response_.keep_alive(request_.keep_alive());
    response_.body() = std::move(body);
    response_.prepare_payload();
    http::async_write(socket_, response_, [self = shared_from_this()](beast::error_code ec, std::size_t) {
      if (!ec && self->response_.keep_alive()) self->read();
    });
  }

  void keep() {
    beast::error_code ec;
    const auto value = boost::json::parse(request_.body(), ec);
    const auto* object = ec ? nullptr : value.if_object();
    const auto* field = object ? object->if_contains("answers") : nullptr;
    const auto* answers = field ? field->if_array() : nullptr;
    if (answers == nullptr) return reply(http::status::bad_request, "{}");
    score_ = 0;
    for (const auto& a : *answers) score_ += a.to_number<std::int64_t>();
    static std::atomic<std::int64_t> numbers{0};
    const auto id = ++numbers;
    db_.write_later(
        kSchool,
        [this, id, score = score_](storage::WriteTx& tx) {
          tx.exec("INSERT INTO answers (school_id, id, score, body) VALUES (?1, ?2, ?3, ?4)", kSchool, id, score, view(request_.body()));
          tx.exec("INSERT INTO answer_keys (school_id, spread, id) VALUES (?1, ?2, ?3)", kSchool, id * 0x61c88647 % 1'000'000'007, id);
          tx.exec("INSERT INTO events (school_id, id, body) VALUES (?1, ?2, ?3)", kSchool, id, "an answer came");
        },
        [self = shared_from_this(), id](std::exception_ptr e) {
          asio::post(self->io_, [self, id, failed = e != nullptr] {
            self->reply(failed ? http::status::internal_server_error : http::status::created, fmt::format("{{\"id\":{},\"score\":{}}}", id, self->score_));
          });
        });
  }

  Context& io_;
  Socket socket_;
  storage::Database& db_;
  beast::flat_buffer buffer_;
  http::request<http::string_body> request_;
  http::response<http::string_body> response_;
  std::int64_t score_ = 0;
};

class Loop {
 public:
  Loop(storage::Database& db, std::uint16_t port) : acceptor_(io_), db_(db) {
    const asio::ip::tcp::endpoint where(asio::ip::address_v4::loopback(), port);
    acceptor_.open(where.protocol());
    acceptor_.set_option(ReusePort(true));
    acceptor_.bind(where);
    acceptor_.listen(1024);
    accept();
  }
  std::uint16_t port() const { return acceptor_.local_endpoint().port(); }
  Context& io() { return io_; }

 private:
  void accept() {
    acceptor_.async_accept([this](beast::error_code ec, Socket socket) {
      if (ec) return;
      socket.set_option(asio::ip::tcp::no_delay(true));
      std::make_shared<Peer>(io_, std::move(socket), db_)->read();
      accept();
    });
  }
  Context io_{1};
  Acceptor acceptor_;
  storage::Database& db_;
};

int serve(const std::string& folder) {
  const auto db = storage::open_sqlite({.path = folder + "/bare.db", .vfs = {}});
  const std::array<storage::Migration, 1> schema{
      {{"0001_bare.sql",
        "CREATE TABLE answers (school_id BLOB NOT NULL, id INTEGER NOT NULL, score INTEGER NOT NULL, body BLOB NOT NULL,"
        " PRIMARY KEY (school_id, id)) STRICT, WITHOUT ROWID;"
        "CREATE TABLE answer_keys (school_id BLOB NOT NULL, spread INTEGER NOT NULL, id INTEGER NOT NULL,"
        " PRIMARY KEY (school_id, spread)) STRICT, WITHOUT ROWID;"
        "CREATE TABLE events (school_id BLOB NOT NULL, id INTEGER NOT NULL, body TEXT NOT NULL,"
        " PRIMARY KEY (school_id, id)) STRICT, WITHOUT ROWID;"}}};
  db->migrate(schema);
  std::vector<std::unique_ptr<Loop>> loops;
  for (unsigned i = 0; i < std::max(1u, std::thread::hardware_concurrency()); ++i)
    loops.push_back(std::make_unique<Loop>(*db, i == 0 ? std::uint16_t{0} : loops.front()->port()));
  std::vector<std::thread> threads;
  for (const auto& loop : loops) threads.emplace_back([&loop] { loop->io().run(); });
  std::cout << "http://127.0.0.1:" << loops.front()->port() << std::endl;
  for (std::string line; std::getline(std::cin, line);) {}
  for (const auto& loop : loops) loop->io().stop();
  for (auto& t : threads) t.join();
  // What the disk still owes is answered before the sockets go.
  db->write(kSchool, [](storage::WriteTx&) {});
  return 0;
}

int probe(const std::string& folder, double seconds) {
  using Clock = std::chrono::steady_clock;
  const auto path = folder + "/probe";
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  const std::string page(4096, 'x');
  std::vector<double> millis;
  const auto start = Clock::now();
  const auto since = [](Clock::time_point from) { return std::chrono::duration<double>(Clock::now() - from).count(); };
  while (fd >= 0 && since(start) < seconds) {
    const auto one = Clock::now();
    if (::write(fd, page.data(), page.size()) != static_cast<ssize_t>(page.size()) || ::fdatasync(fd) != 0) break;
    millis.push_back(since(one) * 1000);
  }
  ::close(fd);
  std::filesystem::remove(path);
  if (millis.empty()) {
    fmt::print(stderr, "{} cannot be written and synchronised\n", path);
    return 1;
  }
  const auto rate = static_cast<double>(millis.size()) / since(start);
  std::ranges::sort(millis);
  const auto at = [&](double q) { return millis[static_cast<std::size_t>(q * static_cast<double>(millis.size() - 1))]; };
  fmt::print("{{\"rate\":{:.0f},\"p50\":{:.3f},\"p99\":{:.3f},\"max\":{:.3f}}}\n", rate, at(0.5), at(0.99), at(1));
  return 0;
}
}  // namespace

int main(int argc, char** argv) {
  const std::string_view what = argc > 2 ? argv[1] : "";
  if (what == "serve") return serve(argv[2]);
  if (what == "probe" && argc > 3) return probe(argv[2], std::atof(argv[3]));
  fmt::print(stderr, "usage: {} serve FOLDER | probe FOLDER SECONDS\n", argv[0]);
  return 2;
}
