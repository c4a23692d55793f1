#include "app/control.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <sstream>

#include "storage/database.hpp"

namespace xinyi::app {
namespace {
namespace json = boost::json;
constexpr std::size_t kLongestRequest = 64 * 1024;

bool address_of(const std::string& data_folder, sockaddr_un& out) {
  const auto path = data_folder + "/control";
  if (path.size() >= sizeof out.sun_path) return false;
  out = {};
  out.sun_family = AF_UNIX;
  std::copy(path.begin(), path.end(), out.sun_path);
  return true;
}

bool send_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const auto n = ::send(fd, text.data(), text.size(), MSG_NOSIGNAL);
    if (n <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

/// Until the other side has finished sending.
std::string receive_all(int fd, std::size_t most) {
  std::string out;
  char buffer[16384];
  for (;;) {
    const auto n = ::recv(fd, buffer, sizeof buffer, 0);
    if (n <= 0 || out.size() > most) return out;
    out.append(buffer, static_cast<std::size_t>(n));
  }
}

/// Only the server's own user and root.
bool trusted(int fd) {
  ucred who{};
  socklen_t size = sizeof who;
  return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &size) == 0 && (who.uid == geteuid() || who.uid == 0);
}
}  // namespace

ControlSocket::ControlSocket(const std::string& data_folder, Work work) : path_(data_folder + "/control"), work_(std::move(work)) {
  sockaddr_un address{};
  int pipe_ends[2];
  if (!address_of(data_folder, address)) throw storage::OperatorError("The data folder's path is too long; choose a shorter one with --data.");
  ::unlink(path_.c_str());  // the folder's lock is ours, so nobody listens there
  listener_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const auto mask = ::umask(0177);
  const bool bound = ::bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  ::umask(mask);
  if (!bound || ::listen(listener_, 8) != 0 || ::pipe(pipe_ends) != 0)
    throw storage::OperatorError("The socket " + path_ + " cannot be made. Check the permissions of the data folder.");
  stop_read_ = pipe_ends[0];
  stop_write_ = pipe_ends[1];
  thread_ = std::thread([this] { run(); });
}

ControlSocket::~ControlSocket() {
  (void)!::write(stop_write_, "x", 1);
  thread_.join();
  for (int fd : {listener_, stop_read_, stop_write_}) ::close(fd);
  ::unlink(path_.c_str());
}

void ControlSocket::run() {
  for (;;) {
    pollfd ends[2] = {{listener_, POLLIN, 0}, {stop_read_, POLLIN, 0}};
    if (::poll(ends, 2, -1) < 0) continue;
    if (ends[1].revents) return;
    const int connection = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (connection < 0) continue;
    timeval limit{10, 0};
    setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    if (trusted(connection)) answer(connection);
    ::close(connection);
  }
}

void ControlSocket::answer(int connection) {
  json::error_code ec;
  const auto value = json::parse(receive_all(connection, kLongestRequest), ec);
  if (ec || !value.is_object()) return;
  std::ostringstream out, err;
  int status = 1;
  try {
    ControlRequest request;
    for (const auto& a : value.at("arguments").as_array()) request.arguments.emplace_back(a.as_string());
    request.folder = value.at("folder").as_string();
    status = work_(request, out, err);
  } catch (const std::exception&) {
    return;  // not in our form
  }
  send_all(connection, json::serialize(json::object{{"status", status}, {"text", out.str()}, {"refusal", err.str()}}));
}

std::optional<int> ask_server(const std::string& data_folder, const ControlRequest& request, std::ostream& out, std::ostream& err) {
  sockaddr_un address{};
  if (!address_of(data_folder, address)) return std::nullopt;
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  std::optional<int> status;
  if (::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0) {
    json::array arguments;
    for (const auto& a : request.arguments) arguments.emplace_back(a);
    if (send_all(fd, json::serialize(json::object{{"arguments", std::move(arguments)}, {"folder", request.folder}}))) {
      ::shutdown(fd, SHUT_WR);
      json::error_code ec;
      const auto answer = json::parse(receive_all(fd, 64u << 20), ec);
      if (!ec && answer.is_object()) {
        out << std::string_view(answer.at("text").as_string());
        err << std::string_view(answer.at("refusal").as_string());
        status = static_cast<int>(answer.at("status").as_int64());
      }
    }
  }
  ::close(fd);
  return status;
}
}  // namespace xinyi::app
