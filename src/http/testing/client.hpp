// A small blocking client for tests: cookie jar, JSON, and raw bytes when a test wants to be rude.
#pragma once
#include <boost/json.hpp>
#include <chrono>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace xinyi::http::testing {

struct Response {
  int status = 0;                                   // 0: the server closed without an answer
  std::multimap<std::string, std::string> headers;  // names in lower case
  std::string body;
  /// Empty when absent.
  std::string header(const std::string& name) const;
  /// Throws when the body is no JSON.
  boost::json::value json() const;
  /// Code of a problem document; empty when it is none.
  std::string code() const;
};

using Headers = std::vector<std::pair<std::string, std::string>>;

/// A socket that sends and receives bytes as they are.
class RawClient {
 public:
  explicit RawClient(std::uint16_t port);
  ~RawClient();
  RawClient(RawClient&& other) noexcept : fd_(std::exchange(other.fd_, -1)), rest_(std::move(other.rest_)) {}
  RawClient(const RawClient&) = delete;
  /// False when the server stopped listening before all of it was sent.
  bool send(std::string_view bytes);
  /// Sends nothing more; still reads.
  void finish_sending();
  /// The next answer (interim 100s are skipped). Status 0 when the server closed first or `wait` is over.
  Response receive(bool head_request = false, std::chrono::milliseconds wait = std::chrono::seconds(20));
  /// What comes after a head, up to and with `end`; what came so far when the server closed or `wait` is over.
  std::string read_until(std::string_view end, std::chrono::milliseconds wait = std::chrono::seconds(20));
  /// True when the server has closed within `wait`.
  bool closed(std::chrono::milliseconds wait = std::chrono::seconds(20));

 private:
  bool more(std::chrono::milliseconds wait);  // reads into rest_
  int fd_ = -1;
  std::string rest_;
};

/// A browser's behaviour towards our API: keeps the cookie, says where a write comes from, uses one connection.
class Client {
 public:
  explicit Client(std::uint16_t port) : port_(port) {}
  Response get(const std::string& path, const Headers& more = {}) { return send("GET", path, "", more); }
  Response post(const std::string& path, const boost::json::value& body = boost::json::object{}, const Headers& more = {}) {
    return send("POST", path, boost::json::serialize(body), with_json(more));
  }
  Response put(const std::string& path, const boost::json::value& body, const Headers& more = {}) {
    return send("PUT", path, boost::json::serialize(body), with_json(more));
  }
  Response del(const std::string& path, const Headers& more = {}) { return send("DELETE", path, "", more); }
  /// Raw body as application/octet-stream.
  Response upload(const std::string& path, const std::string& bytes, const Headers& more = {});
  /// Adds Host, cookie and, for writes, X-Xinyi and Origin, unless `more` names them (an empty value leaves one out).
  Response send(const std::string& method, const std::string& path, const std::string& body, const Headers& more = {});

  /// Value of __Host-xinyi.
  const std::string& cookie() const { return cookie_; }
  void set_cookie(std::string value) { cookie_ = std::move(value); }
  std::uint16_t port() const { return port_; }

 private:
  static Headers with_json(Headers more);
  std::uint16_t port_;
  std::string cookie_;
  std::vector<RawClient> connection_;  // none or one
};

}  // namespace xinyi::http::testing
