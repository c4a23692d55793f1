// Making a school, its room keys, and confirming colleagues.
#include <algorithm>

#include "features/staff/staff.hpp"

namespace xinyi::staff {
namespace {
using namespace identity;

template <class T>
T exactly(const std::optional<T>& value, const char* field) {
  if (!value) throw Refusal(Code::invalid_input, field, Code::field_type);
  return *value;
}

struct KeyIn {
  vault::RoomKeyKind kind;
  const Base64& box;
  const Base64* sign;
  const Base64& sealed;
  const char* field;
};
}  // namespace

Created create_school(storage::Database& db, const vault::ServerKeys& keys, const NewSchool& facts, Instant now, Random& random) {
  Created out;
  out.school = random.id<SchoolId>(now);
  out.director = random.id<PersonId>(now);
  const auto secret = make_start_secret(random);
  out.start_secret = secret.text;
  const auto declaration = random.id<DeclarationId>(now);
  db.write(out.school, [&](storage::WriteTx& tx) {
    std::string stages;
    for (const auto& s : facts.stages) stages += (stages.empty() ? "" : ",") + s;
    tx.exec("INSERT INTO schools (id, code, name, stages, zone, demo, state, help_place, help_hours, help_people, created_at) "
            "VALUES (?1,?2,?3,?4,?5,?6,'starting',?7,?8,?9,?10)",
            out.school, facts.code, facts.name, stages, facts.zone, facts.demo, facts.help_place, facts.help_hours, facts.help_people, now);
    const auto key = vault::create_data_key(tx, keys);
    Account director;
    director.person = out.director;
    director.username = "director";
    director.name = facts.director_name;
    director.gender = facts.director_gender;
    director.roles = {Role::director, Role::counsellor, Role::crisis_team};
    invite(tx, key, director, secret, now);
    publish_first_pledge(tx, declaration, now);
    audit::Event e{audit::Actor::operator_(), audit::Act::setup_begun};
    e.object = audit::Object::of("school", out.school);
    e.at = now;
    audit::append(tx, e);
  });
  return out;
}

Bytes setup_challenge(const vault::DataKey& key, const PersonId& person) {
  const auto half = key.keyed("set-up challenge", person.bytes());
  return Bytes(half.begin(), half.end());
}

MakeRoom make_room_message(const RoomSeeds& seeds, const PersonId& director, const crypto::BoxPublic& box, const crypto::SignPublic& sign,
                           const std::string& roles, View challenge) {
  const auto room = crypto::derive(seeds.room), duty = crypto::derive(seeds.duty), crisis = crypto::derive(seeds.crisis);
  const auto bytes = [](const auto& fixed) { return Base64{Bytes(fixed.bytes.begin(), fixed.bytes.end())}; };
  return {{bytes(room.box_public), bytes(room.sign_public)}, bytes(duty.box_public), bytes(crisis.box_public),
          {crypto::seal_to(box, seeds.room.expose())}, {crypto::seal_to(box, seeds.duty.expose())}, {crypto::seal_to(box, seeds.crisis.expose())},
          bytes(crypto::sign(room, vault::certificate_message(director, box, sign, roles))), bytes(crypto::sign(room, challenge))};
}

void make_room(storage::WriteTx& tx, vault::ServerKeys& keys, const vault::DataKey& data_key, const vault::Unlocked& director,
               const MakeRoom& in, Instant now, Random&) {
  auto state = tx.one("SELECT state FROM schools WHERE id = ?1", tx.school());
  if (!state || state->get<std::string_view>(0) != "starting") throw Refusal(Code::setup_done);
  const auto account = account_of(tx, data_key, director.person);
  invariant(account.has_value(), "director without an account");
  const auto roles = to_text(account->roles);

  const KeyIn list[] = {{vault::RoomKeyKind::room, in.room.box_public, &in.room.sign_public, in.room_sealed, "room_sealed"},
                        {vault::RoomKeyKind::duty, in.duty_public, nullptr, in.duty_sealed, "duty_sealed"},
                        {vault::RoomKeyKind::crisis, in.crisis_public, nullptr, in.crisis_sealed, "crisis_sealed"}};
  const auto room_sign = exactly(crypto::sign_public_from(in.room.sign_public.bytes), "room.sign_public");
  // The two cards scanned back must have given the very key whose public half comes with them.
  if (!crypto::verify(room_sign, setup_challenge(data_key, director.person), exactly(crypto::signature_from(in.cards_proof.bytes), "cards_proof")))
    throw Refusal(Code::cards_wrong);

  std::optional<vault::RoomKey> room;
  std::vector<vault::RoomKeyWrapping> wrappings;
  for (const auto& k : list) {
    vault::RoomKey key{k.kind, 1, exactly(crypto::box_public_from(k.box.bytes), k.field), std::nullopt};
    if (k.sign) key.sign_public = crypto::sign_public_from(k.sign->bytes);
    // What was sealed must be the seed of the public half: a slip in the browser would lose everything later.
    const auto seed = crypto::open_sealed(director.pair, k.sealed.bytes);
    if (!seed || seed->size() != 32 || crypto::derive(crypto::Seed::from(seed->expose())).box_public != key.box_public)
      throw Refusal(Code::invalid_input, k.field, Code::field_type);
    keys.pin(tx.school(), key);
    vault::store_room_key(tx, keys, key);
    wrappings.push_back(vault::sign_wrapping(tx.school(), key, director.person, k.sealed.bytes, director));
    if (k.kind == vault::RoomKeyKind::room) room = key;
  }
  vault::certify_person_key(tx, keys, director.person, roles, exactly(crypto::signature_from(in.certificate.bytes), "certificate"), director.person, now);
  for (const auto& w : wrappings) vault::store_wrapping(tx, w);
  vault::seal_data_key_for_recovery(tx, data_key, *room);
  tx.exec("UPDATE schools SET state = 'open' WHERE id = ?1", tx.school());
  audit::Event e{audit::Actor::staff(director.person), audit::Act::setup_room_made};
  e.object = audit::Object::of("school", tx.school());
  e.at = now;
  audit::append(tx, e);
}

void certify_colleague(storage::WriteTx& tx, const vault::ServerKeys& keys, const vault::DataKey& data_key, const vault::Unlocked& director,
                       const PersonId& person, std::string_view short_code, Instant now) {
  auto account = account_of(tx, data_key, person);
  auto key = vault::newest_person_key(tx, person);
  if (!account || !key || key->state != vault::PersonKey::State::pending) throw Refusal(Code::not_found);
  std::string typed;
  for (char c : short_code)
    if (c != '-' && c != ' ') typed += static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
  auto expected = vault::short_code(key->box_public, key->sign_public);
  std::erase(expected, '-');
  if (typed != expected) throw Refusal(Code::short_code_wrong, "short_code", Code::short_code_wrong);

  const auto room = vault::open_room_key(tx, keys, vault::RoomKeyKind::room, director);
  key->roles = to_text(account->roles);
  vault::certify_person_key(tx, keys, person, key->roles, vault::certify(room, *key), director.person, now);
  constexpr Roles kDuty = {Role::counsellor, Role::trainee, Role::director, Role::deputy};
  constexpr Roles kCrisis = {Role::crisis_team, Role::director, Role::deputy};
  constexpr Roles kRoom = {Role::director, Role::deputy};
  if (account->roles.any(kDuty)) vault::wrap_room_key_for(tx, keys, vault::RoomKeyKind::duty, director, person);
  if (account->roles.any(kCrisis)) vault::wrap_room_key_for(tx, keys, vault::RoomKeyKind::crisis, director, person);
  if (account->roles.any(kRoom)) vault::wrap_room_key_for(tx, keys, vault::RoomKeyKind::room, director, person);
}
}  // namespace xinyi::staff
