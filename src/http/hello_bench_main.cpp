// A server to point wrk at: GET /healthz is the bare loop, GET /api/v1/notes a list with session, rule and storage.
// Prints its port and a Cookie header's value, and serves until its input ends.
#include <cstdio>
#include <iostream>

#include "http/testing/house.hpp"
#include "http/testing/sample.hpp"

int main() {
  using namespace xinyi;
  using namespace xinyi::http::testing;
  House house(note_steps());
  const auto person = house.person("zhang", {identity::Role::counsellor});
  const auto cookie = house.session(person);
  house.db().write(house.school(), [&](storage::WriteTx& tx) {
    SystemRandom random;
    for (int i = 0; i < 20; ++i)
      tx.exec("INSERT INTO notes (school_id, id, owner, title, version) VALUES (?1,?2,?3,?4,1)", house.school(),
              random.id<NoteId>(house.clock().now()), person, "第一次谈话后的安排");
  });
  http::ServerOptions options;
  TestServer server(house.services(), sample_routes(), options);
  std::printf("port %u\ncookie __Host-xinyi=%s\n", server.port(), cookie.c_str());
  std::fflush(stdout);
  for (std::string line; std::getline(std::cin, line);) {}
}
