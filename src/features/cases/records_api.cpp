// Session records: draft, autosave, signature, amendment (SVC-5).
#include "features/cases/opening.hpp"
#include "identity/accounts.hpp"

namespace xinyi::cases {
namespace {
using namespace identity;
using http::Call;
using storage::ReadTx;
using storage::WriteTx;

/// "xinyi record v1" | school | record | version | SHA-256(ciphertext) | time
Bytes signature_message(const SchoolId& school, const RecordId& id, const StoredVersion& v) {
  Bytes out;
  const auto add = [&](View part) { out.insert(out.end(), part.begin(), part.end()); };
  const auto number = [&](std::int64_t n) {
    for (int i = 56; i >= 0; i -= 8) out.push_back(static_cast<std::uint8_t>(n >> i & 0xff));
  };
  add(view("xinyi record v1"));
  add(school.bytes());
  add(id.bytes());
  number(v.version);
  add(vault::content_hash(v.content));
  add(vault::content_hash(v.amend_reason));
  number(v.signed_at.micros);
  return out;
}

/// A record with its keys opened, before anything of it is shown.
struct OpenedRecord {
  StoredRecord facts;
  OpenedCase file;
  vault::ContentKey key;
  std::vector<StoredVersion> versions;
  std::vector<std::string> signers;  // names, one for each version
};
OpenedRecord open_record(ReadTx& tx, const Call& call, const RecordId& id, const std::optional<Text<2, 500>>& reason) {
  auto facts = record_of(tx, id);
  if (!facts) throw Refusal(Code::not_found);
  auto file = open_case(tx, call, facts->case_id, reason);
  auto key = vault::content_key(file.key, vault::load_unit(tx, call.services().keys, facts->unit));
  auto versions = versions_of(tx, id);
  std::vector<std::string> signers;
  for (const auto& v : versions) signers.push_back(name_of(tx, v.signed_by));
  return {std::move(*facts), std::move(file), std::move(key), std::move(versions), std::move(signers)};
}

RecordFields fields_of(const Call& call, const OpenedRecord& r, std::optional<std::int64_t> version) {
  if (r.facts.state == RecordState::draft && !version)
    return open_fields(r.key, place_of(call.school(), r.facts, "draft", r.facts.version), r.facts.draft);
  for (const auto& v : r.versions)
    if (v.version == version.value_or(r.versions.back().version))
      return open_fields(r.key, place_of(call.school(), r.facts, "record", v.version), v.content);
  throw Refusal(Code::not_found);
}

Record picture(const Call& call, const OpenedRecord& r, RecordFields fields) {
  Record out{r.facts.id, r.facts.case_id, record_number(r.file.facts.year, r.file.facts.serial, r.facts.session_number), r.facts.session_number,
             r.facts.state, r.facts.version, std::move(fields), r.facts.saved_at, r.facts.due_at, is_late(r.facts.state, r.facts.due_at, call.now()),
             r.facts.signed_at, {}, {}};
  for (std::size_t i = 0; i < r.versions.size(); ++i) {
    const auto& v = r.versions[i];
    VersionLine line{v.version, v.signed_at, r.signers[i], {}};
    if (!v.amend_reason.empty())
      line.amend_reason = std::string(vault::open_content(r.key, place_of(call.school(), r.facts, "amend_reason", v.version), v.amend_reason).expose_text());
    out.versions.push_back(std::move(line));
  }
  if (!out.versions.empty()) out.signed_by = out.versions.front().signed_by;
  return out;
}

audit::Event about_record(const Call& call, audit::Act act, const StoredCase& file, const RecordId& id) {
  return call.event(act, "record", id.bytes(), file.client);
}

void check(const RecordFields& fields, bool complete) {
  Problem p;
  p.code = Code::invalid_input;
  p.fields = contradictions(fields);
  if (p.fields.empty() && complete) {
    p.code = Code::record_incomplete;
    p.fields = missing_for_signature(fields);
  }
  if (!p.fields.empty()) throw Refusal(std::move(p));
}

Task<http::Answer<Record>> answer_now(Call& call, RecordId id, std::optional<Text<2, 500>> reason, std::optional<std::int64_t> version = {}) {
  auto opened = co_await call.read([&](ReadTx& tx) { return open_record(tx, call, id, reason); });
  co_await call.write([&](WriteTx& tx) {
    note_opening(tx, call, opened.file, about_record(call, audit::Act::record_opened, opened.file.facts, id));
  }, storage::Weight::vital);  // also behind an act: what is signed must not be answered with "not saved"
  // Only now, the event being durable, is a word of it opened.
  auto out = picture(call, opened, fields_of(call, opened, version));
  const auto etag = out.version;
  co_return http::Answer<Record>{std::move(out), 200, etag};
}

Task<http::Answer<Record>> create(Call& call, NewRecord in) {
  const auto case_id = call.id<CaseId>();
  auto& random = call.services().random;
  StoredRecord r;
  r.id = random.shuffled_id<RecordId>();
  r.case_id = case_id;
  r.unit = random.shuffled_id<UnitId>();
  r.appointment = in.appointment_id;
  r.author = call.who().person;
  r.saved_at = call.now();
  auto file = co_await call.read([&](ReadTx& tx) { return open_case(tx, call, case_id, {}); });
  const auto& zone = call.school_facts().zone;
  const auto touched = co_await call.act([&](WriteTx& tx) {
    if (in.appointment_id)
      if (const auto known = record_of_appointment(tx, *in.appointment_id); known && known->case_id == case_id) return http::Touched::of(known->id);
    RecordFields fields;
    fields.way = Way::face;
    Instant ended = call.now();
    if (in.appointment_id) {
      const auto visit = schedule::appointment(tx, *in.appointment_id);
      if (!visit || visit->client != file.facts.client || visit->counsellor != call.who().person)
        throw Refusal(Code::invalid_input, "appointment_id", Code::field_choice);
      ended = visit->span.ends_at;
      fields.starts = zone.wall_time_of(visit->span.starts_at);
      fields.ends = zone.wall_time_of(visit->span.ends_at);
      fields.place = Prose<60>::from(schedule::as_client_sees(tx, *visit).room.name);
    }
    r.session_on = zone.date_of(ended);
    fields.session_on = r.session_on;
    r.session_number = next_session_number(tx, case_id);
    r.due_at = ended + kRecordDue;
    const auto unit = vault::new_unit(tx, call.services().keys, r.unit);
    r.draft = seal_fields(vault::content_key(file.key, unit), place_of(call.school(), r, "draft", r.version), fields);
    insert_record(tx, r);
    auto e = about_record(call, audit::Act::record_created, file.facts, r.id);
    e.content = vault::content_hash(r.draft);
    audit::append(tx, e);
    return http::Touched::of(r.id);
  });
  auto out = co_await answer_now(call, touched.as<RecordId>(), {});
  out.status = 201;
  co_return out;
}

Task<http::Answer<Saved>> save(Call& call, SaveDraft in) {
  const auto id = call.id<RecordId>();
  const auto expected = call.expected_version();
  auto opened = co_await call.read([&](ReadTx& tx) { return open_record(tx, call, id, {}); });
  const auto sealed = seal_fields(opened.key, place_of(call.school(), opened.facts, "draft", expected + 1), in.fields);
  co_await call.write([&](WriteTx& tx) {
    save_draft(tx, id, expected, sealed, in.fields.session_on, call.now());
    auto e = about_record(call, audit::Act::record_drafted, opened.file.facts, id);
    e.content = vault::content_hash(sealed);
    audit::append(tx, e);
  });
  co_return http::Answer<Saved>{{expected + 1, call.now()}, 200, expected + 1};
}

/// Seals, signs and stores the next signed version.
Task<http::Answer<Record>> sign_version(Call& call, RecordId id, std::int64_t expected, const RecordFields& fields, const OpenedRecord& opened,
                                        const std::optional<Text<2, 500>>& reason) {
  StoredVersion v;
  v.version = opened.versions.empty() ? 1 : opened.versions.back().version + 1;
  v.content = seal_fields(opened.key, place_of(call.school(), opened.facts, "record", v.version), fields);
  if (reason) v.amend_reason = vault::seal_content(opened.key, place_of(call.school(), opened.facts, "amend_reason", v.version), view(reason->str()));
  v.signed_by = call.who().person;
  v.signed_at = call.now();
  v.signature = crypto::sign(call.unlocked().pair, signature_message(call.school(), id, v));
  co_await call.act([&](WriteTx& tx) {
    if (!reason && v.version > 1) {  // signing again would add an empty version over the signed one (SVC-5)
      Problem p;
      p.code = Code::record_signed;
      p.extra["current"] = boost::json::object{{"version", opened.facts.version}, {"saved_at", to_text(opened.facts.saved_at)}};
      throw Refusal(std::move(p));
    }
    add_version(tx, id, expected, v);
    auto e = about_record(call, v.version == 1 ? audit::Act::record_signed : audit::Act::record_amended, opened.file.facts, id);
    e.content = vault::content_hash(v.content);
    audit::append(tx, e);
    return http::Touched::of(id, v.version);
  });
  co_return co_await answer_now(call, id, {});
}

Task<http::Answer<Record>> sign_record(Call& call) {
  const auto id = call.id<RecordId>();
  const auto expected = call.expected_version();
  auto opened = co_await call.read([&](ReadTx& tx) {
    auto found = open_record(tx, call, id, {});
    // Judged and signed is the draft that the author had before their eyes, not whichever is there by now.
    if (found.facts.state == RecordState::draft && found.facts.version != expected) refuse_edit(tx, id);
    return found;
  });
  RecordFields fields;
  if (opened.facts.state == RecordState::draft) {
    fields = fields_of(call, opened, {});
    check(fields, true);
  }
  co_return co_await sign_version(call, id, expected, fields, opened, {});
}

Task<http::Answer<Record>> amend_record(Call& call, Amend in) {
  const auto id = call.id<RecordId>();
  const auto expected = call.expected_version();
  check(in.fields, true);
  auto opened = co_await call.read([&](ReadTx& tx) { return open_record(tx, call, id, {}); });
  if (opened.facts.state == RecordState::draft) throw Refusal(Code::record_not_signed);
  co_return co_await sign_version(call, id, expected, in.fields, opened, in.reason);
}
}  // namespace

void add_record_routes(http::Routes& routes) {
  using enum http::Method;
  routes.add<NewRecord, http::Answer<Record>>({post, "/api/v1/cases/{id}/records", "Begins the record of a session; one per visit.", writers(),
                                               case_locator(), {}, {}, "record.created"}, create, 201);
  routes.add<Reading, http::Answer<Record>>(http::vital({post, "/api/v1/records/{id}/open", "Opens a record; the event is durable before the reply.", readers(),
                                             record_locator(), {"version"}, {Code::reason_needed, Code::content_damaged}, "record.opened"}),
                                            [](Call& call, Reading in) -> Task<http::Answer<Record>> {
                                              const auto version = call.query<std::int64_t>("version");
                                              co_return co_await answer_now(call, call.id<RecordId>(), in.reason, version);
                                            });
  routes.add<SaveDraft, http::Answer<Saved>>({put, "/api/v1/records/{id}/draft", "Saves the draft, sealed.", writers(), record_locator(), {},
                                              {Code::record_signed, Code::changed_meanwhile}, "record.drafted", true}, save);
  routes.add<http::Nothing, http::Answer<Record>>({post, "/api/v1/records/{id}/sign", "Signs: from now on only amended.", writers(), record_locator(), {},
                                                   {Code::record_incomplete, Code::record_signed, Code::changed_meanwhile}, "record.signed", true},
                                                  sign_record);
  routes.add<Amend, http::Answer<Record>>({post, "/api/v1/records/{id}/amend", "Adds a signed version; the old one is kept.", writers(),
                                           record_locator(), {}, {Code::record_not_signed, Code::record_incomplete, Code::changed_meanwhile},
                                           "record.amended", true}, amend_record);
}
}  // namespace xinyi::cases
