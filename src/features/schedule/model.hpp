// Types of the schedule: terms, rooms, duty shifts, slots, appointments.
#pragma once
#include "kernel/json.hpp"

namespace xinyi::schedule {

enum class AppointmentState { booked, cancelled, came, no_show };
BOOST_DESCRIBE_ENUM(AppointmentState, booked, cancelled, came, no_show)
enum class RoomFunction { individual, group, reception, sandplay, relaxation, other };
BOOST_DESCRIBE_ENUM(RoomFunction, individual, group, reception, sandplay, relaxation, other)

struct Term {
  TermId id;
  std::string name;
  SchoolDate starts_on, ends_on;
  std::int64_t version = 1;
};
BOOST_DESCRIBE_STRUCT(Term, (), (id, name, starts_on, ends_on, version))
struct NewTerm {
  Name name;
  SchoolDate starts_on, ends_on;
};
BOOST_DESCRIBE_STRUCT(NewTerm, (), (name, starts_on, ends_on))
struct Terms { std::vector<Term> items; };
BOOST_DESCRIBE_STRUCT(Terms, (), (items))

struct CounsellingRoom {
  RoomId id;
  std::string name;
  RoomFunction function = RoomFunction::individual;
  std::int64_t capacity = 2;
  std::int64_t version = 1;
};
BOOST_DESCRIBE_STRUCT(CounsellingRoom, (), (id, name, function, capacity, version))
struct NewRoom {
  Name name;
  RoomFunction function = RoomFunction::individual;
  Whole<1, 500> capacity;
};
BOOST_DESCRIBE_STRUCT(NewRoom, (), (name, function, capacity))
struct Rooms { std::vector<CounsellingRoom> items; };
BOOST_DESCRIBE_STRUCT(Rooms, (), (items))

struct Person {
  PersonId id;
  std::string name;
  std::string gender;  // female, male or empty
};
BOOST_DESCRIBE_STRUCT(Person, (), (id, name, gender))
struct Counsellors { std::vector<Person> items; };
BOOST_DESCRIBE_STRUCT(Counsellors, (), (items))
struct Place {
  RoomId id;
  std::string name;
};
BOOST_DESCRIBE_STRUCT(Place, (), (id, name))

struct Shift {
  ShiftId id;
  Person counsellor;
  Place room;
  SchoolDate date;
  Instant starts_at, ends_at;
  std::int64_t slot_minutes = 40;
  std::int64_t appointments = 0;  // booked in it
  std::int64_t version = 1;
};
BOOST_DESCRIBE_STRUCT(Shift, (), (id, counsellor, room, date, starts_at, ends_at, slot_minutes, appointments, version))
struct Shifts { std::vector<Shift> items; };
BOOST_DESCRIBE_STRUCT(Shifts, (), (items))
/// Wall clock of the school; at most 12 hours.
struct NewShift {
  PersonId counsellor_id;
  RoomId room_id;
  SchoolDate date;
  WallTime starts, ends;
  Whole<10, 180> slot_minutes;
};
BOOST_DESCRIBE_STRUCT(NewShift, (), (counsellor_id, room_id, date, starts, ends, slot_minutes))

/// What is free of one shift. Who and where are said once for all its times, each of which lasts `slot_minutes`.
struct FreeTimes {
  ShiftId shift_id;
  Person counsellor;
  Place room;
  std::int64_t slot_minutes = 40;
  std::vector<Instant> starts;
};
BOOST_DESCRIBE_STRUCT(FreeTimes, (), (shift_id, counsellor, room, slot_minutes, starts))
struct Slots { std::vector<FreeTimes> items; };
BOOST_DESCRIBE_STRUCT(Slots, (), (items))

struct BookSlot {
  ShiftId shift_id;
  Instant starts_at;
  std::optional<Prose<2000>> reason;
  bool urgent = false;
};
BOOST_DESCRIBE_STRUCT(BookSlot, (), (shift_id, starts_at, reason, urgent))
struct BookOnBehalf {
  PersonId student_id;
  ShiftId shift_id;
  Instant starts_at;
  bool walk_in = false;
  std::optional<Prose<2000>> reason;
};
BOOST_DESCRIBE_STRUCT(BookOnBehalf, (), (student_id, shift_id, starts_at, walk_in, reason))

/// As the client sees it.
struct Appointment {
  AppointmentId id;
  Instant starts_at, ends_at;
  Person counsellor;
  Place room;
  AppointmentState state = AppointmentState::booked;
  std::int64_t version = 1;
};
BOOST_DESCRIBE_STRUCT(Appointment, (), (id, starts_at, ends_at, counsellor, room, state, version))
struct Appointments { std::vector<Appointment> items; };
BOOST_DESCRIBE_STRUCT(Appointments, (), (items))

struct Reason { std::string reason; };
BOOST_DESCRIBE_STRUCT(Reason, (), (reason))

}  // namespace xinyi::schedule
