#include "vault/grants.hpp"

#include <algorithm>

#include "vault/verified.hpp"

namespace xinyi::vault {
namespace {
std::string_view to_text(Grant::Holder kind) {
  switch (kind) {
    case Grant::Holder::person: return "person";
    case Grant::Holder::room: return "room";
    case Grant::Holder::crisis: return "crisis";
  }
  throw Bug("unknown kind of holder");
}

Grant::Holder holder_from_text(std::string_view text) {
  if (text == "person") return Grant::Holder::person;
  return text == "room" ? Grant::Holder::room : Grant::Holder::crisis;
}

Grant read_grant(const storage::Row& row) {
  Grant out;
  out.id = row.get<GrantId>(0);
  out.case_id = row.get<CaseId>(1);
  out.holder_kind = holder_from_text(row.get<std::string_view>(2));
  out.holder = row.get<PersonId>(3);
  out.generation = row.get<int>(4);
  out.sealed = row.get<Bytes>(5);
  out.giver = row.get<PersonId>(6);
  out.signature.bytes = row.get<Fixed<64>>(7);
  out.reason = row.get<std::string>(8);
  out.starts_at = row.get<Instant>(9);
  out.ends_at = row.get<std::optional<Instant>>(10);
  out.ended_at = row.get<std::optional<Instant>>(11);
  return out;
}

bool live(const Grant& grant, Instant now) {
  return !grant.ended_at && grant.starts_at <= now && (!grant.ends_at || now < *grant.ends_at);
}

// What is live for this holder, newest generation first.
std::vector<Grant> live_grants(storage::ReadTx& tx, const CaseId& case_id, Grant::Holder kind, const PersonId& holder,
                               Instant now) {
  auto out = grants_of(tx, case_id);
  std::erase_if(out, [&](const Grant& g) { return g.holder_kind != kind || g.holder != holder || !live(g, now); });
  std::ranges::stable_sort(out, std::ranges::greater{}, &Grant::generation);
  return out;
}

bool signed_by_giver(storage::ReadTx& tx, const ServerKeys& keys, const Grant& grant) {
  const auto message = grant_message(tx.school(), grant);
  return std::ranges::any_of(certified_history(tx, keys, grant.giver), [&](const PersonKey& giver) {
    return verify_known(giver.sign_public, message, grant.signature);
  });
}

std::optional<CaseKey> open_grant(storage::ReadTx& tx, const ServerKeys& keys, const Grant& grant,
                                  const crypto::Pair& pair) {
  if (!signed_by_giver(tx, keys, grant)) return std::nullopt;
  const auto opened = crypto::open_sealed(pair, grant.sealed);
  if (!opened || opened->size() != 32) return std::nullopt;
  return CaseKey{crypto::Key::from(opened->expose())};
}

CaseKey case_key_by(storage::ReadTx& tx, const ServerKeys& keys, Grant::Holder holder, RoomKeyKind kind,
                    const CaseId& case_id, const Unlocked& reader, Instant now) {
  const auto grants = live_grants(tx, case_id, holder, PersonId{}, now);
  if (grants.empty() || !holds_room_key(tx, kind, reader.person)) throw Refusal(Code::not_found, "no live grant");
  for (const auto& grant : grants) {
    const auto pair = open_room_key(tx, keys, kind, reader, grant.generation);
    if (auto key = open_grant(tx, keys, grant, pair)) return std::move(*key);
  }
  throw Refusal(Code::content_damaged, "a grant's signature or content is not its giver's");
}
}  // namespace

CaseKey make_case_key() { return {crypto::Key::random()}; }

Bytes grant_message(const SchoolId& school, const Grant& g) {
  crypto::Encoder out("xinyi grant v1");
  out.raw(school.bytes())
      .raw(g.id.bytes())
      .raw(g.case_id.bytes())
      .u8(static_cast<std::uint8_t>(g.holder_kind))
      .raw(g.holder.bytes());
  out.u32(static_cast<std::uint32_t>(g.generation))
      .raw(g.giver.bytes())
      .raw(crypto::sha256(g.sealed))
      .i64(g.starts_at.micros);
  out.u8(g.ends_at ? 1 : 0);
  if (g.ends_at) out.i64(g.ends_at->micros);
  return out.short_text(g.reason).take();
}

GrantTo to_person(const PersonKey& key) {
  if (key.state != PersonKey::State::certified)
    throw Refusal(Code::certification_needed, "a grant needs a certified key");
  return {Grant::Holder::person, key.person, key.generation, key.box_public};
}

GrantTo to_room(const RoomKey& key) {
  invariant(key.kind != RoomKeyKind::duty, "the duty key gets no case keys");
  return {key.kind == RoomKeyKind::room ? Grant::Holder::room : Grant::Holder::crisis, PersonId{}, key.generation,
          key.box_public};
}

Grant make_grant(const SchoolId& school, const CaseId& case_id, const CaseKey& key, const GrantTo& to,
                 const Unlocked& giver, std::string reason, Instant starts, std::optional<Instant> ends,
                 Random& random) {
  Grant out;
  out.id = random.id<GrantId>(starts);
  out.case_id = case_id;
  out.holder_kind = to.kind;
  out.holder = to.person;
  out.generation = to.generation;
  out.sealed = crypto::seal_to(to.box_public, key.key.expose());
  out.giver = giver.person;
  out.reason = std::move(reason);
  out.starts_at = starts;
  out.ends_at = ends;
  out.signature = crypto::sign(giver.pair, grant_message(school, out));
  return out;
}

std::vector<Grant> opening_grants(const SchoolId& school, const CaseId& case_id, const CaseKey& key,
                                  const PersonKey& counsellor, const RoomKey& room, const RoomKey& crisis,
                                  const Unlocked& giver, Instant now, Random& random) {
  std::vector<Grant> out;
  for (const auto& to : {to_person(counsellor), to_room(room), to_room(crisis)})
    out.push_back(make_grant(school, case_id, key, to, giver, "responsible", now, std::nullopt, random));
  return out;
}

void insert_grant(storage::WriteTx& tx, const Grant& g) {
  tx.exec(
      "INSERT INTO grants (school_id, id, case_id, holder_kind, holder, generation, sealed, giver, signature, reason, "
      "starts_at, "
      "ends_at, ended_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
      tx.school(), g.id, g.case_id, to_text(g.holder_kind), g.holder, g.generation, g.sealed, g.giver,
      g.signature.bytes, g.reason, g.starts_at, g.ends_at, g.ended_at);
}

void insert_grants(storage::WriteTx& tx, const std::vector<Grant>& grants) {
  for (const auto& grant : grants) insert_grant(tx, grant);
}

std::vector<Grant> grants_of(storage::ReadTx& tx, const CaseId& case_id) {
  std::vector<Grant> out;
  for (const auto row :
       tx.query("SELECT id, case_id, holder_kind, holder, generation, sealed, giver, signature, reason, starts_at, "
                "ends_at, ended_at FROM grants WHERE school_id = ?1 AND case_id = ?2 ORDER BY id",
                tx.school(), case_id))
    out.push_back(read_grant(row));
  return out;
}

bool has_live_grant(storage::ReadTx& tx, const CaseId& case_id, const PersonId& person, Instant now) {
  return tx
      .one(
          "SELECT 1 FROM grants WHERE school_id = ?1 AND case_id = ?2 AND holder_kind = 'person' AND holder = ?3 AND "
          "starts_at <= ?4 "
          "AND ended_at IS NULL AND (ends_at IS NULL OR ends_at > ?4) LIMIT 1",
          tx.school(), case_id, person, now)
      .has_value();
}

std::vector<CaseId> granted_cases(storage::ReadTx& tx, const PersonId& person, Instant now) {
  std::vector<CaseId> out;
  for (const auto row :
       tx.query("SELECT DISTINCT case_id FROM grants WHERE school_id = ?1 AND holder = ?2 AND holder_kind = 'person' "
                "AND starts_at <= ?3 AND ended_at IS NULL AND (ends_at IS NULL OR ends_at > ?3) ORDER BY case_id",
                tx.school(), person, now))
    out.push_back(row.get<CaseId>(0));
  return out;
}

bool end_grant(storage::WriteTx& tx, const GrantId& id, Instant now) {
  return tx.exec("UPDATE grants SET ended_at = ?3 WHERE school_id = ?1 AND id = ?2 AND ended_at IS NULL", tx.school(),
                 id, now) == 1;
}

std::int64_t end_grants_in_case(storage::WriteTx& tx, const CaseId& case_id, const PersonId& person, Instant now) {
  return tx.exec(
      "UPDATE grants SET ended_at = ?4 WHERE school_id = ?1 AND case_id = ?2 AND holder_kind = 'person' AND holder = "
      "?3 "
      "AND ended_at IS NULL",
      tx.school(), case_id, person, now);
}

std::int64_t end_grants_of(storage::WriteTx& tx, const PersonId& person, Instant now) {
  return tx.exec(
      "UPDATE grants SET ended_at = ?3 WHERE school_id = ?1 AND holder = ?2 AND holder_kind = 'person' AND ended_at IS "
      "NULL",
      tx.school(), person, now);
}

CaseKey case_key_for(storage::ReadTx& tx, const ServerKeys& keys, const CaseId& case_id, const Unlocked& reader,
                     Instant now) {
  auto grants = live_grants(tx, case_id, Grant::Holder::person, reader.person, now);
  const auto key = certified_key(tx, keys, reader.person);
  // A grant to an earlier pair of the person (before a reset) cannot be opened by anybody any more.
  if (key) std::erase_if(grants, [&](const Grant& g) { return g.generation != key->generation; });
  if (grants.empty()) throw Refusal(Code::not_found, "no live grant");
  if (!key || key->box_public != reader.pair.box_public || key->sign_public != reader.pair.sign_public)
    throw Refusal(Code::certification_needed, "the opened key is not the person's certified one");
  for (const auto& grant : grants)
    if (auto opened = open_grant(tx, keys, grant, reader.pair)) return std::move(*opened);
  throw Refusal(Code::content_damaged, "a grant's signature or content is not its giver's");
}

CaseKey case_key_by_room(storage::ReadTx& tx, const ServerKeys& keys, const CaseId& case_id, const Unlocked& reader,
                         Instant now) {
  return case_key_by(tx, keys, Grant::Holder::room, RoomKeyKind::room, case_id, reader, now);
}

CaseKey case_key_by_crisis(storage::ReadTx& tx, const ServerKeys& keys, const CaseId& case_id, const Unlocked& reader,
                           Instant now) {
  return case_key_by(tx, keys, Grant::Holder::crisis, RoomKeyKind::crisis, case_id, reader, now);
}

}  // namespace xinyi::vault
