#include "features/schedule/store.hpp"

#include <algorithm>
#include <map>

#include "identity/accounts.hpp"
#include "storage/eights.hpp"

namespace xinyi::schedule {
namespace {
using storage::ReadTx;
using storage::WriteTx;

template <class E, class RowType>
E enumeration(const RowType& row, int column) {
  const auto v = contract::enum_value<E>(row.template get<std::string_view>(column));
  invariant(v.has_value(), "unknown enumerator in storage");
  return *v;
}

constexpr storage::Sql kShifts =
    "SELECT s.id, s.counsellor_id, a.name, a.gender, s.room_id, r.name, s.day, s.starts_at, s.ends_at, s.slot_minutes, s.version "
    "FROM shifts s JOIN accounts a ON a.school_id = s.school_id AND a.person_id = s.counsellor_id "
    "JOIN rooms r ON r.school_id = s.school_id AND r.id = s.room_id "
    "WHERE s.school_id = ?1 AND s.starts_at >= ?2 AND s.starts_at < ?3 ORDER BY s.starts_at, a.name, s.id";
constexpr storage::Sql kShift =
    "SELECT s.id, s.counsellor_id, a.name, a.gender, s.room_id, r.name, s.day, s.starts_at, s.ends_at, s.slot_minutes, s.version "
    "FROM shifts s JOIN accounts a ON a.school_id = s.school_id AND a.person_id = s.counsellor_id "
    "JOIN rooms r ON r.school_id = s.school_id AND r.id = s.room_id WHERE s.school_id = ?1 AND s.id = ?2";

template <class RowType>
Shift read_shift(const RowType& row) {
  return {row.template get<ShiftId>(0), {row.template get<PersonId>(1), row.template get<std::string>(2), row.template get<std::string>(3)},
          {row.template get<RoomId>(4), row.template get<std::string>(5)}, row.template get<SchoolDate>(6), row.template get<Instant>(7),
          row.template get<Instant>(8), row.template get<std::int64_t>(9), 0, row.template get<std::int64_t>(10)};
}

template <class RowType>
StoredAppointment read_appointment(const RowType& row) {
  StoredAppointment a;
  a.id = row.template get<AppointmentId>(0);
  a.client = row.template get<ClientRef>(1);
  a.counsellor = row.template get<PersonId>(2);
  a.room = row.template get<RoomId>(3);
  a.shift = row.template get<ShiftId>(4);
  a.span = {row.template get<Instant>(5), row.template get<Instant>(6)};
  a.state = enumeration<AppointmentState>(row, 7);
  a.walk_in = row.template get<bool>(8);
  a.urgent = row.template get<bool>(9);
  a.reason_unit = row.template get<std::optional<UnitId>>(10);
  if (!row.null(11)) a.reason = row.template get<Bytes>(11);
  a.version = row.template get<std::int64_t>(12);
  return a;
}

bool may_receive(identity::AccountState state, identity::Roles roles) {
  return state == identity::AccountState::active && roles.any({identity::Role::counsellor, identity::Role::trainee});
}

Fixed<16> counsellor_resource(const vault::DataKey& key, const PersonId& id) { return key.keyed("occupancy counsellor", id.bytes()); }
Fixed<16> room_resource(const vault::DataKey& key, const RoomId& id) { return key.keyed("occupancy room", id.bytes()); }
Fixed<16> client_resource(const vault::DataKey& key, const ClientRef& ref) { return key.keyed("occupancy client", ref.bytes()); }

/// False when somebody else has the resource in that span.
bool occupy(WriteTx& tx, const Fixed<16>& resource, const StoredAppointment& a, const char* kind) {
  try {
    tx.exec("INSERT INTO occupancy (school_id, resource, starts_at, ends_at, holder, kind) VALUES (?1,?2,?3,?4,?5,?6)", tx.school(), resource,
            a.span.starts_at, a.span.ends_at, a.id, kind);
    return true;
  } catch (const storage::ConstraintError& e) {
    if (e.kind() == storage::ConstraintError::Kind::other) throw;
    return false;
  }
}

void release(WriteTx& tx, const AppointmentId& id) {
  tx.exec("DELETE FROM occupancy WHERE school_id = ?1 AND holder = ?2", tx.school(), id);
}

/// What is taken of counsellors, rooms and one client in a range.
class Taken {
 public:
  explicit Taken(const vault::DataKey& key) : key_(key) {}
  void watch(const PersonId& counsellor) { watch(counsellor.bytes(), [&] { return counsellor_resource(key_, counsellor); }); }
  void watch(const RoomId& room) { watch(room.bytes(), [&] { return room_resource(key_, room); }); }
  void watch(const ClientRef& client) { watch(client.bytes(), [&] { return client_resource(key_, client); }); }
  void load(ReadTx& tx, const Interval& range) {
    const auto earliest = range.starts_at - Span(std::chrono::hours(12));  // nothing is taken for longer
    storage::by_eights(resources_, [&](const auto& r) {
      for (storage::Row row : tx.query("SELECT o.resource, o.starts_at, o.ends_at FROM (VALUES (?2), (?3), (?4), (?5), (?6), (?7), (?8), (?9)) AS wanted "
                                       "CROSS JOIN occupancy o WHERE o.school_id = ?1 AND o.resource = wanted.column1 AND o.starts_at > ?10 "
                                       "AND o.starts_at < ?11", tx.school(), r[0], r[1], r[2], r[3], r[4], r[5], r[6], r[7], earliest,
                               range.ends_at))
        taken_[row.get<Fixed<16>>(0)].push_back({row.get<Instant>(1), row.get<Instant>(2)});
    });
    for (auto& [resource, list] : taken_) std::ranges::sort(list, {}, &Interval::starts_at);
  }
  /// Appends what overlaps the span.
  template <class AnyId>
  void add(std::vector<Interval>& out, const AnyId& id, const Interval& span) const {
    const auto found = taken_.find(names_.at(id.bytes()));
    if (found == taken_.end()) return;
    const auto& all = found->second;
    // Nothing overlaps another of the same resource, so ends are in order too.
    for (auto it = std::ranges::upper_bound(all, span.starts_at, {}, &Interval::ends_at); it != all.end() && it->starts_at < span.ends_at; ++it)
      out.push_back(*it);
  }

