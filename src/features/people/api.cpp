#include <boost/json/parse.hpp>
#include <filesystem>

#include "features/people/importing.hpp"
#include "features/people/people_api.hpp"
#include "features/people/uploads.hpp"
#include "identity/password_workers.hpp"
#include "identity/schools.hpp"

namespace xinyi::people {

enum class UploadKind { oneroster, table };
BOOST_DESCRIBE_ENUM(UploadKind, oneroster, table)
using Columns = std::map<std::string, std::optional<std::int64_t>>;

struct FieldView {
  std::string key, title_zh, title_en;
  bool required = false;
};
BOOST_DESCRIBE_STRUCT(FieldView, (), (key, title_zh, title_en, required))
struct UploadView {
  UploadId id;
  UploadKind kind{};
  std::string name;
  std::int64_t bytes = 0;
  std::string encoding;
  std::int64_t header_row = 0;
  std::vector<std::string> columns;
  std::vector<std::vector<std::string>> sample;
  Columns mapping;
  std::vector<FieldView> fields;
};
BOOST_DESCRIBE_STRUCT(UploadView, (), (id, kind, name, bytes, encoding, header_row, columns, sample, mapping, fields))
struct RosterChoice {
  std::optional<Columns> mapping;
};
BOOST_DESCRIBE_STRUCT(RosterChoice, (), (mapping))
struct Classes {
  std::vector<ClassItem> items;
};
BOOST_DESCRIBE_STRUCT(Classes, (), (items))

namespace {
using namespace identity;
using http::Call;
using storage::ReadTx;
using storage::WriteTx;

constexpr int kTries = 3;
constexpr Roles kKeepers = {Role::director, Role::administrator};
constexpr Roles kSearchers = {Role::director, Role::deputy,    Role::counsellor,
                              Role::trainee,  Role::reception, Role::administrator};

/// Reading a file takes longer than an event loop may be held up, so it runs where passwords are hashed: a bounded queue.
template <class F>
auto aside(Call& call, F work) {
  return call.services().passwords.run(call.executor(), std::move(work));
}

template <class F>
auto readable(F work) {
  return [work = std::move(work)] {
    try {
      return work();
    } catch (const Unreadable& unreadable) {
      throw unreadable.refusal();
    }
  };
}

std::optional<Mapping> chosen(const RosterChoice& in) {
  if (!in.mapping) return std::nullopt;
  Mapping out;
  for (const auto& [key, column] : *in.mapping) {
    const auto field = field_named(key);
    if (!field) throw Refusal(Code::invalid_input, "mapping", Code::field_unknown);
    if (!column) continue;
    if (*column < 0 || *column >= static_cast<std::int64_t>(kMaxColumns))
      throw Refusal(Code::invalid_input, "mapping." + key, Code::field_range);
    out[*field] = static_cast<std::size_t>(*column);
  }
  return out;
}

UploadView look_at(const std::string& path, const Upload& upload) {
  UploadView out;
  out.id = upload.id;
  out.name = upload.name;
  out.bytes = upload.bytes;
  const auto roster = open_roster(path);
  out.kind = roster.oneroster ? UploadKind::oneroster : UploadKind::table;
  if (roster.oneroster) return out;
  auto head = read_head(roster.table());
  out.encoding = head.origin.encoding;
  out.header_row = head.header_line;
  out.columns = std::move(head.columns);
  out.sample = std::move(head.sample);
  for (std::size_t f = 0; f < field_catalogue().size(); ++f) {
    const auto& field = field_catalogue()[f];
    const auto& column = head.mapping.column[f];
    out.mapping[std::string(field.key)] = column ? std::optional(static_cast<std::int64_t>(*column)) : std::nullopt;
    out.fields.push_back({std::string(field.key), std::string(field.zh), std::string(field.en), field.needed});
  }
  return out;
}

/// The name as people may see it again: its last part, without control characters.
std::string shown_name(std::string_view name) {
  const auto at = name.find_last_of("/\\");
  return harmless(at == name.npos ? name : name.substr(at + 1));
}

Task<UploadView> upload_roster(Call& call) {
  const auto& dir = call.services().data_dir;
  clear_upload_files(dir, call.now());
  Upload upload;
  upload.id = call.services().random.id<UploadId>(call.now());
  upload.name = shown_name(call.query<std::string>("name").value_or("roster"));
  upload.bytes = keep_upload(call.take_upload(), dir, upload.id);
  std::exception_ptr error;
  UploadView out;
  try {
    const auto work = readable([&] { return look_at(upload_path(dir, upload.id), upload); });
    out = co_await aside(call, work);
    const auto touched = co_await call.act([&](WriteTx& tx) {
      clear_old_uploads(tx, call.now());
      add_upload(tx, upload, call.who().person, call.now());
      audit::append(tx, call.event(audit::Act::roster_uploaded, "roster", {}));
      return http::Touched::of(upload.id);
    });
    if (touched.as<UploadId>() != upload.id) {  // a repeat: the first file is the one that counts
      remove_upload_file(dir, upload.id);
      out.id = touched.as<UploadId>();
    }
  } catch (...) {
    error = std::current_exception();
  }
  if (error) {
    remove_upload_file(dir, upload.id);
    std::rethrow_exception(error);
  }
  co_return out;
}

ImportOptions options_of(const Call& call) {
  ImportOptions out;
  out.school = call.school();
  out.now = call.now();
  out.today = call.school_facts().zone.date_of(call.now());
  out.actor = call.who().person;
  return out;
}

Task<Proposal> propose_upload(Call& call, const UploadId& id, const std::optional<Mapping>& mapping,
                              const ImportOptions& options) {
  const auto path = upload_path(call.services().data_dir, id);
  // Named and capturing by reference: g++ 12 destroys a temporary closure with captures of its own twice.
  const auto work = readable([&call, &path, &mapping, &options] {
    if (!std::filesystem::exists(path)) throw Refusal(Code::roster_expired);
    return propose(call.services().db, call.data_key(), call.services().random, open_roster(path), options, mapping);
  });
  co_return co_await aside(call, work);
}

Task<Report> preview_roster(Call& call, RosterChoice in) {
  const auto id = call.id<UploadId>();
  const auto mapping = chosen(in);
  co_await call.write([&](WriteTx& tx) {
    find_upload(tx, id, call.who().person, call.now());
    audit::append(tx, call.event(audit::Act::roster_previewed, "roster", {}));
  });
  const auto options = options_of(call);
  const auto proposal = co_await propose_upload(call, id, mapping, options);
  co_return proposal.report(false);
}

Report kept_report(const std::string& json) {
  Report out;
  contract::Faults faults;
  invariant(contract::read(boost::json::parse(json), out, "", faults), "a kept report cannot be read");
  return out;
}

/// Once; false when the roster changed under the proposal. The report is kept, so that a repeat is answered alike.
Task<bool> import_once(Call& call, const UploadId& id, const Proposal& proposal, const ImportOptions& options) {
  try {
    co_await call.act([&](WriteTx& tx) {
      if (!find_upload(tx, id, call.who().person, call.now()).report) {
        apply_proposal(tx, call.data_key(), proposal, options, call.event(audit::Act::roster_imported, "roster", {}));
        set_report(tx, id, boost::json::serialize(to_json(proposal.report(true))));
      }
      return http::Touched::of(id);
    });
  } catch (const Refusal& refusal) {
    if (refusal.problem().code != Code::changed_meanwhile) throw;
    co_return false;
  }
  co_return true;
}

Task<Report> import_upload(Call& call, RosterChoice in) {
  const auto id = call.id<UploadId>();
  const auto mapping = chosen(in);
  const auto upload =
      co_await call.read([&](ReadTx& tx) { return find_upload(tx, id, call.who().person, call.now()); });
  if (upload.report) co_return kept_report(*upload.report);
  const auto options = options_of(call);
  bool done = false;
  for (int attempt = 0; attempt < kTries && !done; ++attempt) {
    const auto proposal = co_await propose_upload(call, id, mapping, options);
    done = co_await import_once(call, id, proposal, options);
  }
  if (!done) throw Refusal(Code::unavailable, "the roster kept changing while it was imported");
  remove_upload_file(call.services().data_dir, id);
  const auto kept = co_await call.read([&](ReadTx& tx) { return find_upload(tx, id, call.who().person, call.now()); });
  co_return kept_report(*kept.report);
}

Task<StudentPage> find_students(Call& call) {
  StudentSearch search;
  search.text = call.query<Text<0, 60>>("search").value_or(Text<0, 60>{}).str();
  search.class_id = call.query<ClassId>("class_id");
  search.after = call.query<PersonId>("after");
  const auto limit = call.query<int>("limit").value_or(50);
  if (limit < 1 || limit > 200) throw Refusal(Code::invalid_input, "limit", Code::field_range);
  search.limit = limit;
  co_return co_await call.read([&](ReadTx& tx) { return search_students(tx, search); });
}
}  // namespace

void add_routes(http::Routes& routes) {
  using enum http::Method;
  http::Route upload{put,
                     "/api/v1/roster/uploads",
                     "Takes a roster file (OneRoster zip, CSV or XLSX) for an hour and says what is in it.",
                     Rule::may(kKeepers),
                     http::no_object(),
                     {"name"},
                     {Code::roster_unreadable, Code::roster_too_large},
                     "roster.uploaded"};
  upload.upload_limit = kMaxUpload;
  routes.add<http::Nothing, UploadView>(std::move(upload), upload_roster);
  routes.add<RosterChoice, Report>(
      {post,
       "/api/v1/roster/uploads/{id}/preview",
       "What importing the file would do.",
       Rule::may(kKeepers),
       http::no_object(),
       {},
       {Code::roster_unreadable, Code::roster_too_large, Code::roster_mapping, Code::roster_expired},
       "roster.previewed"},
      preview_roster);
  routes.add<RosterChoice, Report>(
      {post,
       "/api/v1/roster/uploads/{id}/import",
       "Imports the file; a repeat gets the same report.",
       Rule::may(kKeepers),
       http::no_object(),
       {},
       {Code::roster_unreadable, Code::roster_too_large, Code::roster_mapping, Code::roster_expired},
       "roster.imported"},
      import_upload);
  routes.add<http::Nothing, StudentPage>({get,
                                          "/api/v1/students",
                                          "Students by name, pinyin, initials or number, in pages.",
                                          Rule::may(kSearchers),
                                          http::no_object(),
                                          {"search", "class_id", "after", "limit"}},
                                         find_students);
  routes.add<http::Nothing, Classes>(
      {get, "/api/v1/classes", "Classes of the newest school year.", Rule::may(kStaff), http::no_object()},
      [](Call& call) -> Task<Classes> {
        co_return co_await call.read([](ReadTx& tx) { return Classes{list_classes(tx)}; });
      });
}

}  // namespace xinyi::people
