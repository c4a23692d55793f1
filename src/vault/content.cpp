#include "vault/content.hpp"

namespace xinyi::vault {
namespace {
constexpr std::uint8_t kWaiting = 0x01;
constexpr std::size_t kSealedKey = 80;  // a sealed box of 32 bytes

Bytes unit_ad(const SchoolId& school, const UnitId& unit) {
  return crypto::Encoder("xinyi unit v1").raw(school.bytes()).raw(unit.bytes()).take();
}

crypto::SecretBytes opened_or_damaged(std::optional<crypto::SecretBytes>&& opened) {
  if (!opened) throw Refusal(Code::content_damaged, "sealed content does not open at its place");
  return std::move(*opened);
}
}  // namespace

ContentKey content_key(const CaseKey& case_key, const UnitSecret& unit) {
  return {crypto::hkdf_sha256(case_key.key, unit.key.expose(), "xinyi content v1")};
}

FreshUnit make_unit(const SchoolId& school, const ServerKeys& keys, const UnitId& unit) {
  UnitSecret secret{crypto::Key::random()};
  auto wrapped = crypto::seal(keys.epoch().clone(), secret.key.expose(), unit_ad(school, unit));
  return {unit, std::move(secret), std::move(wrapped)};
}

void insert_unit(storage::WriteTx& tx, const FreshUnit& unit) {
  tx.exec("INSERT INTO unit_keys (school_id, unit_id, wrapped) VALUES (?1, ?2, ?3)", tx.school(), unit.id, unit.wrapped);
}

UnitSecret new_unit(storage::WriteTx& tx, const ServerKeys& keys, const UnitId& unit) {
  auto out = make_unit(tx.school(), keys, unit);
  insert_unit(tx, out);
  return std::move(out.secret);
}

UnitSecret load_unit(storage::ReadTx& tx, const ServerKeys& keys, const UnitId& unit) {
  const auto row = tx.one("SELECT wrapped FROM unit_keys WHERE school_id = ?1 AND unit_id = ?2", tx.school(), unit);
  if (!row) throw Refusal(Code::not_found, "no unit secret");
  const auto opened = crypto::open(keys.epoch().clone(), row->get<View>(0), unit_ad(tx.school(), unit));
  if (!opened || opened->size() != 32)
    throw Refusal(Code::content_damaged, "a unit secret does not open with the epoch key");
  return {crypto::Key::from(opened->expose())};
}

void destroy_unit(storage::WriteTx& tx, const UnitId& unit) {
  tx.exec("DELETE FROM unit_keys WHERE school_id = ?1 AND unit_id = ?2", tx.school(), unit);
}

Bytes associated_data(const Place& place) {
  return crypto::Encoder("xinyi place v1")
      .raw(place.school.bytes())
      .raw(place.case_id.bytes())
      .raw(place.unit.bytes())
      .i64(place.version)
      .short_text(place.field)
      .take();
}

Bytes seal_content(const ContentKey& key, const Place& place, View plain) {
  return crypto::seal(key.key, plain, associated_data(place));
}

crypto::SecretBytes open_content(const ContentKey& key, const Place& place, View sealed) {
  return opened_or_damaged(crypto::open(key.key, sealed, associated_data(place)));
}

crypto::Hash content_hash(View sealed) { return crypto::sha256(sealed); }

Bytes seal_waiting(const crypto::BoxPublic& duty, const UnitSecret& unit, const Place& place, View plain) {
  const auto key = crypto::Key::random();
  const auto content = crypto::hkdf_sha256(key, unit.key.expose(), "xinyi waiting v1");
  return crypto::Encoder()
      .u8(kWaiting)
      .raw(crypto::seal_to(duty, key.expose()))
      .raw(crypto::seal(content, plain, associated_data(place)))
      .take();
}

namespace {
/// Nothing when it was sealed to another key.
std::optional<crypto::SecretBytes> waiting_key(const crypto::Pair& duty, View sealed) {
  if (sealed.size() < 1 + kSealedKey || sealed[0] != kWaiting)
    throw Refusal(Code::content_damaged, "not in the form of waiting content");
  return crypto::open_sealed(duty, sealed.subspan(1, kSealedKey));
}

crypto::SecretBytes open_with(const crypto::SecretBytes& key, const UnitSecret& unit, const Place& place, View sealed) {
  const auto content = crypto::hkdf_sha256(key.expose(), unit.key.expose(), "xinyi waiting v1");
  return opened_or_damaged(crypto::open(content, sealed.subspan(1 + kSealedKey), associated_data(place)));
}
}  // namespace

crypto::SecretBytes open_waiting(const crypto::Pair& duty, const UnitSecret& unit, const Place& place, View sealed) {
  return open_with(opened_or_damaged(waiting_key(duty, sealed)), unit, place, sealed);
}

crypto::SecretBytes open_waiting_as(storage::ReadTx& tx, const ServerKeys& keys, const Unlocked& holder,
                                    const UnitSecret& unit, const Place& place, View sealed) {
  const auto held = generations_held(tx, RoomKeyKind::duty, holder.person);
  if (held.empty()) throw Refusal(Code::not_found, "the person does not hold the duty key");
  for (const int generation : held)
    if (const auto key = waiting_key(open_room_key(tx, keys, RoomKeyKind::duty, holder, generation), sealed))
      return open_with(*key, unit, place, sealed);
  throw Refusal(Code::content_damaged, "sealed to none of the duty keys that the person holds");
}

}  // namespace xinyi::vault
