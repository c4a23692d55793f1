// A whole server's surroundings for tests: temporary folder, SQLite, keys, an open school, people with live sessions.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "http/contract.hpp"
#include "http/server.hpp"
#include "http/testing/client.hpp"

namespace xinyi::http::testing {

/// All rooms' steps up to http, in the order of the house.
std::vector<storage::Migration> migrations();
/// The embedded files of a room as steps.
std::vector<storage::Migration> steps(std::span<const embedded::File> files);

class House {
 public:
  /// `more`: steps of the rooms under test. The clock stands at 2026-11-23T06:00:00Z. `open`: the school is set up (as far
  /// as the server is concerned: it has no room key).
  explicit House(std::vector<storage::Migration> more = {}, bool open = true);
  ~House();
  House(const House&) = delete;

  const Services& services() const { return *services_; }
  storage::Database& db() { return *db_; }
  FakeClock& clock() { return clock_; }
  const SchoolId& school() const { return school_; }
  const std::string& folder() const { return folder_; }
  const vault::DataKey& data_key();

  /// An active account; staff have their second factor.
  PersonId person(std::string username, identity::Roles roles);
  /// A live session; the value of its cookie.
  std::string session(const PersonId& person);
  /// How often the act stands in the audit log, with this outcome ("done" or "refused").
  std::int64_t events(std::string_view act, std::string_view outcome);

 private:
  std::string folder_;
  FakeClock clock_;
  SystemRandom random_;
  std::unique_ptr<storage::Database> db_;
  std::unique_ptr<vault::ServerKeys> keys_;
  std::unique_ptr<identity::Schools> schools_;
  std::unique_ptr<identity::PasswordWorkers> passwords_;
  std::unique_ptr<Services> services_;
  SchoolId school_;
};

/// A server in this process on a free port.
class TestServer {
 public:
  TestServer(const Services& services, const Routes& routes, ServerOptions options = {});
  ~TestServer() { server_.stop(); }
  std::uint16_t port() const { return server_.port(); }
  Server& server() { return server_; }
  Client client() const { return Client(port()); }
  Client client(std::string cookie) const {
    Client c(port());
    c.set_cookie(std::move(cookie));
    return c;
  }
  RawClient raw() const { return RawClient(port()); }

 private:
  Server server_;
};

}  // namespace xinyi::http::testing
