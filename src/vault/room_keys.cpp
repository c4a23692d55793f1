#include "vault/room_keys.hpp"

#include <algorithm>

#include "vault/verified.hpp"

namespace xinyi::vault {
namespace {
/// The row as a key; nothing when somebody put it into the database: neither pinned nor vouched for by the room key.
std::optional<RoomKey> read_trusted(storage::ReadTx& tx, const ServerKeys& keys, std::optional<storage::OwnedRow>&& row,
                                    RoomKeyKind kind) {
  if (!row) return std::nullopt;
  RoomKey out{kind, row->get<int>(0), {row->get<Fixed<32>>(1)}, std::nullopt};
  if (const auto sign = row->get<std::optional<Fixed<32>>>(2)) out.sign_public = crypto::SignPublic{*sign};
  if (keys.pinned(tx.school(), out)) return out;
  const auto certificate = row->get<std::optional<Fixed<64>>>(3);
  if (!certificate || kind == RoomKeyKind::room || out.sign_public) return std::nullopt;
  const auto room = room_key(tx, keys, RoomKeyKind::room);
  if (!room.sign_public || !verify_known(*room.sign_public, renewal_message(tx.school(), out), {*certificate})) return std::nullopt;
  return out;
}

std::optional<RoomKeyWrapping> find_wrapping(storage::ReadTx& tx, RoomKeyKind kind, int generation,
                                             const PersonId& holder) {
  const auto row = tx.one(
      "SELECT sealed, giver, signature FROM room_key_wrappings WHERE school_id = ?1 AND kind = ?2 "
      "AND generation = ?3 AND holder = ?4",
      tx.school(), to_text(kind), generation, holder);
  if (!row) return std::nullopt;
  return RoomKeyWrapping{kind, generation, holder, row->get<Bytes>(0), row->get<PersonId>(1), {row->get<Fixed<64>>(2)}};
}

bool signed_by_giver(storage::ReadTx& tx, const ServerKeys& keys, const RoomKeyWrapping& wrapping) {
  const auto message = wrapping_message(tx.school(), wrapping);
  return std::ranges::any_of(certified_history(tx, keys, wrapping.giver), [&](const PersonKey& giver) {
    return verify_known(giver.sign_public, message, wrapping.signature);
  });
}

void require_certified(storage::ReadTx& tx, const ServerKeys& keys, const Unlocked& holder) {
  const auto key = certified_key(tx, keys, holder.person);
  if (!key || key->box_public != holder.pair.box_public || key->sign_public != holder.pair.sign_public)
    throw Refusal(Code::certification_needed, "the opened key is not the person's certified one");
}

crypto::Seed open_seed(storage::ReadTx& tx, const ServerKeys& keys, const RoomKey& key, const RoomKeyWrapping& wrapping,
                       const Unlocked& holder) {
  if (!signed_by_giver(tx, keys, wrapping))
    throw Refusal(Code::content_damaged, "a key's copy is not signed by a certified giver");
  const auto opened = crypto::open_sealed(holder.pair, wrapping.sealed);
  if (!opened || opened->size() != 32)
    throw Refusal(Code::content_damaged, "a key's copy does not open for its holder");
  auto seed = crypto::Seed::from(opened->expose());
  const auto pair = crypto::derive(seed);
  if (pair.box_public != key.box_public || (key.sign_public && pair.sign_public != *key.sign_public))
    throw Refusal(Code::content_damaged, "a key's copy does not give the pinned public halves");
  return seed;
}
}  // namespace

std::vector<int> generations_held(storage::ReadTx& tx, RoomKeyKind kind, const PersonId& holder) {
  std::vector<int> out;
  for (const auto row :
       tx.query("SELECT generation FROM room_key_wrappings WHERE school_id = ?1 AND kind = ?2 AND holder = ?3 "
                "ORDER BY generation DESC",
                tx.school(), to_text(kind), holder))
    out.push_back(row.get<int>(0));
  return out;
}

Bytes wrapping_message(const SchoolId& school, const RoomKeyWrapping& w) {
  return crypto::Encoder("xinyi wrap v1")
      .raw(school.bytes())
      .u8(static_cast<std::uint8_t>(w.kind))
      .u32(static_cast<std::uint32_t>(w.generation))
      .raw(w.holder.bytes())
      .raw(w.giver.bytes())
      .raw(crypto::sha256(w.sealed))
      .take();
}

void store_room_key(storage::WriteTx& tx, const ServerKeys& keys, const RoomKey& key) {
  if (!keys.pinned(tx.school(), key)) throw Refusal(Code::not_allowed, "a room key must be pinned before it is stored");
  invariant(key.kind != RoomKeyKind::room || key.sign_public.has_value(), "the room key signs");
  tx.exec("INSERT INTO room_keys (school_id, kind, generation, box_public, sign_public) VALUES (?1, ?2, ?3, ?4, ?5)",
          tx.school(), to_text(key.kind), key.generation, key.box_public.bytes,
          key.sign_public ? std::optional(key.sign_public->bytes) : std::nullopt);
}

RoomKey room_key(storage::ReadTx& tx, const ServerKeys& keys, RoomKeyKind kind) {
  auto key =
      read_trusted(tx, keys,
                  tx.one("SELECT generation, box_public, sign_public, certificate FROM room_keys WHERE school_id = ?1 AND kind = ?2 "
                         "ORDER BY generation DESC LIMIT 1",
                         tx.school(), to_text(kind)),
                  kind);
  if (!key)
    throw Refusal(kind == RoomKeyKind::duty ? Code::no_duty_key : Code::setup_needed, "no key, or not the pinned one");
  return *key;
}

std::optional<RoomKey> room_key_of(storage::ReadTx& tx, const ServerKeys& keys, RoomKeyKind kind, int generation) {
  return read_trusted(
      tx, keys,
      tx.one("SELECT generation, box_public, sign_public, certificate FROM room_keys WHERE school_id = ?1 AND kind = ?2 "
             "AND generation = ?3",
             tx.school(), to_text(kind), generation),
      kind);
}

RoomKeyWrapping sign_wrapping(const SchoolId& school, const RoomKey& key, const PersonId& holder, Bytes sealed,
                              const Unlocked& giver) {
  RoomKeyWrapping out{key.kind, key.generation, holder, std::move(sealed), giver.person, {}};
  out.signature = crypto::sign(giver.pair, wrapping_message(school, out));
  return out;
}

void store_wrapping(storage::WriteTx& tx, const RoomKeyWrapping& w) {
  tx.exec(
      "INSERT INTO room_key_wrappings (school_id, kind, generation, holder, sealed, giver, signature) "
      "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (school_id, kind, generation, holder) DO UPDATE SET "
      "sealed = excluded.sealed, giver = excluded.giver, signature = excluded.signature",
      tx.school(), to_text(w.kind), w.generation, w.holder, w.sealed, w.giver, w.signature.bytes);
}

crypto::Pair open_room_key(storage::ReadTx& tx, const ServerKeys& keys, RoomKeyKind kind, const Unlocked& holder,
                           std::optional<int> generation) {
  if (!generation) {
    const auto held = generations_held(tx, kind, holder.person);
    if (held.empty()) throw Refusal(Code::not_found, "the person does not hold this key");
    generation = held.front();
  }
  const auto wrapping = find_wrapping(tx, kind, *generation, holder.person);
  if (!wrapping) throw Refusal(Code::not_found, "the person does not hold this key");
  require_certified(tx, keys, holder);
  const auto key = room_key_of(tx, keys, kind, *generation);
  if (!key) throw Refusal(Code::content_damaged, "the public halves are not the pinned ones");
  return crypto::derive(open_seed(tx, keys, *key, *wrapping, holder));
}

bool holds_room_key(storage::ReadTx& tx, RoomKeyKind kind, const PersonId& person) {
  return !generations_held(tx, kind, person).empty();
}

std::vector<PersonId> holders_of(storage::ReadTx& tx, RoomKeyKind kind) {
  std::vector<PersonId> out;
  for (const auto row :
       tx.query("SELECT DISTINCT holder FROM room_key_wrappings WHERE school_id = ?1 AND kind = ?2 ORDER BY holder",
                tx.school(), to_text(kind)))
    out.push_back(row.get<PersonId>(0));
  return out;
}

int wrap_room_key_for(storage::WriteTx& tx, const ServerKeys& keys, RoomKeyKind kind, const Unlocked& from,
                      const PersonId& to) {
  const auto held = generations_held(tx, kind, from.person);
  if (held.empty()) throw Refusal(Code::not_found, "the giver does not hold this key");
  const auto receiver = certified_key(tx, keys, to);
  if (!receiver) throw Refusal(Code::not_allowed, "the receiver's key is not certified");
  require_certified(tx, keys, from);
  for (const int generation : held) {
    const auto key = room_key_of(tx, keys, kind, generation);
    const auto wrapping = find_wrapping(tx, kind, generation, from.person);
    if (!key || !wrapping) throw Refusal(Code::content_damaged, "the public halves are not the pinned ones");
    const auto seed = open_seed(tx, keys, *key, *wrapping, from);
    store_wrapping(tx,
                   sign_wrapping(tx.school(), *key, to, crypto::seal_to(receiver->box_public, seed.expose()), from));
  }
  return static_cast<int>(held.size());
}

Bytes renewal_message(const SchoolId& school, const RoomKey& key) {
  return crypto::Encoder("xinyi room key v1")
      .raw(school.bytes())
      .u8(static_cast<std::uint8_t>(key.kind))
      .u32(static_cast<std::uint32_t>(key.generation))
      .raw(key.box_public.bytes)
      .take();
}

int renew_room_key(storage::WriteTx& tx, const ServerKeys& keys, RoomKeyKind kind, const crypto::Seed& seed,
                   const Unlocked& from) {
  invariant(kind != RoomKeyKind::room, "the room key changes with new cards");
  const auto room = open_room_key(tx, keys, RoomKeyKind::room, from);
  const auto present = room_key(tx, keys, kind);
  const RoomKey renewed{kind, present.generation + 1, crypto::derive(seed).box_public, std::nullopt};
  const auto certificate = crypto::sign(room, renewal_message(tx.school(), renewed));
  tx.exec("INSERT INTO room_keys (school_id, kind, generation, box_public, certificate) VALUES (?1, ?2, ?3, ?4, ?5)",
          tx.school(), to_text(kind), renewed.generation, renewed.box_public.bytes, certificate.bytes);
  for (const auto& holder : holders_of(tx, kind))
    if (const auto key = certified_key(tx, keys, holder))
      store_wrapping(tx, sign_wrapping(tx.school(), renewed, holder, crypto::seal_to(key->box_public, seed.expose()), from));
  return renewed.generation;
}

void withdraw_room_key(storage::WriteTx& tx, RoomKeyKind kind, const PersonId& holder) {
  const auto holders = holders_of(tx, kind);
  if (kind != RoomKeyKind::duty && holders.size() == 1 && holders.front() == holder)
    throw Refusal(Code::last_director, "nobody else holds this key");
  tx.exec("DELETE FROM room_key_wrappings WHERE school_id = ?1 AND kind = ?2 AND holder = ?3", tx.school(),
          to_text(kind), holder);
}

}  // namespace xinyi::vault
