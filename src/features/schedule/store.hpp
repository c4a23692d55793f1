// All SQL of the schedule.
#pragma once
#include <map>

#include "features/schedule/rules.hpp"
#include "storage/database.hpp"
#include "vault/vault.hpp"

namespace xinyi::schedule {

// -- terms and rooms
std::vector<Term> terms(storage::ReadTx& tx);
std::optional<Term> term_on(storage::ReadTx& tx, SchoolDate day);
void insert_term(storage::WriteTx& tx, const Term& term);
std::vector<CounsellingRoom> rooms(storage::ReadTx& tx);
/// Refusal(invalid_input) when the name is taken.
void insert_room(storage::WriteTx& tx, const CounsellingRoom& room);
/// Members of staff who receive clients, by name.
std::vector<Person> counsellors(storage::ReadTx& tx, const vault::DataKey& key);
/// False once they have left: their shifts stay on the plan, but no child is offered a time at which nobody comes.
bool receives_clients(storage::ReadTx& tx, const vault::DataKey& key, const PersonId& person);

// -- shifts
std::vector<Shift> shifts(storage::ReadTx& tx, const Interval& range, const std::optional<PersonId>& counsellor = {});
std::optional<Shift> shift(storage::ReadTx& tx, const ShiftId& id);
/// A shift as booking needs it: without names and counts.
struct PlannedShift {
  ShiftId id;
  PersonId counsellor;
  RoomId room;
  Interval span;
  std::int64_t slot_minutes = 40;
};
std::optional<PlannedShift> planned_shift(storage::ReadTx& tx, const ShiftId& id);
/// Refusal(shift_overlaps).
void insert_shift(storage::WriteTx& tx, const Shift& shift);
/// Refusal(shift_booked) while somebody is booked in it: a shift empties only when somebody else has accepted (CARE-14).
void remove_shift(storage::WriteTx& tx, const ShiftId& id);

// -- slots
struct Wish {
  Interval range;                       // in which the slots begin
  std::optional<PersonId> counsellor;   // none: whoever receives clients
  std::optional<ClientRef> client;      // times at which this client has an appointment already are left out
};
/// Free slots of all shifts, shift by shift in the order of time; at most `limit` slots.
std::vector<FreeTimes> free_slots(storage::ReadTx& tx, const vault::DataKey& key, const Wish& wish, Instant now, std::size_t limit);

// -- appointments
struct StoredAppointment {
  AppointmentId id;
  ClientRef client;
  PersonId counsellor;
  RoomId room;
  ShiftId shift;
  Interval span;
  AppointmentState state = AppointmentState::booked;
  bool walk_in = false, urgent = false;
  std::optional<UnitId> reason_unit;
  Bytes reason;
  std::int64_t version = 1;
};
/// What came of trying to take a span: the database decides.
enum class Take { taken, counsellor_or_room_busy, client_busy };
/// Occupies counsellor, room and client, or changes nothing.
Take occupy_for(storage::WriteTx& tx, const vault::DataKey& key, const StoredAppointment& a);
void insert_appointment(storage::WriteTx& tx, const StoredAppointment& a);
std::optional<StoredAppointment> appointment(storage::ReadTx& tx, const AppointmentId& id);
std::vector<StoredAppointment> appointments_of_client(storage::ReadTx& tx, const ClientRef& client);
std::vector<StoredAppointment> appointments_of_counsellor(storage::ReadTx& tx, const PersonId& counsellor, const Interval& range);
/// Refusal(changed_meanwhile) when the version is another; frees the span when it is cancelled,
/// and destroys the client's words, which nobody needs any more; those that a case has taken over stay there.
void set_appointment_state(storage::WriteTx& tx, const StoredAppointment& a, AppointmentState to);
/// The words sealed to the duty key go: they live under the case key now, or the visit is cancelled.
void drop_reason(storage::WriteTx& tx, const AppointmentId& id);

/// Counsellors and rooms as they are shown, each looked up once however often it is shown. Good after the transaction too.
class Names {
 public:
  Names(storage::ReadTx& tx, std::vector<PersonId> counsellors, std::vector<RoomId> rooms);
  Names(storage::ReadTx& tx, std::span<const StoredAppointment> appointments);
  /// Without a name when there is no such person or room.
  Person counsellor(const PersonId& id) const;
  Place room(const RoomId& id) const;
  /// Active, and in a role that receives clients.
  bool receives_clients(const PersonId& id) const;

 private:
  struct Known {
    Person person;
    bool receives = false;
  };
  std::map<PersonId, Known> counsellors_;
  std::map<RoomId, Place> rooms_;
};
Appointment as_client_sees(const Names& names, const StoredAppointment& a);
Appointment as_client_sees(storage::ReadTx& tx, const StoredAppointment& a);

}  // namespace xinyi::schedule
