#include "audit/log.hpp"

#include <algorithm>

#include "audit/leaf.hpp"
#include "audit/tree.hpp"
#include "kernel/problem.hpp"

namespace xinyi::audit {
namespace {
constexpr std::uint8_t kFormat = 0x01;
constexpr Fixed<16> kNobody{};
constexpr std::array kActorKinds = {Actor::Kind::staff, Actor::Kind::client, Actor::Kind::system,
                                    Actor::Kind::operator_, Actor::Kind::anonymous};

std::optional<Actor::Kind> actor_kind_from_text(std::string_view text) {
  for (const auto kind : kActorKinds)
    if (to_text(kind) == text) return kind;
  return std::nullopt;
}

bool has_length(const std::optional<View>& v, std::size_t n) { return !v || v->size() == n; }

bool good_object_kind(std::string_view kind) {
  return !kind.empty() && kind.size() <= 32 &&
         std::ranges::all_of(kind, [](char c) { return (c >= 'a' && c <= 'z') || c == '_'; });
}

template <class T>
std::optional<View> maybe_view(const std::optional<T>& v) {
  return v ? std::optional<View>(*v) : std::nullopt;
}

Raw raw_of(std::int64_t number, const Event& e) {
  Raw out;
  out.number = number;
  out.at = e.at.micros;
  out.actor_kind = to_text(e.actor.kind);
  out.actor_id = e.actor.id;
  out.act = catalogue(e.act).code;
  out.object_kind = e.object.kind;
  out.object_id = e.object.id;
  if (e.about) out.about = View(e.about->bytes());
  out.outcome = e.outcome == Outcome::done ? "done" : "refused";
  if (e.why) out.why_hash = View(e.why->salted_hash);
  out.content = maybe_view(e.content);
  return out;
}

void check(const Event& e) {
  invariant(good_object_kind(e.object.kind), "audit: an object's kind is 1 to 32 of a-z and _");
  const bool named = e.actor.kind == Actor::Kind::staff || e.actor.kind == Actor::Kind::client;
  invariant(named == (e.actor.id != kNobody), "audit: staff and clients have an id, nobody else");
}
}  // namespace

Raw read_raw(const storage::Row& row) {
  Raw out;
  out.number = row.get<std::int64_t>(0);
  out.at = row.get<std::int64_t>(1);
  out.actor_kind = row.get<std::string_view>(2);
  if (!row.null(3))
    out.actor_id = row.get<View>(3);
  else if (!row.null(4))
    out.actor_id = row.get<View>(4);
  else
    out.actor_id = kNobody;
  out.act = row.get<std::string_view>(5);
  out.object_kind = row.get<std::string_view>(6);
  out.object_id = row.get<View>(7);
  out.about = row.get<std::optional<View>>(8);
  out.outcome = row.get<std::string_view>(9);
  out.why_hash = row.get<std::optional<View>>(10);
  out.content = row.get<std::optional<View>>(11);
  out.leaf = row.get<View>(12);
  return out;
}

bool encode_leaf(crypto::Encoder& out, const SchoolId& school, const Raw& raw) {
  const auto kind = actor_kind_from_text(raw.actor_kind);
  const bool done = raw.outcome == "done";
  if (!kind || (!done && raw.outcome != "refused") || raw.actor_id.size() != 16 || raw.object_id.size() != 16 ||
      raw.act.size() > 255 || raw.object_kind.size() > 255 || !has_length(raw.about, 16) ||
      !has_length(raw.why_hash, 32) || !has_length(raw.content, 32))
    return false;
  out.u8(kFormat)
      .raw(school.bytes())
      .i64(raw.number)
      .i64(raw.at)
      .u8(static_cast<std::uint8_t>(*kind))
      .raw(raw.actor_id);
  out.short_text(raw.act).short_text(raw.object_kind).raw(raw.object_id).maybe(raw.about).u8(done ? 0 : 1);
  out.maybe(raw.why_hash).maybe(raw.content);
  return true;
}

Bytes leaf_bytes(const SchoolId& school, std::int64_t number, const Event& event) {
  check(event);
  crypto::Encoder out;
  invariant(encode_leaf(out, school, raw_of(number, event)), "audit: an event has no canonical form");
  return out.take();
}

Leaf append(storage::WriteTx& tx, const Event& e) {
  Leaf out;
  if (const auto row = tx.one("SELECT max(number) FROM audit_events WHERE school_id = ?1", tx.school());
      row && !row->null(0))
    out.number = row->get<std::int64_t>(0) + 1;
  out.hash = leaf_hash(leaf_bytes(tx.school(), out.number, e));
  const Raw raw = raw_of(out.number, e);
  const auto id_if = [&](Actor::Kind kind) {
    return e.actor.kind == kind ? std::optional(View(e.actor.id)) : std::nullopt;
  };
  tx.exec(
      "INSERT INTO audit_events (school_id, number, at, actor_kind, actor_person, actor_client, act, object_kind, "
      "object_id, about, "
      "outcome, why_hash, why_sealed, content, leaf) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, "
      "?14, ?15)",
      tx.school(), out.number, e.at, raw.actor_kind, id_if(Actor::Kind::staff), id_if(Actor::Kind::client), raw.act,
      raw.object_kind, raw.object_id, raw.about, raw.outcome, raw.why_hash,
      e.why ? std::optional(View(e.why->sealed)) : std::nullopt, raw.content, out.hash);
  return out;
}

std::vector<Seen> who_looked(storage::ReadTx& tx, const ClientRef& about, int limit) {
  std::vector<Seen> out;
  const auto most = static_cast<std::size_t>(std::clamp(limit, 1, 1000));
  for (const auto row :
       tx.query("SELECT " XINYI_AUDIT_COLUMNS ", why_sealed FROM audit_events WHERE school_id = ?1 AND about = ?2 "
                "ORDER BY number DESC",
                tx.school(), about)) {
    const Raw raw = read_raw(row);
    const auto act = act_from_code(raw.act);
    const auto kind = actor_kind_from_text(raw.actor_kind);
    if (!act || !kind || catalogue(*act).kind != ActKind::look) continue;
    Seen seen{raw.number,    Instant{raw.at}, {*kind, {}}, *act, {std::string(raw.object_kind), {}},
              Outcome::done, std::nullopt};
    invariant(raw.actor_id.size() == 16 && raw.object_id.size() == 16, "audit: stored id of another length");
    std::ranges::copy(raw.actor_id, seen.actor.id.begin());
    std::ranges::copy(raw.object_id, seen.object.id.begin());
    if (seen.actor == Actor::client(about)) continue;
    if (raw.outcome == "refused") seen.outcome = Outcome::refused;
    if (raw.why_hash && raw.why_hash->size() == 32) {
      Why why;
      std::ranges::copy(*raw.why_hash, why.salted_hash.begin());
      if (!row.null(13)) why.sealed = row.get<Bytes>(13);  // empty when the text was erased
      seen.why = std::move(why);
    }
    out.push_back(std::move(seen));
    if (out.size() == most) break;
  }
  return out;
}

}  // namespace xinyi::audit
