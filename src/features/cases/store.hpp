// All SQL of the case room.
#pragma once
#include <map>

#include "features/cases/rules.hpp"
#include "features/schedule/rules.hpp"
#include "storage/database.hpp"
#include "vault/vault.hpp"

namespace xinyi::cases {

struct StoredCase {
  CaseId id;
  std::int64_t year = 0, serial = 0;
  ClientRef client;
  PersonId counsellor;
  CaseState state = CaseState::running;
  SchoolDate opened_on;
  std::int64_t version = 1;
};
std::optional<StoredCase> case_of(storage::ReadTx& tx, const CaseId& id);
std::optional<StoredCase> running_case(storage::ReadTx& tx, const ClientRef& client);
std::vector<StoredCase> cases_of_client(storage::ReadTx& tx, const ClientRef& client);
/// Those of which the person is the responsible counsellor, newest first.
std::vector<StoredCase> cases_of_counsellor(storage::ReadTx& tx, const PersonId& counsellor);
/// Gives the next number of the year. Refusal(case_exists) when the client has a running case.
void insert_case(storage::WriteTx& tx, StoredCase& c);

struct StoredCard {
  std::int64_t number = 0;
  SchoolDate opened_on;
};
std::optional<StoredCard> card_of(storage::ReadTx& tx, const ClientRef& client);
/// Makes the card when there is none.
StoredCard keep_card(storage::WriteTx& tx, const ClientRef& client, SchoolDate today);

struct StoredRecord {
  RecordId id;
  CaseId case_id;
  UnitId unit;
  std::int64_t session_number = 1;
  SchoolDate session_on;
  std::optional<AppointmentId> appointment;
  PersonId author;
  RecordState state = RecordState::draft;
  Bytes draft;
  std::int64_t version = 1;
  Instant saved_at, due_at;
  std::optional<Instant> signed_at;
};
std::optional<StoredRecord> record_of(storage::ReadTx& tx, const RecordId& id);
std::vector<StoredRecord> records_of_case(storage::ReadTx& tx, const CaseId& id);
std::optional<StoredRecord> record_of_appointment(storage::ReadTx& tx, const AppointmentId& id);
/// A draft that waits for its signature, without its content.
struct Waiting {
  RecordId id;
  CaseId case_id;
  std::optional<AppointmentId> appointment;
  PersonId author;
  SchoolDate session_on;
  Instant due_at;
  ClientRef client;
};
/// Drafts, the most urgent first: of one author, or of everybody.
std::vector<Waiting> unsigned_records(storage::ReadTx& tx, const std::optional<PersonId>& author);
/// What a counsellor's own visit came to.
struct Visit {
  std::optional<CaseId> case_id;   // running, with this counsellor
  std::optional<DayRecord> record;
  bool reason_kept = false;        // the client's words, by now under the case key
};
std::map<AppointmentId, Visit> visits_of(storage::ReadTx& tx, const PersonId& counsellor, const schedule::Interval& range);
std::int64_t next_session_number(storage::ReadTx& tx, const CaseId& id);
void insert_record(storage::WriteTx& tx, const StoredRecord& r);
/// Why a draft of an expected version is not there any more: Refusal(record_signed) or Refusal(changed_meanwhile), with what
/// is there now; Refusal(not_found).
[[noreturn]] void refuse_edit(storage::ReadTx& tx, const RecordId& id);
/// Those refusals when the row is not a draft of that version any more.
void save_draft(storage::WriteTx& tx, const RecordId& id, std::int64_t expected, const Bytes& sealed, std::optional<SchoolDate> session_on, Instant now);

struct StoredVersion {
  std::int64_t version = 1;
  Bytes content;
  Bytes amend_reason;
  PersonId signed_by;
  Instant signed_at;
  crypto::Signature signature;
};
std::vector<StoredVersion> versions_of(storage::ReadTx& tx, const RecordId& id);
/// The first signed version takes the draft's place; later ones are amendments. `expected` is the record's version.
void add_version(storage::WriteTx& tx, const RecordId& id, std::int64_t expected, const StoredVersion& v);
bool amended(storage::ReadTx& tx, const RecordId& id);

/// Sessions since `from` whose time has come, and how many of them were signed in time.
struct Timeliness {
  std::int64_t sessions = 0, in_time = 0;
};
Timeliness timeliness(storage::ReadTx& tx, const std::optional<PersonId>& author, Instant from, Instant now);

struct StoredReason {
  CaseId case_id;
  UnitId unit;
  Bytes content;
};
std::optional<StoredReason> reason_of(storage::ReadTx& tx, const AppointmentId& id);
void insert_reason(storage::WriteTx& tx, const AppointmentId& id, const StoredReason& r);

/// Appointments that came and have no record: not even begun.
struct Unbegun {
  AppointmentId appointment;
  PersonId counsellor;
  ClientRef client;
  Instant starts_at, ends_at;
};
std::vector<Unbegun> sessions_without_record(storage::ReadTx& tx, const std::optional<PersonId>& counsellor, Instant from, Instant now);

}  // namespace xinyi::cases
