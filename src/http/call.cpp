#include <charconv>

#include "http/contract.hpp"
#include "http/matcher.hpp"

namespace xinyi::http {
namespace {
constexpr auto kRemembered = std::chrono::hours(24);

/// 8 to 64 printable ASCII characters without blanks.
bool good_key(std::string_view key) {
  return key.size() >= 8 && key.size() <= 64 && key.find_first_not_of(
      "!\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~") == key.npos;
}
}  // namespace

Call::Call(const Services& services, const Route& route, Incoming& in, Executor& executor, const identity::Principal* who,
           std::shared_ptr<const identity::School> facts)
    : services_(services), route_(route), in_(in), executor_(executor), who_(who), now_(services.clock.now()),
      school_facts_(std::move(facts)) {
  if (who_) school_ = who_->school;
  else if (school_facts_) school_ = school_facts_->id;
}

const identity::Principal& Call::who() const {
  if (!who_) throw Refusal(Code::sign_in_needed);
  return *who_;
}

const vault::Unlocked& Call::unlocked() const {
  if (!unlocked_) {
    if (!who().secret) throw Refusal(Code::key_locked);
    unlocked_.emplace(vault::unlock(who().person, who().secret->clone()));
  }
  return *unlocked_;
}

const identity::School& Call::school_facts() const {
  if (!school_facts_) school_facts_ = services_.schools.of(school_);
  return *school_facts_;
}

std::string_view Call::param(std::string_view name) const {
  for (const auto& [k, v] : in_.params)
    if (k == name) return v;
  throw Bug("route has no such path parameter");
}

const std::string* Call::raw_query(std::string_view name) const {
  for (const auto& [k, v] : in_.query)
    if (k == name) return &v;
  return nullptr;
}

std::int64_t Call::expected_version() const {
  std::string_view t = in_.if_match;
  if (t.empty()) throw Refusal(Code::version_needed);
  std::int64_t out = 0;
  if (t.size() < 3 || t.front() != '"' || t.back() != '"') throw Refusal(Code::invalid_input, "If-Match", Code::field_type);
  t = t.substr(1, t.size() - 2);
  const auto [end, ec] = std::from_chars(t.data(), t.data() + t.size(), out);
  if (ec != std::errc{} || end != t.data() + t.size() || out < 0) throw Refusal(Code::invalid_input, "If-Match", Code::field_type);
  return out;
}

std::string Call::take_upload() {
  invariant(!in_.upload_path.empty(), "no upload to take");
  return std::exchange(in_.upload_path, {});
}

audit::Event Call::event(audit::Act act, std::string_view kind, const Fixed<16>& object, std::optional<ClientRef> about) const {
  audit::Event out;
  // A member of staff who is the client acts as the pseudonym: the log must not join the two (CARE-17).
  const bool as_client = who_ && (!who_->staff() || about == who_->self);
  out.actor = !who_ ? audit::Actor::anonymous() : as_client ? audit::Actor::client(who_->self) : audit::Actor::staff(who_->person);
  out.act = act;
  out.object = {std::string(kind), object};
  out.about = about;
  out.at = now_;
  return out;
}

audit::Event Call::event(std::string_view act, std::string_view kind, const Fixed<16>& object, std::optional<ClientRef> about) const {
  const auto known = audit::act_from_code(act);
  invariant(known.has_value(), "act outside the catalogue");
  return event(*known, kind, object, about);
}

void Call::admit(storage::ReadTx& tx) {
  admitted_ = false;
  if (who_) identity::recheck(tx, data_key(), *who_, now_);
  admit_resolved(tx);
}

void Call::admit_resolved(storage::ReadTx& tx) {
  admitted_ = false;
  facts_ = route_.locate(tx, *this);
  decision_ = identity::decide(who_, route_.rule, facts_);
  if (!decision_.allowed) throw AccessDenied(decision_.why, facts_);
  admitted_ = true;
}

std::optional<Call::Once> Call::once_only() const {
  const auto& in = in_;
  if (in.idempotency_key.empty()) return std::nullopt;
  Once out;
  out.route = std::string(to_text(route_.method)) + " " + route_.path;
  const auto& key = data_key();
  out.principal = who_ ? key.keyed("idempotency", who_->person.bytes()) : key.keyed("idempotency anonymous", view(in.idempotency_key));
  // Each part with its length before it, so that no two requests hash alike.
  std::string request;
  const auto add = [&](std::string_view part) { request.append(std::to_string(part.size())).append(":").append(part); };
  add(in.path);
  for (const auto& [k, v] : in.query) add(k), add(v);
  add(in.if_match);
  const auto body = crypto::sha256(view(in.body));
  add(text(body));
  out.request = key.keyed("idempotency request", view(request));
  return out;
}

std::optional<Touched> Call::repeated(storage::WriteTx& tx, const std::optional<Once>& once) const {
  if (!once) return std::nullopt;
  if (!good_key(in_.idempotency_key)) throw Refusal(Code::invalid_input, "Idempotency-Key", Code::field_characters);
  auto row = tx.one("SELECT request, object, version FROM idempotency WHERE school_id = ?1 AND principal = ?2 AND route = ?3 "
                    "AND key = ?4 AND expires_at > ?5",
                    tx.school(), once->principal, once->route, in_.idempotency_key, now_);
  if (!row) return std::nullopt;
  if (row->get<Fixed<16>>(0) != once->request) throw Refusal(Code::key_reused);
  return Touched{row->get<Fixed<16>>(1), row->get<std::int64_t>(2)};
}

void Call::remember(storage::WriteTx& tx, const std::optional<Once>& once, const Touched& touched) const {
  if (!once) return;
  // One that has ended and was not cleared yet gives way; a live one was found before the work.
  tx.exec("INSERT INTO idempotency (school_id, principal, route, key, request, status, object, version, expires_at) "
          "VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9) ON CONFLICT (school_id, principal, route, key) DO UPDATE SET request = excluded.request, "
          "status = excluded.status, object = excluded.object, version = excluded.version, expires_at = excluded.expires_at",
          tx.school(), once->principal, once->route, in_.idempotency_key, once->request, in_.success_status, touched.object, touched.version,
          now_ + kRemembered);
}

void forget_keys(storage::WriteTx& tx) { tx.exec("DELETE FROM idempotency"); }

std::int64_t clear_ended_keys(storage::WriteTx& tx, Instant now) {
  return tx.exec("DELETE FROM idempotency WHERE school_id = ?1 AND expires_at <= ?2", tx.school(), now);
}
}  // namespace xinyi::http
