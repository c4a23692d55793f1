#include "http/testing/client.hpp"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <stdexcept>

namespace xinyi::http::testing {
namespace {
std::string lower(std::string t) {
  for (auto& c : t) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return t;
}
}  // namespace

std::string Response::header(const std::string& name) const {
  const auto it = headers.find(lower(name));
  return it == headers.end() ? std::string{} : it->second;
}
boost::json::value Response::json() const { return boost::json::parse(body); }
std::string Response::code() const {
  boost::json::error_code ec;
  const auto v = boost::json::parse(body, ec);
  if (ec || !v.is_object() || !v.get_object().contains("code")) return {};
  return std::string(v.get_object().at("code").as_string());
}

RawClient::RawClient(std::uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in where{};
  where.sin_family = AF_INET;
  where.sin_port = htons(port);
  where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (fd_ < 0 || ::connect(fd_, reinterpret_cast<const sockaddr*>(&where), sizeof where) != 0)
    throw std::runtime_error("cannot connect to the test server");
}
RawClient::~RawClient() { if (fd_ >= 0) ::close(fd_); }

bool RawClient::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto n = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}
void RawClient::finish_sending() { ::shutdown(fd_, SHUT_WR); }

bool RawClient::more(std::chrono::milliseconds wait) {
  pollfd p{fd_, POLLIN, 0};
  if (::poll(&p, 1, static_cast<int>(wait.count())) <= 0) return false;
  char piece[16384];
  const auto n = ::recv(fd_, piece, sizeof piece, 0);
  if (n <= 0) return false;
  rest_.append(piece, static_cast<std::size_t>(n));
  return true;
}

std::string RawClient::read_until(std::string_view end, std::chrono::milliseconds wait) {
  std::size_t at;
  while ((at = rest_.find(end)) == rest_.npos)
    if (!more(wait)) return std::exchange(rest_, {});
  auto out = rest_.substr(0, at + end.size());
  rest_.erase(0, at + end.size());
  return out;
}

bool RawClient::closed(std::chrono::milliseconds wait) {
  const auto end = std::chrono::steady_clock::now() + wait;
  while (std::chrono::steady_clock::now() < end) {
    pollfd p{fd_, POLLIN, 0};
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
    if (::poll(&p, 1, static_cast<int>(std::max<std::int64_t>(left.count(), 1))) <= 0) continue;
    char piece[16384];
    if (::recv(fd_, piece, sizeof piece, 0) <= 0) return true;
  }
  return false;
}

Response RawClient::receive(bool head_request, std::chrono::milliseconds wait) {
  std::size_t end;
  while ((end = rest_.find("\r\n\r\n")) == rest_.npos)
    if (!more(wait)) return {};
  Response out;
  const auto head = rest_.substr(0, end);
  rest_.erase(0, end + 4);
  if (head.size() < 12) throw std::runtime_error("no HTTP answer");
  out.status = std::stoi(head.substr(9, 3));
  for (std::size_t at = head.find("\r\n"); at != head.npos;) {
    const auto next = head.find("\r\n", at + 2);
    const auto line = head.substr(at + 2, next == head.npos ? next : next - at - 2);
    const auto colon = line.find(": ");
    if (colon != line.npos) out.headers.emplace(lower(line.substr(0, colon)), line.substr(colon + 2));
    at = next;
  }
  if (out.status == 100) return receive(head_request, wait);
  const auto length = out.header("content-length");
  const auto size = head_request || length.empty() ? 0 : std::stoul(length);
  while (rest_.size() < size)
    if (!more(wait)) throw std::runtime_error("answer cut short");
  out.body = rest_.substr(0, size);
  rest_.erase(0, size);
  return out;
}

Headers Client::with_json(Headers more) {
  if (std::none_of(more.begin(), more.end(), [](const auto& h) { return lower(h.first) == "content-type"; }))
    more.emplace_back("Content-Type", "application/json");
  return more;
}

Response Client::upload(const std::string& path, const std::string& bytes, const Headers& more) {
  auto headers = more;
  if (std::none_of(more.begin(), more.end(), [](const auto& h) { return lower(h.first) == "content-type"; }))
    headers.emplace_back("Content-Type", "application/octet-stream");
  return send("PUT", path, bytes, headers);
}

Response Client::send(const std::string& method, const std::string& path, const std::string& body, const Headers& more) {
  const auto host = "127.0.0.1:" + std::to_string(port_);
  Headers headers = more;
  const auto by_itself = [&](const std::string& name, const std::string& value) {
    if (std::none_of(more.begin(), more.end(), [&](const auto& h) { return lower(h.first) == lower(name); })) headers.emplace_back(name, value);
  };
  by_itself("Host", host);
  if (!cookie_.empty()) by_itself("Cookie", "__Host-xinyi=" + cookie_);
  if (method != "GET" && method != "HEAD") {
    by_itself("X-Xinyi", "1");
    by_itself("Origin", "http://" + host);
    by_itself("Sec-Fetch-Site", "same-origin");
  }
  if (!body.empty() || method == "POST" || method == "PUT") by_itself("Content-Length", std::to_string(body.size()));
  std::string text = method + " " + path + " HTTP/1.1\r\n";
  for (const auto& [name, value] : headers)
    if (!value.empty()) text.append(name).append(": ").append(value).append("\r\n");
  text += "\r\n" + body;

  Response out;
  for (int attempt = 0; attempt < 2; ++attempt) {
    const bool fresh = connection_.empty();
    if (fresh) connection_.emplace_back(port_);
    connection_.front().send(text);
    out = connection_.front().receive(method == "HEAD");
    if (out.status != 0 && out.header("connection") != "close") break;
    connection_.clear();
    if (out.status != 0 || fresh) break;  // a kept connection may have been closed meanwhile: once more on a new one
  }
  const auto [first, last] = out.headers.equal_range("set-cookie");
  for (auto it = first; it != last; ++it)
    if (it->second.starts_with("__Host-xinyi=")) cookie_ = it->second.substr(13, it->second.find(';') - 13);
  return out;
}
}  // namespace xinyi::http::testing
