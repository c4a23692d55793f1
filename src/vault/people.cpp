#include "vault/people.hpp"

#include "vault/room_keys.hpp"
#include "vault/verified.hpp"

namespace xinyi::vault {
namespace {
PersonKey::State state_from_text(std::string_view text) {
  if (text == "certified") return PersonKey::State::certified;
  return text == "pending" ? PersonKey::State::pending : PersonKey::State::retired;
}

// Columns: person_id, generation, box_public, sign_public, state, roles, certificate, certified_by, certified_at.
template <class R>
PersonKey read_key(const R& row) {
  PersonKey out;
  out.person = row.template get<PersonId>(0);
  out.generation = row.template get<int>(1);
  out.box_public.bytes = row.template get<Fixed<32>>(2);
  out.sign_public.bytes = row.template get<Fixed<32>>(3);
  out.state = state_from_text(row.template get<std::string_view>(4));
  out.roles = row.template get<std::string>(5);
  if (const auto certificate = row.template get<std::optional<Fixed<64>>>(6))
    out.certificate = crypto::Signature{*certificate};
  out.certified_by = row.template get<std::optional<PersonId>>(7);
  out.certified_at = row.template get<std::optional<Instant>>(8);
  return out;
}

std::vector<PersonKey> keys_of(storage::ReadTx& tx, const PersonId& person) {
  std::vector<PersonKey> out;
  for (const auto row :
       tx.query("SELECT person_id, generation, box_public, sign_public, state, roles, certificate, certified_by, "
                "certified_at FROM person_keys WHERE school_id = ?1 AND person_id = ?2 ORDER BY generation DESC",
                tx.school(), person))
    out.push_back(read_key(row));
  return out;
}

// Two generations of the room key may be live while grants are re-sealed after a change of director.
std::vector<crypto::SignPublic> room_signers(storage::ReadTx& tx, const ServerKeys& keys) {
  std::vector<RoomKey> rows;
  for (const auto row :
       tx.query("SELECT generation, box_public, sign_public FROM room_keys WHERE school_id = ?1 AND kind = 'room'",
                tx.school())) {
    RoomKey key{RoomKeyKind::room, row.get<int>(0), {row.get<Fixed<32>>(1)}, std::nullopt};
    if (const auto sign = row.get<std::optional<Fixed<32>>>(2)) key.sign_public = crypto::SignPublic{*sign};
    rows.push_back(key);
  }
  std::vector<crypto::SignPublic> out;
  for (const auto& key : rows)
    if (key.sign_public && keys.pinned(tx.school(), key)) out.push_back(*key.sign_public);
  return out;
}

bool certified_by_any(const std::vector<crypto::SignPublic>& rooms, const PersonKey& key, bool retired_too) {
  for (const auto& room : rooms)
    if (verify_certificate(room, key, retired_too)) return true;
  return false;
}

Bytes secret_ad(const SchoolId& school, const PersonId& person, std::string_view purpose) {
  return crypto::Encoder("xinyi person secret v1").raw(school.bytes()).raw(person.bytes()).short_text(purpose).take();
}
}  // namespace

Unlocked unlock(const PersonId& person, crypto::PersonSecret&& secret) {
  auto pair = crypto::derive(secret);
  return {person, std::move(secret), std::move(pair)};
}

Bytes certificate_message(const PersonId& person, const crypto::BoxPublic& box, const crypto::SignPublic& sign,
                          std::string_view roles) {
  return crypto::Encoder("xinyi cert v1").raw(person.bytes()).raw(box.bytes).raw(sign.bytes).raw(view(roles)).take();
}

crypto::Signature certify(const crypto::Pair& room, const PersonKey& key) {
  return crypto::sign(room, certificate_message(key.person, key.box_public, key.sign_public, key.roles));
}

bool verify_certificate(const crypto::SignPublic& room, const PersonKey& key, bool retired_too) {
  const bool state =
      key.state == PersonKey::State::certified || (retired_too && key.state == PersonKey::State::retired);
  return state && key.certificate &&
         verify_known(room, certificate_message(key.person, key.box_public, key.sign_public, key.roles),
                        *key.certificate);
}

std::string short_code(const crypto::BoxPublic& box, const crypto::SignPublic& sign) {
  constexpr std::string_view kAlphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";  // without I, L, O, U: read aloud
  const auto hash = crypto::sha256({view("xinyi short code v1"), box.bytes, sign.bytes});
  std::string out;
  for (std::size_t i = 0; i < 8; ++i) {
    if (i == 4) out += '-';
    out += kAlphabet[hash[i] & 31];
  }
  return out;
}

int add_person_key(storage::WriteTx& tx, const PersonId& person, const crypto::BoxPublic& box,
                   const crypto::SignPublic& sign, std::string_view roles) {
  int generation = 1;
  if (const auto row = tx.one("SELECT max(generation) FROM person_keys WHERE school_id = ?1 AND person_id = ?2",
                              tx.school(), person);
      row && !row->null(0))
    generation = row->get<int>(0) + 1;
  retire_person_keys(tx, person);
  tx.exec(
      "INSERT INTO person_keys (school_id, person_id, generation, box_public, sign_public, state, roles) "
      "VALUES (?1, ?2, ?3, ?4, ?5, 'pending', ?6)",
      tx.school(), person, generation, box.bytes, sign.bytes, roles);
  return generation;
}

void certify_person_key(storage::WriteTx& tx, const ServerKeys& keys, const PersonId& person, std::string_view roles,
                        const crypto::Signature& certificate, const PersonId& by, Instant now) {
  auto key = newest_person_key(tx, person);
  if (!key || key->state == PersonKey::State::retired) throw Refusal(Code::not_found, "no key to certify");
  key->state = PersonKey::State::certified;
  key->roles = roles;
  key->certificate = certificate;
  const auto room = room_key(tx, keys, RoomKeyKind::room);
  if (!room.sign_public || !verify_certificate(*room.sign_public, *key))
    throw Refusal(Code::not_allowed, "the certificate is not the pinned room key's");
  tx.exec(
      "UPDATE person_keys SET state = 'certified', roles = ?4, certificate = ?5, certified_by = ?6, certified_at = ?7 "
      "WHERE school_id = ?1 AND person_id = ?2 AND generation = ?3",
      tx.school(), person, key->generation, roles, certificate.bytes, by, now);
}

void retire_person_keys(storage::WriteTx& tx, const PersonId& person) {
  tx.exec("UPDATE person_keys SET state = 'retired' WHERE school_id = ?1 AND person_id = ?2 AND state <> 'retired'",
          tx.school(), person);
}

std::optional<PersonKey> newest_person_key(storage::ReadTx& tx, const PersonId& person) {
  auto all = keys_of(tx, person);
  if (all.empty()) return std::nullopt;
  return std::move(all.front());
}

std::optional<PersonKey> certified_key(storage::ReadTx& tx, const ServerKeys& keys, const PersonId& person) {
  auto key = newest_person_key(tx, person);
  if (!key || !certified_by_any(room_signers(tx, keys), *key, false)) return std::nullopt;
  return key;
}

std::vector<PersonKey> certified_history(storage::ReadTx& tx, const ServerKeys& keys, const PersonId& person) {
  auto all = keys_of(tx, person);
  const auto rooms = room_signers(tx, keys);
  std::erase_if(all, [&](const PersonKey& key) { return !certified_by_any(rooms, key, true); });
  return all;
}

Bytes wrap_secret(const crypto::Key& key, const SchoolId& school, const PersonId& person, std::string_view purpose,
                  const crypto::PersonSecret& secret) {
  return crypto::seal(key, secret.expose(), secret_ad(school, person, purpose));
}

std::optional<crypto::PersonSecret> unwrap_secret(const crypto::Key& key, const SchoolId& school,
                                                  const PersonId& person, std::string_view purpose, View wrapped) {
  const auto opened = crypto::open(key, wrapped, secret_ad(school, person, purpose));
  if (!opened || opened->size() != 32) return std::nullopt;
  return crypto::PersonSecret::from(opened->expose());
}

void save_person_secret(storage::WriteTx& tx, const PersonId& person, const StoredSecret& secret) {
  tx.exec(
      "INSERT INTO person_secrets (school_id, person_id, generation, wrapped, salt, cost) VALUES (?1, ?2, ?3, ?4, ?5, "
      "?6) "
      "ON CONFLICT (school_id, person_id) DO UPDATE SET generation = excluded.generation, wrapped = excluded.wrapped, "
      "salt = excluded.salt, cost = excluded.cost",
      tx.school(), person, secret.generation, secret.wrapped, secret.salt, crypto::to_text(secret.cost));
}

std::optional<StoredSecret> person_secret(storage::ReadTx& tx, const PersonId& person) {
  const auto row =
      tx.one("SELECT generation, wrapped, salt, cost FROM person_secrets WHERE school_id = ?1 AND person_id = ?2",
             tx.school(), person);
  if (!row) return std::nullopt;
  const auto cost = crypto::password_cost_from_text(row->get<std::string_view>(3));
  invariant(cost.has_value(), "stored password cost is not one of ours");
  return StoredSecret{row->get<int>(0), row->get<Bytes>(1), row->get<Fixed<16>>(2), *cost};
}

void forget_person_secret(storage::WriteTx& tx, const PersonId& person) {
  tx.exec("DELETE FROM person_secrets WHERE school_id = ?1 AND person_id = ?2", tx.school(), person);
}

}  // namespace xinyi::vault
