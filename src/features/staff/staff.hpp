// The staff room's door: its routes, and what the commands need of it.
#pragma once
#include "features/staff/model.hpp"
#include "http/contract.hpp"

namespace xinyi::staff {

void add_session_routes(http::Routes& routes);
void add_setup_routes(http::Routes& routes);
void add_staff_routes(http::Routes& routes);
void add_declaration_routes(http::Routes& routes);
void add_system_routes(http::Routes& routes);
inline void add_routes(http::Routes& routes) {
  add_session_routes(routes);
  add_setup_routes(routes);
  add_staff_routes(routes);
  add_declaration_routes(routes);
  add_system_routes(routes);
}

/// A real school in the state "starting", with its data key and the director's invitation (init).
struct NewSchool {
  std::string name, code, zone = "Asia/Shanghai", director_name, director_gender;
  std::vector<std::string> stages;
  bool demo = false;
  std::string help_place, help_hours, help_people;
};
struct Created {
  SchoolId school;
  PersonId director;
  std::string start_secret;
};
Created create_school(storage::Database& db, const vault::ServerKeys& keys, const NewSchool& facts, Instant now, Random& random);

/// Keys and publics that the director's browser makes at set-up; the demonstration school and tests make them here.
struct RoomSeeds {
  crypto::Seed room = crypto::Seed::random(), duty = crypto::Seed::random(), crisis = crypto::Seed::random();
};
/// What the browser sends for these seeds.
MakeRoom make_room_message(const RoomSeeds& seeds, const PersonId& director, const crypto::BoxPublic& box, const crypto::SignPublic& sign,
                           const std::string& roles, View challenge);
/// Checks and stores it; opens the school. Inside the director's transaction.
void make_room(storage::WriteTx& tx, vault::ServerKeys& keys, const vault::DataKey& data_key, const vault::Unlocked& director,
               const MakeRoom& in, Instant now, Random& random);
Bytes setup_challenge(const vault::DataKey& key, const PersonId& person);

/// Confirms a colleague's key pair (short code compared in person) and hands over the keys of the roles.
void certify_colleague(storage::WriteTx& tx, const vault::ServerKeys& keys, const vault::DataKey& data_key, const vault::Unlocked& director,
                       const PersonId& person, std::string_view short_code, Instant now);

/// The accounts that the sign-in page of a demonstration school shows, in their order. A row that the program did not write
/// is passed over: it would show a real person's second factor to everybody.
void show_on_sign_in_page(storage::WriteTx& tx, const vault::DataKey& key, const std::vector<PersonId>& people);
std::vector<PersonId> demo_people(storage::ReadTx& tx, const vault::DataKey& key);
/// The demonstration school's common password.
std::string_view demo_password();

}  // namespace xinyi::staff