 private:
  template <class Resource>
  void watch(const Fixed<16>& id, Resource resource) {
    const auto [at, fresh] = names_.try_emplace(id);
    if (fresh) resources_.push_back(at->second = resource());
  }
  const vault::DataKey& key_;
  std::map<Fixed<16>, Fixed<16>> names_;  // id: what occupancy calls it
  std::vector<Fixed<16>> resources_;
  std::map<Fixed<16>, std::vector<Interval>> taken_;
};

template <class RowType>
PlannedShift read_planned(const RowType& row) {
  return {row.template get<ShiftId>(0), row.template get<PersonId>(1), row.template get<RoomId>(2),
          {row.template get<Instant>(3), row.template get<Instant>(4)}, row.template get<std::int64_t>(5)};
}
std::vector<PlannedShift> planned(ReadTx& tx, const Interval& range, const std::optional<PersonId>& counsellor) {
  std::vector<PlannedShift> out;
  for (auto row : tx.query("SELECT id, counsellor_id, room_id, starts_at, ends_at, slot_minutes FROM shifts WHERE school_id = ?1 AND starts_at >= ?2 "
                           "AND starts_at < ?3 ORDER BY starts_at", tx.school(), range.starts_at, range.ends_at))
    if (!counsellor || row.get<PersonId>(1) == *counsellor) out.push_back(read_planned(row));
  return out;
}
}  // namespace

std::vector<Term> terms(ReadTx& tx) {
  std::vector<Term> out;
  for (auto row : tx.query("SELECT id, name, starts_on, ends_on, version FROM terms WHERE school_id = ?1 ORDER BY starts_on DESC", tx.school()))
    out.push_back({row.get<TermId>(0), row.get<std::string>(1), row.get<SchoolDate>(2), row.get<SchoolDate>(3), row.get<std::int64_t>(4)});
  return out;
}

std::optional<Term> term_on(ReadTx& tx, SchoolDate day) {
  std::optional<Term> out;
  for (auto row : tx.query("SELECT id, name, starts_on, ends_on, version FROM terms WHERE school_id = ?1 AND starts_on <= ?2 AND ends_on >= ?2",
                           tx.school(), day)) {
    Term term{row.get<TermId>(0), row.get<std::string>(1), row.get<SchoolDate>(2), row.get<SchoolDate>(3), row.get<std::int64_t>(4)};
    if (!out || out->starts_on < term.starts_on) out = std::move(term);
  }
  return out;
}

void insert_term(WriteTx& tx, const Term& t) {
  tx.exec("INSERT INTO terms (school_id, id, name, starts_on, ends_on, version) VALUES (?1,?2,?3,?4,?5,?6)", tx.school(), t.id, t.name, t.starts_on,
          t.ends_on, t.version);
}

std::vector<CounsellingRoom> rooms(ReadTx& tx) {
  std::vector<CounsellingRoom> out;
  for (auto row : tx.query("SELECT id, name, function, capacity, version FROM rooms WHERE school_id = ?1 ORDER BY name", tx.school()))
    out.push_back({row.get<RoomId>(0), row.get<std::string>(1), enumeration<RoomFunction>(row, 2), row.get<std::int64_t>(3), row.get<std::int64_t>(4)});
  return out;
}

void insert_room(WriteTx& tx, const CounsellingRoom& r) {
  try {
    tx.exec("INSERT INTO rooms (school_id, id, name, function, capacity, version) VALUES (?1,?2,?3,?4,?5,?6)", tx.school(), r.id, r.name,
            contract::enum_name(r.function), r.capacity, r.version);
  } catch (const storage::ConstraintError&) {
    throw Refusal(Code::invalid_input, "name", Code::field_choice);
  }
}

std::vector<Person> counsellors(ReadTx& tx, const vault::DataKey& key) {
  std::vector<Person> out;
  for (const auto& a : identity::staff_accounts(tx, key))
    if (may_receive(a.state, a.roles)) out.push_back({a.person, a.name, a.gender});
  return out;
}

bool receives_clients(ReadTx& tx, const vault::DataKey& key, const PersonId& person) {
  const auto a = identity::account_of(tx, key, person);
  return a && may_receive(a->state, a->roles);
}

std::vector<Shift> shifts(ReadTx& tx, const Interval& range, const std::optional<PersonId>& counsellor) {
  std::vector<Shift> out;
  for (auto row : tx.query(kShifts, tx.school(), range.starts_at, range.ends_at))
    if (!counsellor || row.get<PersonId>(1) == *counsellor) out.push_back(read_shift(row));
  return out;
}

std::optional<Shift> shift(ReadTx& tx, const ShiftId& id) {
  auto row = tx.one(kShift, tx.school(), id);
  if (!row) return std::nullopt;
  auto out = read_shift(*row);
  out.appointments = tx.one("SELECT count(*) FROM appointments WHERE school_id = ?1 AND shift_id = ?2 AND state = 'booked'", tx.school(), id)
                         ->get<std::int64_t>(0);
  return out;
}

std::optional<PlannedShift> planned_shift(ReadTx& tx, const ShiftId& id) {
  auto row = tx.one("SELECT id, counsellor_id, room_id, starts_at, ends_at, slot_minutes FROM shifts WHERE school_id = ?1 AND id = ?2", tx.school(), id);
  return row ? std::optional(read_planned(*row)) : std::nullopt;
}

void insert_shift(WriteTx& tx, const Shift& s) {
  const auto clash = tx.one("SELECT 1 FROM shifts WHERE school_id = ?1 AND (counsellor_id = ?2 OR room_id = ?3) AND starts_at < ?5 AND ends_at > ?4 "
                            "AND starts_at > ?6", tx.school(), s.counsellor.id, s.room.id, s.starts_at, s.ends_at,
                            s.starts_at - Span(std::chrono::hours(12)));
  if (clash) throw Refusal(Code::shift_overlaps);
  tx.exec("INSERT INTO shifts (school_id, id, counsellor_id, room_id, day, starts_at, ends_at, slot_minutes, version) "
          "VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9)", tx.school(), s.id, s.counsellor.id, s.room.id, s.date, s.starts_at, s.ends_at, s.slot_minutes, s.version);
}

void remove_shift(WriteTx& tx, const ShiftId& id) {
  if (tx.one("SELECT 1 FROM appointments WHERE school_id = ?1 AND shift_id = ?2 AND state = 'booked'", tx.school(), id))
    throw Refusal(Code::shift_booked);
  if (tx.exec("DELETE FROM shifts WHERE school_id = ?1 AND id = ?2", tx.school(), id) == 0) throw Refusal(Code::not_found);
}

std::vector<FreeTimes> free_slots(ReadTx& tx, const vault::DataKey& key, const Wish& wish, Instant now, std::size_t limit) {
  constexpr Span kLongestShift = std::chrono::hours(12);
  const Interval range{std::max(wish.range.starts_at, now), wish.range.ends_at};
  auto plan = planned(tx, {range.starts_at - kLongestShift, range.ends_at}, wish.counsellor);
  std::erase_if(plan, [&](const PlannedShift& p) { return p.span.ends_at <= range.starts_at; });
  if (plan.empty()) return {};
  std::vector<PersonId> people;
  std::vector<RoomId> places;
  for (const auto& p : plan) people.push_back(p.counsellor), places.push_back(p.room);
  const Names names(tx, people, places);
  std::ranges::stable_sort(plan, [&](const PlannedShift& a, const PlannedShift& b) {
    return a.span.starts_at != b.span.starts_at ? a.span.starts_at < b.span.starts_at
                                                : names.counsellor(a.counsellor).name < names.counsellor(b.counsellor).name;
  });
  Taken taken(key);
  for (const auto& p : plan) taken.watch(p.counsellor), taken.watch(p.room);
  if (wish.client) taken.watch(*wish.client);
  taken.load(tx, {range.starts_at, range.ends_at + kLongestShift});

  std::vector<FreeTimes> out;
  std::vector<Interval> busy;
  std::size_t count = 0;
  for (const auto& p : plan) {
    if (!names.receives_clients(p.counsellor)) continue;
    busy.clear();
    taken.add(busy, p.counsellor, p.span);
    taken.add(busy, p.room, p.span);
    if (wish.client) taken.add(busy, *wish.client, p.span);
    FreeTimes free{p.id, {}, {}, p.slot_minutes, {}};
    for (const auto& slot : open_slots(p.span, p.slot_minutes, busy, now))
      if (slot.starts_at >= range.starts_at && slot.starts_at < range.ends_at && count < limit) free.starts.push_back(slot.starts_at), ++count;
    if (!free.starts.empty()) {
      free.counsellor = names.counsellor(p.counsellor);
      free.room = names.room(p.room);
      out.push_back(std::move(free));
    }
    if (count == limit) break;
  }
  return out;
}

Take occupy_for(WriteTx& tx, const vault::DataKey& key, const StoredAppointment& a) {
  if (!occupy(tx, counsellor_resource(key, a.counsellor), a, "counsellor")) return Take::counsellor_or_room_busy;
  if (!occupy(tx, room_resource(key, a.room), a, "room")) {
    release(tx, a.id);
    return Take::counsellor_or_room_busy;
  }
  if (!occupy(tx, client_resource(key, a.client), a, "client")) {
    release(tx, a.id);
    return Take::client_busy;
  }
  return Take::taken;
}

void insert_appointment(WriteTx& tx, const StoredAppointment& a) {
  const auto reason = a.reason.empty() ? std::nullopt : std::optional<View>(a.reason);
  tx.exec("INSERT INTO appointments (school_id, id, client, counsellor_id, room_id, shift_id, starts_at, ends_at, state, walk_in, urgent, "
          "reason_unit, reason, version) VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14)",
          tx.school(), a.id, a.client, a.counsellor, a.room, a.shift, a.span.starts_at, a.span.ends_at, contract::enum_name(a.state), a.walk_in,
          a.urgent, a.reason_unit, reason, a.version);
}

std::optional<StoredAppointment> appointment(ReadTx& tx, const AppointmentId& id) {
  auto row = tx.one("SELECT id, client, counsellor_id, room_id, shift_id, starts_at, ends_at, state, walk_in, urgent, reason_unit, reason, version "
                    "FROM appointments WHERE school_id = ?1 AND id = ?2", tx.school(), id);
  return row ? std::optional(read_appointment(*row)) : std::nullopt;
}

std::vector<StoredAppointment> appointments_of_client(ReadTx& tx, const ClientRef& client) {
  std::vector<StoredAppointment> out;
  for (auto row : tx.query("SELECT id, client, counsellor_id, room_id, shift_id, starts_at, ends_at, state, walk_in, urgent, reason_unit, reason, "
                           "version FROM appointments WHERE school_id = ?1 AND client = ?2 ORDER BY starts_at DESC LIMIT 200", tx.school(), client))
    out.push_back(read_appointment(row));
  return out;
}

std::vector<StoredAppointment> appointments_of_counsellor(ReadTx& tx, const PersonId& counsellor, const Interval& range) {
  std::vector<StoredAppointment> out;
  for (auto row : tx.query("SELECT id, client, counsellor_id, room_id, shift_id, starts_at, ends_at, state, walk_in, urgent, reason_unit, reason, "
                           "version FROM appointments WHERE school_id = ?1 AND counsellor_id = ?2 AND starts_at >= ?3 AND starts_at < ?4 "
                           "ORDER BY starts_at", tx.school(), counsellor, range.starts_at, range.ends_at))
    out.push_back(read_appointment(row));
  return out;
}

void set_appointment_state(WriteTx& tx, const StoredAppointment& a, AppointmentState to) {
  if (!may_become(a.state, to)) throw Refusal(Code::appointment_state);
  const auto n = tx.exec("UPDATE appointments SET state = ?3, version = version + 1 WHERE school_id = ?1 AND id = ?2 AND version = ?4", tx.school(),
                         a.id, contract::enum_name(to), a.version);
  if (n == 0) throw Refusal(Code::changed_meanwhile);
  if (to != AppointmentState::cancelled) return;
  release(tx, a.id);
  if (!a.reason_unit) return;  // no words, or a case has taken them over
  drop_reason(tx, a.id);
  vault::destroy_unit(tx, *a.reason_unit);
}

void drop_reason(WriteTx& tx, const AppointmentId& id) {
  tx.exec("UPDATE appointments SET reason = NULL, reason_unit = NULL WHERE school_id = ?1 AND id = ?2", tx.school(), id);
}

Names::Names(ReadTx& tx, std::vector<PersonId> people, std::vector<RoomId> places) {
  storage::by_eights(std::move(people), [&](const auto& p) {
    for (storage::Row row : tx.query("SELECT a.person_id, a.name, a.gender, a.state, a.roles FROM (VALUES (?2), (?3), (?4), (?5), (?6), (?7), (?8), (?9)) "
                                     "AS wanted CROSS JOIN accounts a WHERE a.school_id = ?1 AND a.person_id = wanted.column1", tx.school(), p[0], p[1], p[2], p[3], p[4], p[5], p[6], p[7])) {
      const auto id = row.get<PersonId>(0);
      counsellors_[id] = {{id, row.get<std::string>(1), row.get<std::string>(2)},
                          may_receive(enumeration<identity::AccountState>(row, 3), identity::roles_from_text(row.get<std::string_view>(4)))};
    }
  });
  storage::by_eights(std::move(places), [&](const auto& p) {
    for (storage::Row row : tx.query("SELECT r.id, r.name FROM (VALUES (?2), (?3), (?4), (?5), (?6), (?7), (?8), (?9)) AS wanted "
                                     "CROSS JOIN rooms r WHERE r.school_id = ?1 AND r.id = wanted.column1", tx.school(), p[0], p[1],
                             p[2], p[3], p[4], p[5], p[6], p[7])) {
      const auto id = row.get<RoomId>(0);
      rooms_[id] = {id, row.get<std::string>(1)};
    }
  });
}

namespace {
template <class Member>
auto all_of(std::span<const StoredAppointment> list, Member member) {
  std::vector<std::decay_t<std::invoke_result_t<Member, const StoredAppointment&>>> out;
  for (const auto& a : list) out.push_back(std::invoke(member, a));
  return out;
}
}  // namespace

Names::Names(ReadTx& tx, std::span<const StoredAppointment> appointments)
    : Names(tx, all_of(appointments, &StoredAppointment::counsellor), all_of(appointments, &StoredAppointment::room)) {}

Person Names::counsellor(const PersonId& id) const {
  const auto found = counsellors_.find(id);
  return found == counsellors_.end() ? Person{id, {}, {}} : found->second.person;
}

Place Names::room(const RoomId& id) const {
  const auto found = rooms_.find(id);
  return found == rooms_.end() ? Place{id, {}} : found->second;
}

bool Names::receives_clients(const PersonId& id) const {
  const auto found = counsellors_.find(id);
  return found != counsellors_.end() && found->second.receives;
}

Appointment as_client_sees(const Names& names, const StoredAppointment& a) {
  return {a.id, a.span.starts_at, a.span.ends_at, names.counsellor(a.counsellor), names.room(a.room), a.state, a.version};
}

Appointment as_client_sees(ReadTx& tx, const StoredAppointment& a) { return as_client_sees(Names(tx, {&a, 1}), a); }
}  // namespace xinyi::schedule
