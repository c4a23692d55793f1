#include "features/cases/store.hpp"

namespace xinyi::cases {
namespace {
using storage::ReadTx;
using storage::WriteTx;

template <class RowType>
StoredCase read_case(const RowType& row) {
  const auto state = contract::enum_value<CaseState>(row.template get<std::string_view>(5));
  invariant(state.has_value(), "unknown case state in storage");
  return {row.template get<CaseId>(0), row.template get<std::int64_t>(1), row.template get<std::int64_t>(2), row.template get<ClientRef>(3),
          row.template get<PersonId>(4), *state, row.template get<SchoolDate>(6), row.template get<std::int64_t>(7)};
}

template <class RowType>
StoredRecord read_record(const RowType& row) {
  const auto state = contract::enum_value<RecordState>(row.template get<std::string_view>(7));
  invariant(state.has_value(), "unknown record state in storage");
  StoredRecord r{row.template get<RecordId>(0), row.template get<CaseId>(1), row.template get<UnitId>(2), row.template get<std::int64_t>(3),
                 row.template get<SchoolDate>(4), row.template get<std::optional<AppointmentId>>(5), row.template get<PersonId>(6), *state, {},
                 row.template get<std::int64_t>(9), row.template get<Instant>(10), row.template get<Instant>(11),
                 row.template get<std::optional<Instant>>(12)};
  if (!row.null(8)) r.draft = row.template get<Bytes>(8);
  return r;
}
}  // namespace

std::optional<StoredCase> case_of(ReadTx& tx, const CaseId& id) {
  auto row = tx.one("SELECT id, year, serial, client, counsellor_id, state, opened_on, version FROM cases WHERE school_id = ?1 AND id = ?2",
                    tx.school(), id);
  return row ? std::optional(read_case(*row)) : std::nullopt;
}

std::optional<StoredCase> running_case(ReadTx& tx, const ClientRef& client) {
  auto row = tx.one("SELECT id, year, serial, client, counsellor_id, state, opened_on, version FROM cases WHERE school_id = ?1 AND client = ?2 "
                    "AND state = 'running'", tx.school(), client);
  return row ? std::optional(read_case(*row)) : std::nullopt;
}

std::vector<StoredCase> cases_of_client(ReadTx& tx, const ClientRef& client) {
  std::vector<StoredCase> out;
  for (auto row : tx.query("SELECT id, year, serial, client, counsellor_id, state, opened_on, version FROM cases WHERE school_id = ?1 AND client = ?2 "
                           "ORDER BY year, serial", tx.school(), client))
    out.push_back(read_case(row));
  return out;
}

std::vector<StoredCase> cases_of_counsellor(ReadTx& tx, const PersonId& counsellor) {
  std::vector<StoredCase> out;
  for (auto row : tx.query("SELECT id, year, serial, client, counsellor_id, state, opened_on, version FROM cases WHERE school_id = ?1 "
                           "AND counsellor_id = ?2 ORDER BY year DESC, serial DESC", tx.school(), counsellor))
    out.push_back(read_case(row));
  return out;
}

void insert_case(WriteTx& tx, StoredCase& c) {
  c.serial = tx.one("SELECT coalesce(max(serial), 0) + 1 FROM cases WHERE school_id = ?1 AND year = ?2", tx.school(), c.year)->get<std::int64_t>(0);
  try {
    tx.exec("INSERT INTO cases (school_id, id, year, serial, client, counsellor_id, state, opened_on, version) VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9)",
            tx.school(), c.id, c.year, c.serial, c.client, c.counsellor, contract::enum_name(c.state), c.opened_on, c.version);
  } catch (const storage::ConstraintError&) {
    throw Refusal(Code::case_exists);
  }
}

std::optional<StoredCard> card_of(ReadTx& tx, const ClientRef& client) {
  auto row = tx.one("SELECT number, opened_on FROM cards WHERE school_id = ?1 AND client = ?2", tx.school(), client);
  return row ? std::optional(StoredCard{row->get<std::int64_t>(0), row->get<SchoolDate>(1)}) : std::nullopt;
}

StoredCard keep_card(WriteTx& tx, const ClientRef& client, SchoolDate today) {
  if (auto card = card_of(tx, client)) return *card;
  const auto number = tx.one("SELECT coalesce(max(number), 0) + 1 FROM cards WHERE school_id = ?1", tx.school())->get<std::int64_t>(0);
  tx.exec("INSERT INTO cards (school_id, client, number, opened_on) VALUES (?1,?2,?3,?4)", tx.school(), client, number, today);
  return {number, today};
}

std::optional<StoredRecord> record_of(ReadTx& tx, const RecordId& id) {
  auto row = tx.one("SELECT id, case_id, unit_id, session_number, session_on, appointment_id, author_id, state, draft, version, saved_at, due_at, "
                    "signed_at FROM records WHERE school_id = ?1 AND id = ?2", tx.school(), id);
  return row ? std::optional(read_record(*row)) : std::nullopt;
}

std::optional<StoredRecord> record_of_appointment(ReadTx& tx, const AppointmentId& id) {
  auto row = tx.one("SELECT id, case_id, unit_id, session_number, session_on, appointment_id, author_id, state, draft, version, saved_at, due_at, "
                    "signed_at FROM records WHERE school_id = ?1 AND appointment_id = ?2 ORDER BY session_number LIMIT 1", tx.school(), id);
  return row ? std::optional(read_record(*row)) : std::nullopt;
}

std::vector<StoredRecord> records_of_case(ReadTx& tx, const CaseId& id) {
  std::vector<StoredRecord> out;
  for (auto row : tx.query("SELECT id, case_id, unit_id, session_number, session_on, appointment_id, author_id, state, NULL, version, saved_at, due_at, "
                           "signed_at FROM records WHERE school_id = ?1 AND case_id = ?2 ORDER BY session_number", tx.school(), id))
    out.push_back(read_record(row));
  return out;
}

std::vector<Waiting> unsigned_records(ReadTx& tx, const std::optional<PersonId>& author) {
  std::vector<Waiting> out;
  const auto add = [&](storage::Rows rows) {
    for (auto row : rows)
      out.push_back({row.get<RecordId>(0), row.get<CaseId>(1), row.get<std::optional<AppointmentId>>(2), row.get<PersonId>(3), row.get<SchoolDate>(4),
                     row.get<Instant>(5), row.get<ClientRef>(6)});
  };
  // Two statements, so that each has its index.
  if (author)
    add(tx.query("SELECT r.id, r.case_id, r.appointment_id, r.author_id, r.session_on, r.due_at, c.client FROM records r "
                 "JOIN cases c ON c.school_id = r.school_id AND c.id = r.case_id "
                 "WHERE r.school_id = ?1 AND r.author_id = ?2 AND r.state = 'draft' ORDER BY r.due_at", tx.school(), *author));
  else
    add(tx.query("SELECT r.id, r.case_id, r.appointment_id, r.author_id, r.session_on, r.due_at, c.client FROM records r "
                 "JOIN cases c ON c.school_id = r.school_id AND c.id = r.case_id "
                 "WHERE r.school_id = ?1 AND r.state = 'draft' ORDER BY r.due_at", tx.school()));
  return out;
}

std::map<AppointmentId, Visit> visits_of(ReadTx& tx, const PersonId& counsellor, const schedule::Interval& range) {
  std::map<AppointmentId, Visit> out;
  std::map<AppointmentId, std::int64_t> sessions;
  for (auto row : tx.query("SELECT a.id, c.id, r.id, r.state, w.appointment_id, r.session_number FROM appointments a "
                           "LEFT JOIN cases c ON c.school_id = a.school_id AND c.client = a.client AND c.state = 'running' "
                           "AND c.counsellor_id = a.counsellor_id "
                           "LEFT JOIN records r ON r.school_id = a.school_id AND r.appointment_id = a.id "
                           "LEFT JOIN case_reasons w ON w.school_id = a.school_id AND w.appointment_id = a.id "
                           "WHERE a.school_id = ?1 AND a.counsellor_id = ?2 AND a.starts_at >= ?3 AND a.starts_at < ?4",
                           tx.school(), counsellor, range.starts_at, range.ends_at)) {
    const auto id = row.get<AppointmentId>(0);
    const auto session = row.get<std::optional<std::int64_t>>(5).value_or(0);
    const auto [at, fresh] = out.try_emplace(id);
    if (!fresh && sessions[id] <= session) continue;  // a visit's first record stands for it
    sessions[id] = session;
    at->second.case_id = row.get<std::optional<CaseId>>(1);
    if (const auto record = row.get<std::optional<RecordId>>(2)) {
      const auto state = contract::enum_value<RecordState>(row.get<std::string_view>(3));
      invariant(state.has_value(), "unknown record state in storage");
      at->second.record = DayRecord{*record, *state};
    }
    at->second.reason_kept = !row.null(4);
  }
  return out;
}

std::int64_t next_session_number(ReadTx& tx, const CaseId& id) {
  return tx.one("SELECT coalesce(max(session_number), 0) + 1 FROM records WHERE school_id = ?1 AND case_id = ?2", tx.school(), id)->get<std::int64_t>(0);
}

void insert_record(WriteTx& tx, const StoredRecord& r) {
  tx.exec("INSERT INTO records (school_id, id, case_id, unit_id, session_number, session_on, appointment_id, author_id, state, draft, version, saved_at, "
          "due_at) VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13)",
          tx.school(), r.id, r.case_id, r.unit, r.session_number, r.session_on, r.appointment, r.author, contract::enum_name(r.state), r.draft, r.version,
          r.saved_at, r.due_at);
}

void refuse_edit(ReadTx& tx, const RecordId& id) {
  const auto r = record_of(tx, id);
  if (!r) throw Refusal(Code::not_found);
  Problem p;
  p.code = r->state == RecordState::signed_ ? Code::record_signed : Code::changed_meanwhile;
  p.extra["current"] = boost::json::object{{"version", r->version}, {"saved_at", to_text(r->saved_at)}};
  throw Refusal(std::move(p));
}

void save_draft(WriteTx& tx, const RecordId& id, std::int64_t expected, const Bytes& sealed, std::optional<SchoolDate> session_on, Instant now) {
  const auto n = tx.exec("UPDATE records SET draft = ?4, version = ?3 + 1, saved_at = ?5, session_on = coalesce(?6, session_on) "
                         "WHERE school_id = ?1 AND id = ?2 AND version = ?3 AND state = 'draft'", tx.school(), id, expected, sealed, now, session_on);
  if (n == 0) refuse_edit(tx, id);
}

std::vector<StoredVersion> versions_of(ReadTx& tx, const RecordId& id) {
  std::vector<StoredVersion> out;
  for (auto row : tx.query("SELECT version, content, amend_reason, signed_by, signed_at, signature FROM record_versions WHERE school_id = ?1 "
                           "AND record_id = ?2 ORDER BY version", tx.school(), id)) {
    StoredVersion v{row.get<std::int64_t>(0), row.get<Bytes>(1), {}, row.get<PersonId>(3), row.get<Instant>(4), {row.get<Fixed<64>>(5)}};
    if (!row.null(2)) v.amend_reason = row.get<Bytes>(2);
    out.push_back(std::move(v));
  }
  return out;
}

void add_version(WriteTx& tx, const RecordId& id, std::int64_t expected, const StoredVersion& v) {
  const bool first = v.version == 1;
  const auto n = first ? tx.exec("UPDATE records SET draft = NULL, state = 'signed', signed_at = ?4, saved_at = ?4, version = version + 1 "
                                 "WHERE school_id = ?1 AND id = ?2 AND version = ?3 AND state = 'draft'", tx.school(), id, expected, v.signed_at)
                       : tx.exec("UPDATE records SET saved_at = ?4, version = version + 1 WHERE school_id = ?1 AND id = ?2 AND version = ?3 "
                                 "AND state = 'signed'", tx.school(), id, expected, v.signed_at);
  if (n == 0) refuse_edit(tx, id);
  const auto reason = v.amend_reason.empty() ? std::nullopt : std::optional<View>(v.amend_reason);
  tx.exec("INSERT INTO record_versions (school_id, record_id, version, content, amend_reason, signed_by, signed_at, signature) "
          "VALUES (?1,?2,?3,?4,?5,?6,?7,?8)", tx.school(), id, v.version, v.content, reason, v.signed_by, v.signed_at, v.signature.bytes);
}

bool amended(ReadTx& tx, const RecordId& id) {
  return tx.one("SELECT 1 FROM record_versions WHERE school_id = ?1 AND record_id = ?2 AND version > 1", tx.school(), id).has_value();
}

Timeliness timeliness(ReadTx& tx, const std::optional<PersonId>& author, Instant from, Instant now) {
  auto row = tx.one("SELECT count(*), coalesce(sum(CASE WHEN signed_at IS NOT NULL AND signed_at <= due_at THEN 1 ELSE 0 END), 0) FROM records "
                    "WHERE school_id = ?1 AND (?2 IS NULL OR author_id = ?2) AND due_at >= ?3 AND (due_at < ?4 OR signed_at IS NOT NULL)",
                    tx.school(), author, from, now);
  return {row->get<std::int64_t>(0), row->get<std::int64_t>(1)};
}

std::optional<StoredReason> reason_of(ReadTx& tx, const AppointmentId& id) {
  auto row = tx.one("SELECT case_id, unit_id, content FROM case_reasons WHERE school_id = ?1 AND appointment_id = ?2", tx.school(), id);
  if (!row) return std::nullopt;
  return StoredReason{row->get<CaseId>(0), row->get<UnitId>(1), row->get<Bytes>(2)};
}

void insert_reason(WriteTx& tx, const AppointmentId& id, const StoredReason& r) {
  tx.exec("INSERT INTO case_reasons (school_id, appointment_id, case_id, unit_id, content) VALUES (?1,?2,?3,?4,?5)", tx.school(), id, r.case_id, r.unit,
          r.content);
}

std::vector<Unbegun> sessions_without_record(ReadTx& tx, const std::optional<PersonId>& counsellor, Instant from, Instant now) {
  std::vector<Unbegun> out;
  // A visit lasts at most a day: starts_at is what the indexes know.
  const auto earliest = from - Span(std::chrono::hours(24));
  const auto add = [&](storage::Rows rows) {
    for (auto row : rows)
      out.push_back({row.get<AppointmentId>(0), row.get<PersonId>(1), row.get<ClientRef>(2), row.get<Instant>(3), row.get<Instant>(4)});
  };
  if (counsellor)
    add(tx.query("SELECT a.id, a.counsellor_id, a.client, a.starts_at, a.ends_at FROM appointments a WHERE a.school_id = ?1 AND a.counsellor_id = ?5 "
                 "AND a.state = 'came' AND a.starts_at >= ?4 AND a.starts_at < ?3 AND a.ends_at >= ?2 AND a.ends_at < ?3 AND NOT EXISTS "
                 "(SELECT 1 FROM records r WHERE r.school_id = a.school_id AND r.appointment_id = a.id)",
                 tx.school(), from, now, earliest, *counsellor));
  else
    add(tx.query("SELECT a.id, a.counsellor_id, a.client, a.starts_at, a.ends_at FROM appointments a WHERE a.school_id = ?1 "
                 "AND a.state = 'came' AND a.starts_at >= ?4 AND a.starts_at < ?3 AND a.ends_at >= ?2 AND a.ends_at < ?3 AND NOT EXISTS "
                 "(SELECT 1 FROM records r WHERE r.school_id = a.school_id AND r.appointment_id = a.id)",
                 tx.school(), from, now, earliest));
  return out;
}
}  // namespace xinyi::cases
