#include "features/schedule/store.hpp"

#include <map>

#include "identity/accounts.hpp"

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

/// By their start.
std::vector<Interval> taken_of(ReadTx& tx, const Fixed<16>& resource, const Interval& range) {
  std::vector<Interval> out;
  const auto earliest = range.starts_at - Span(std::chrono::hours(12));
  for (auto row : tx.query("SELECT starts_at, ends_at FROM occupancy WHERE school_id = ?1 AND resource = ?2 AND starts_at > ?3 AND starts_at < ?4 "
                           "ORDER BY starts_at", tx.school(), resource, earliest, range.ends_at))
    out.push_back({row.get<Instant>(0), row.get<Instant>(1)});
  return out;
}

/// What is taken of counsellors and rooms in a range: each is asked for once, however many shifts it has.
class Taken {
 public:
  Taken(ReadTx& tx, const vault::DataKey& key, const Interval& range) : tx_(tx), key_(key), range_(range) {}
  /// Appends what overlaps the span.
  void add(std::vector<Interval>& out, const PersonId& counsellor, const Interval& span) {
    pick(out, of(counsellors_, counsellor, [&] { return counsellor_resource(key_, counsellor); }), span);
  }
  void add(std::vector<Interval>& out, const RoomId& room, const Interval& span) {
    pick(out, of(rooms_, room, [&] { return room_resource(key_, room); }), span);
  }

 private:
  template <class Map, class Id, class Resource>
  const std::vector<Interval>& of(Map& known, const Id& id, Resource resource) {
    const auto found = known.find(id);
    return found != known.end() ? found->second : known.emplace(id, taken_of(tx_, resource(), range_)).first->second;
  }
  /// Nothing overlaps another of the same resource, so ends are in order too.
  static void pick(std::vector<Interval>& out, const std::vector<Interval>& all, const Interval& span) {
    for (auto it = std::ranges::upper_bound(all, span.starts_at, {}, &Interval::ends_at); it != all.end() && it->starts_at < span.ends_at; ++it)
      out.push_back(*it);
  }
  ReadTx& tx_;
  const vault::DataKey& key_;
  Interval range_;
  std::map<PersonId, std::vector<Interval>> counsellors_;
  std::map<RoomId, std::vector<Interval>> rooms_;
};
}  // namespace

std::vector<Term> terms(ReadTx& tx) {
  std::vector<Term> out;
  for (auto row : tx.query("SELECT id, name, starts_on, ends_on, version FROM terms WHERE school_id = ?1 ORDER BY starts_on DESC", tx.school()))
    out.push_back({row.get<TermId>(0), row.get<std::string>(1), row.get<SchoolDate>(2), row.get<SchoolDate>(3), row.get<std::int64_t>(4)});
  return out;
}

std::optional<Term> term_on(ReadTx& tx, SchoolDate day) {
  auto row = tx.one("SELECT id, name, starts_on, ends_on, version FROM terms WHERE school_id = ?1 AND starts_on <= ?2 AND ends_on >= ?2 "
                    "ORDER BY starts_on DESC LIMIT 1", tx.school(), day);
  if (!row) return std::nullopt;
  return Term{row->get<TermId>(0), row->get<std::string>(1), row->get<SchoolDate>(2), row->get<SchoolDate>(3), row->get<std::int64_t>(4)};
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
    if (a.state == identity::AccountState::active && a.roles.any({identity::Role::counsellor, identity::Role::trainee}))
      out.push_back({a.person, a.name, a.gender});
  return out;
}

bool receives_clients(ReadTx& tx, const vault::DataKey& key, const PersonId& person) {
  const auto a = identity::account_of(tx, key, person);
  return a && a->state == identity::AccountState::active && a->roles.any({identity::Role::counsellor, identity::Role::trainee});
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

std::vector<Slot> free_slots(ReadTx& tx, const vault::DataKey& key, const Interval& range, const std::optional<PersonId>& counsellor, Instant now,
                             std::size_t limit) {
  std::vector<Slot> out;
  std::vector<Interval> taken;
  constexpr Span kLongestShift = std::chrono::hours(12);
  Taken resources(tx, key, {range.starts_at - kLongestShift, range.ends_at + kLongestShift});
  std::map<PersonId, bool> receive;
  for (const auto& s : shifts(tx, {range.starts_at - kLongestShift, range.ends_at}, counsellor)) {
    if (!receive.contains(s.counsellor.id)) receive[s.counsellor.id] = receives_clients(tx, key, s.counsellor.id);
    if (!receive[s.counsellor.id]) continue;
    const Interval span{s.starts_at, s.ends_at};
    taken.clear();
    resources.add(taken, s.counsellor.id, span);
    resources.add(taken, s.room.id, span);
    for (const auto& slot : open_slots(span, s.slot_minutes, taken, now))
      if (slot.starts_at >= range.starts_at && slot.starts_at < range.ends_at)
        out.push_back({s.id, slot.starts_at, slot.ends_at, s.counsellor, s.room});
    if (out.size() >= limit) break;
  }
  if (out.size() > limit) out.resize(limit);
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

Appointment as_client_sees(ReadTx& tx, const StoredAppointment& a) {
  Appointment out{a.id, a.span.starts_at, a.span.ends_at, {a.counsellor, {}, {}}, {a.room, {}}, a.state, a.version};
  if (auto row = tx.one("SELECT name, gender FROM accounts WHERE school_id = ?1 AND person_id = ?2", tx.school(), a.counsellor)) {
    out.counsellor.name = row->get<std::string>(0);
    out.counsellor.gender = row->get<std::string>(1);
  }
  if (auto row = tx.one("SELECT name FROM rooms WHERE school_id = ?1 AND id = ?2", tx.school(), a.room)) out.room.name = row->get<std::string>(0);
  return out;
}
}  // namespace xinyi::schedule
