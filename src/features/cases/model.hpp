// Types of the case room.
#pragma once
#include "features/schedule/model.hpp"

namespace xinyi::cases {

enum class CaseState { running, closed };
BOOST_DESCRIBE_ENUM(CaseState, running, closed)
enum class RecordState { draft, signed_ };
BOOST_DESCRIBE_ENUM(RecordState, draft, signed_)
enum class Way { face, video, phone, letter, parent_talk };
BOOST_DESCRIBE_ENUM(Way, face, video, phone, letter, parent_talk)
enum class RiskLevel { none, low, medium, high };
BOOST_DESCRIBE_ENUM(RiskLevel, none, low, medium, high)
enum class Needs { none, referral, supervision };
BOOST_DESCRIBE_ENUM(Needs, none, referral, supervision)

using Part = Prose<20000>;

/// 个别咨询记录表: the fields of a session record. There is no field for a diagnosis (ETH-4).
struct RecordFields {
  std::optional<SchoolDate> session_on;
  std::optional<WallTime> starts, ends;
  std::optional<Prose<60>> place;
  std::optional<Way> way;
  std::optional<Part> complaint;     // in the client's own words
  std::optional<Part> aims, process, observation, assessment;
  std::optional<RiskLevel> risk_level;
  std::optional<Part> methods, homework, effect, measures, contacts;
  std::optional<SchoolDate> next_on;
  std::optional<Part> next_plan;
  std::optional<Needs> needs;
};
BOOST_DESCRIBE_STRUCT(RecordFields, (), (session_on, starts, ends, place, way, complaint, aims, process, observation, assessment, risk_level, methods,
                                         homework, effect, measures, contacts, next_on, next_plan, needs))

struct Client { std::string name, class_name; };
BOOST_DESCRIBE_STRUCT(Client, (), (name, class_name))

struct RecordLine {
  RecordId id;
  std::string number;
  std::int64_t session_number = 1;
  SchoolDate session_on;
  RecordState state{};
  std::optional<Instant> signed_at;
  bool amended = false;
  bool late = false;
};
BOOST_DESCRIBE_STRUCT(RecordLine, (), (id, number, session_number, session_on, state, signed_at, amended, late))

struct CaseLine {
  CaseId id;
  std::string number;
  Client client;
  CaseState state{};
  SchoolDate opened_on;
  schedule::Person counsellor;
  std::int64_t version = 1;
};
BOOST_DESCRIBE_STRUCT(CaseLine, (), (id, number, client, state, opened_on, counsellor, version))
struct Cases { std::vector<CaseLine> items; };
BOOST_DESCRIBE_STRUCT(Cases, (), (items))
struct Case : CaseLine { std::vector<RecordLine> records; };
BOOST_DESCRIBE_STRUCT(Case, (CaseLine), (records))

struct OpenCase { AppointmentId appointment_id; };
BOOST_DESCRIBE_STRUCT(OpenCase, (), (appointment_id))
/// Needed when the opener is not responsible for the case (CARE-15).
struct Reading { std::optional<Text<2, 500>> reason; };
BOOST_DESCRIBE_STRUCT(Reading, (), (reason))

struct NewRecord { std::optional<AppointmentId> appointment_id; };
BOOST_DESCRIBE_STRUCT(NewRecord, (), (appointment_id))
struct SaveDraft { RecordFields fields; };
BOOST_DESCRIBE_STRUCT(SaveDraft, (), (fields))
struct Saved {
  std::int64_t version = 1;
  Instant saved_at;
};
BOOST_DESCRIBE_STRUCT(Saved, (), (version, saved_at))
struct Amend {
  RecordFields fields;
  Text<2, 500> reason;
};
BOOST_DESCRIBE_STRUCT(Amend, (), (fields, reason))

struct VersionLine {
  std::int64_t version = 1;
  Instant signed_at;
  std::string signed_by;
  std::optional<std::string> amend_reason;
};
BOOST_DESCRIBE_STRUCT(VersionLine, (), (version, signed_at, signed_by, amend_reason))
struct Record {
  RecordId id;
  CaseId case_id;
  std::string number;
  std::int64_t session_number = 1;
  RecordState state{};
  std::int64_t version = 1;
  RecordFields fields;
  Instant saved_at;
  Instant due_at;
  bool late = false;
  std::optional<Instant> signed_at;
  std::optional<std::string> signed_by;
  std::vector<VersionLine> versions;
};
BOOST_DESCRIBE_STRUCT(Record, (), (id, case_id, number, session_number, state, version, fields, saved_at, due_at, late, signed_at, signed_by, versions))

/// A session without a signed record.
struct Unsigned {
  std::optional<RecordId> record_id;           // none: not even begun
  std::optional<CaseId> case_id;
  std::optional<AppointmentId> appointment_id;
  std::optional<std::string> client_name;      // own clients only
  std::string counsellor_name;
  SchoolDate session_on;
  Instant due_at;
  bool late = false;
};
BOOST_DESCRIBE_STRUCT(Unsigned, (), (record_id, case_id, appointment_id, client_name, counsellor_name, session_on, due_at, late))
/// The list and its figure: share of sessions of the last 30 days whose record was signed in time (SVC-5).
struct UnsignedList {
  std::vector<Unsigned> items;
  std::int64_t sessions = 0, in_time = 0;
};
BOOST_DESCRIBE_STRUCT(UnsignedList, (), (items, sessions, in_time))

struct DayRecord {
  RecordId id;
  RecordState state{};
};
BOOST_DESCRIBE_STRUCT(DayRecord, (), (id, state))
struct DayAppointment {
  AppointmentId id;
  Instant starts_at, ends_at;
  schedule::Place room;
  schedule::AppointmentState state{};
  bool walk_in = false, urgent = false;
  Client client;
  std::optional<CaseId> case_id;
  std::optional<DayRecord> record;
  bool has_reason = false;
  std::int64_t version = 1;
};
BOOST_DESCRIBE_STRUCT(DayAppointment, (), (id, starts_at, ends_at, room, state, walk_in, urgent, client, case_id, record, has_reason, version))
struct Day {
  SchoolDate date;
  std::optional<schedule::Term> term;
  schedule::Person counsellor;
  std::vector<schedule::Shift> shifts;
  std::vector<DayAppointment> appointments;
  std::vector<schedule::FreeTimes> free;
  std::vector<Unsigned> unsigned_;
};
BOOST_DESCRIBE_STRUCT(Day, (), (date, term, counsellor, shifts, appointments, free, unsigned_))

struct Looked {
  Instant at;
  std::string actor_name, act;
  Bilingual text;
  bool refused = false;
  std::optional<std::string> why;
};
BOOST_DESCRIBE_STRUCT(Looked, (), (at, actor_name, act, text, refused, why))
struct WhoLooked { std::vector<Looked> items; };
BOOST_DESCRIBE_STRUCT(WhoLooked, (), (items))

struct ClassStay {
  std::string class_name;
  SchoolDate from;
  std::optional<SchoolDate> to;
};
BOOST_DESCRIBE_STRUCT(ClassStay, (), (class_name, from, to))
struct CardClient {
  std::string name, class_name;
  std::optional<std::int64_t> grade;
  std::optional<SchoolDate> birth_date;
  std::string student_number;
  bool enrolled = true;
};
BOOST_DESCRIBE_STRUCT(CardClient, (), (name, class_name, grade, birth_date, student_number, enrolled))
struct CardSession {
  SchoolDate on;
  RecordState state{};
  std::string case_number;
};
BOOST_DESCRIBE_STRUCT(CardSession, (), (on, state, case_number))
/// 学生心理档案卡. What is known, by right: no content, no reason, no severity.
struct Card {
  std::string number;
  CardClient client;
  SchoolDate opened_on;
  schedule::Person counsellor;
  std::vector<CardSession> sessions;
  std::int64_t appointments = 0;
  std::vector<ClassStay> classes;
};
BOOST_DESCRIBE_STRUCT(Card, (), (number, client, opened_on, counsellor, sessions, appointments, classes))

}  // namespace xinyi::cases
