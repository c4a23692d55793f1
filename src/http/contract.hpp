// A route is declared once: method, path, rule, locator, input, output, errors, one sentence. From it come dispatch,
// parsing, OpenAPI 3.1, the TypeScript client and `xinyi routes --json`. A handler has no way to the database but
// Call::read / write / act, and these judge the route's rule inside their transaction: forgetting it is not possible. The
// handler of a reading route gets the transaction in which that was done already.
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "audit/audit.hpp"
#include "http/render.hpp"
#include "http/stream.hpp"
#include "identity/access.hpp"
#include "identity/password_workers.hpp"
#include "identity/schools.hpp"
#include "identity/sessions.hpp"
#include "kernel/json.hpp"
#include "kernel/random.hpp"
#include "kernel/task.hpp"
#include "storage/database.hpp"
#include "vault/vault.hpp"

namespace xinyi::http {

enum class Method { get, post, put, delete_ };
BOOST_DESCRIBE_ENUM(Method, get, post, put, delete_)

/// What every request may use. Made once at start; outlives all calls.
struct Services {
  storage::Database& db;
  vault::ServerKeys& keys;
  identity::Schools& schools;             // schools with their data keys and zones, cached
  identity::PasswordWorkers& passwords;   // where Argon2id runs, off the event loops
  const Clock& clock;
  Random& random;
  std::string data_dir;   // for capped temporary files
  bool demo = false;      // demonstration school
};

/// Body-less input or output.
struct Nothing {};
BOOST_DESCRIBE_STRUCT(Nothing, (), ())

/// A reply with its status and, for versioned objects, the ETag.
template <class T>
struct Answer {
  T body;
  int status = 200;
  std::optional<std::int64_t> version;
};

/// What an act touched; kept with its Idempotency-Key so that a repeat is rendered again under today's rights.
struct Touched {
  Fixed<16> object{};
  std::int64_t version = 0;
  template <class Tag>
  static Touched of(const Id<Tag>& id, std::int64_t version = 0) { return {id.bytes(), version}; }
  template <class IdType>
  IdType as() const { return IdType(object); }
};

struct Reply {
  int status = 200;
  std::string type = "application/json";
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers;
  std::shared_ptr<Stream> stream = {};  // instead of a body
};

/// A reply that is a file instead of JSON, for Routes::add_file.
struct File {
  std::string content;
  std::string name;    // small letters, digits, ". - _": never whose it is
  bool shown = false;  // the browser may show it instead of saving it
};

class Call;

/// Finds the facts of the object that a request names. Runs inside the request's transaction. Mandatory: a route
/// without an object says so with no_object().
class Locator {
 public:
  using Find = std::function<identity::Facts(storage::ReadTx&, const Call&)>;
  explicit Locator(Find find) : find_(std::move(find)) {}
  identity::Facts operator()(storage::ReadTx& tx, const Call& call) const { return find_(tx, call); }

 private:
  Find find_;
};
inline Locator no_object() {
  return Locator([](storage::ReadTx&, const Call&) { return identity::Facts::none(); });
}

struct Route {
  Method method;
  std::string path;              // "/api/v1/cases/{id}/open"
  std::string summary;           // one sentence for the document
  identity::Rule rule;           // no default: a route without a rule does not compile
  Locator locate;                // no default either
  std::vector<std::string> query = {};   // names of the query parameters it understands; others are refused
  std::vector<Code> errors = {};         // refusals of its own
  std::string act = {};          // audit act it leaves, for the document
  bool versioned = false;        // needs If-Match
  std::size_t upload_limit = 0;  // > 0: the body is streamed to a capped temporary file instead of being parsed
  bool by_itself = false;        // pages ask without a person's hand: the session's idle end does not move
  bool vital = false;            // its writes may use what is set aside for a full disk
};
/// The route with its writes declared vital: people come in and get out, and read under audit.
inline Route vital(Route route) {
  route.vital = true;
  return route;
}

/// The raw request as the server hands it on; names in lower case.
struct Incoming {
  Method method{};
  std::string path;
  std::vector<std::pair<std::string, std::string>> params;   // from the path
  std::vector<std::pair<std::string, std::string>> query;
  std::string body;
  std::string upload_path;      // with upload_limit
  std::string session_token;    // cookie value, may be empty
  std::string idempotency_key;  // header, may be empty
  std::string if_match;         // header, may be empty
  std::string last_event_id;    // header, may be empty: where a stream is to go on
  std::string remote;           // the client's address, for slowing down only; never stored
  int success_status = 200;     // what the route answers when all goes well
};

/// Refused by the route's rule. Knows what was asked for, so that the dispatcher can leave the audit event.
class AccessDenied : public Refusal {
 public:
  AccessDenied(Code why, identity::Facts about) : Refusal(why), facts_(std::move(about)) {}
  const identity::Facts& facts() const { return facts_; }

 private:
  identity::Facts facts_;
};

/// One request being served.
class Call {
 public:
  /// `facts`: the school of the request, where it is known already.
  /// `who`: null for nobody; outlives the call.
  Call(const Services& services, const Route& route, Incoming& in, Executor& executor, const identity::Principal* who,
       std::shared_ptr<const identity::School> facts = {});

  const Services& services() const { return services_; }
  const Route& route() const { return route_; }
  Executor& executor() const { return executor_; }
  Instant now() const { return now_; }
  const Incoming& incoming() const { return in_; }
  bool signed_in() const { return who_ != nullptr; }
  const identity::Principal& who() const;
  /// The opened key of the person, derived at the first call; Refusal(key_locked) when there is none.
  const vault::Unlocked& unlocked() const;
  /// Whose request it is: the session's school, else the only one on this server.
  const SchoolId& school() const { return school_; }
  /// For the routes before a session exists (signing in, set-up): whose school they mean.
  void for_school(const SchoolId& school) {
    school_ = school;
    school_facts_.reset();
  }
  /// As they were when the request first asked. Refusal(not_found) without a school.
  const identity::School& school_facts() const;
  const vault::DataKey& data_key() const { return school_facts().data_key; }

  /// An id from the path; text that is no id is Refusal(not_found).
  template <class IdType>
  IdType id(std::string_view name = "id") const {
    const auto b = uuid_bytes(param(name));
    if (!b) throw Refusal(Code::not_found);
    return IdType(*b);
  }
  std::string_view param(std::string_view name) const;
  /// A query parameter read as T; absent: nothing; unreadable: Refusal(invalid_input).
  template <class T>
  std::optional<T> query(const char* name) const {
    const auto* raw = raw_query(name);
    if (!raw) return std::nullopt;
    T out{};
    contract::Faults faults;
    boost::json::value v(*raw);
    if constexpr (std::is_convertible_v<T, std::int64_t>) {  // numbers, also Whole
      boost::json::error_code ec;
      auto n = boost::json::parse(*raw, ec);
      if (!ec) v = n;
    }
    if (!contract::read(v, out, name, faults)) throw Refusal(Code::invalid_input, faults.front().field, faults.front().code);
    return out;
  }
  /// The version in If-Match; Refusal(version_needed) without it.
  std::int64_t expected_version() const;

  /// Judges the rule in a read transaction of its own, for what comes before the handler (an upload's body).
  Task<void> judge() {
    co_await services_.db.read_task(school_, executor_, [this](storage::ReadTx& tx) { admit(tx); });
  }
  /// True once the rule was judged and said yes. A reply of a call that was never judged does not go out.
  bool admitted() const { return admitted_; }

  /// Reads under the route's rule.
  template <class F>
  auto read(F work) -> Task<std::invoke_result_t<F, storage::ReadTx&>> {
    co_return co_await services_.db.read_task(school_, executor_, [this, &work](storage::ReadTx& tx) {
      admit(tx);
      return work(tx);
    });
  }
  /// Writes under the route's rule; session, role and object are judged again inside the transaction. Not
  /// repeated by Idempotency-Key: for openings, which leave their event every time.
  template <class F>
  auto write(F work) -> Task<std::invoke_result_t<F, storage::WriteTx&>> {
    return write(std::move(work), weight());
  }
  /// The same for a write that weighs more than its route: the opening that answers an act already done.
  template <class F>
  auto write(F work, storage::Weight weight) -> Task<std::invoke_result_t<F, storage::WriteTx&>> {
    co_return co_await services_.db.write_task(school_, executor_, [this, &work](storage::WriteTx& tx) {
      admit(tx);
      return work(tx);
    }, weight);
  }
  /// An act that happens once: with an Idempotency-Key seen before (same person, route and content) the work is
  /// skipped and its first outcome returned. `work` returns Touched.
  template <class F>
  Task<Touched> act(F work) {
    const auto once = once_only();  // computed here, not while the school's one writer waits
    co_return co_await services_.db.write_task(school_, executor_, [this, &work, &once](storage::WriteTx& tx) {
      admit(tx);
      if (auto before = repeated(tx, once)) return *before;
      const Touched touched = work(tx);
      remember(tx, once, touched);
      return touched;
    }, weight());
  }
  /// What the rule's judgement found, after read/write/act.
  const identity::Facts& facts() const { return facts_; }
  const identity::Decision& decision() const { return decision_; }
  /// An event with actor, time and object filled in.
  audit::Event event(audit::Act act, std::string_view kind, const Fixed<16>& object, std::optional<ClientRef> about = {}) const;
  audit::Event event(std::string_view act, std::string_view kind, const Fixed<16>& object, std::optional<ClientRef> about = {}) const;

  /// The uploaded file becomes the handler's to keep or remove; untaken, it is removed with the request. A Bug without
  /// an upload.
  std::string take_upload();

  /// For the session routes: sets or clears the cookie of the reply.
  void set_session_cookie(std::string token) { cookie_ = std::move(token); }
  void clear_session_cookie() { cookie_ = std::string{}; }
  const std::optional<std::string>& cookie() const { return cookie_; }

 private:
  friend class Dispatcher;
  storage::Weight weight() const { return route_.vital ? storage::Weight::vital : storage::Weight::ordinary; }
  const std::string* raw_query(std::string_view name) const;
  void admit(storage::ReadTx& tx);
  /// The same where this very transaction found the session: it need not be looked at again.
  void admit_resolved(storage::ReadTx& tx);
  /// What the Idempotency-Key stands for: whose it is, and which request. Nothing without one.
  struct Once {
    Fixed<16> principal, request;
    std::string route;
  };
  std::optional<Once> once_only() const;
  std::optional<Touched> repeated(storage::WriteTx& tx, const std::optional<Once>& once) const;
  void remember(storage::WriteTx& tx, const std::optional<Once>& once, const Touched& touched) const;

  const Services& services_;
  const Route& route_;
  Incoming& in_;
  Executor& executor_;
  const identity::Principal* who_;
  SchoolId school_;
  Instant now_;
  mutable std::shared_ptr<const identity::School> school_facts_;
  identity::Facts facts_;
  identity::Decision decision_;
  bool admitted_ = false;
  std::optional<std::string> cookie_;
  mutable std::optional<vault::Unlocked> unlocked_;
};

using SchemaOf = boost::json::object (*)(contract::Components&);

/// A route with everything the document and the dispatcher need.
struct Entry {
  Route route;
  SchemaOf input = nullptr;   // null: no body
  SchemaOf output = nullptr;  // null: 204
  int status = 200;
  std::function<Task<Reply>(Call&)> run = {};
  std::function<Reply(Call&, storage::ReadTx&)> read = {};  // instead of `run`, made by Routes::add_read
  std::string media = "application/json";  // of a good reply
};

namespace detail {
template <class T>
struct Unwrap { using Body = T; };
template <class T>
struct Unwrap<Answer<T>> { using Body = T; };
template <class T>
Reply make_reply(const T& out, int status) {
  Reply r;
  r.status = status;
  if constexpr (std::is_same_v<T, Nothing>) r.status = 204;
  else render::value(r.body, out);
  return r;
}
template <class T>
Reply make_reply(const Answer<T>& out, int) {
  auto r = make_reply(out.body, out.status);
  if (out.version) r.headers.emplace_back("ETag", "\"" + std::to_string(*out.version) + "\"");
  return r;
}
/// Bug for a name that a header must not hold.
Reply make_reply(File&& file, const std::string& media);
}  // namespace detail

class Routes {
 public:
  /// handler: Task<Out or Answer<Out>> (Call&, In), or (Call&) when In is Nothing.
  template <class In, class Out, class Handler>
  void add(Route route, Handler handler, int status = 200) {
    Entry e{std::move(route)};
    if constexpr (!std::is_same_v<In, Nothing>) e.input = &contract::schema<In>;
    if constexpr (!std::is_same_v<typename detail::Unwrap<Out>::Body, Nothing>) e.output = &contract::schema<typename detail::Unwrap<Out>::Body>;
    e.status = e.output ? status : 204;
    e.run = [handler = std::move(handler), status](Call& call) -> Task<Reply> {
      if constexpr (std::is_same_v<In, Nothing>) {
        Out out = co_await handler(call);
        co_return detail::make_reply(out, status);
      } else {
        In in = contract::parse_body<In>(call.incoming().body);
        Out out = co_await handler(call, std::move(in));
        co_return detail::make_reply(out, status);
      }
    };
    entries_.push_back(std::move(e));
  }
  /// A GET whose answer one read gives: session, rule and handler share one transaction, which the dispatcher opens, so
  /// the answer shows the moment in which it was allowed. handler: Out or Answer<Out> (Call&, storage::ReadTx&).
  template <class Out, class Handler>
  void add_read(Route route, Handler handler) {
    Entry e{std::move(route)};
    e.output = &contract::schema<typename detail::Unwrap<Out>::Body>;
    e.read = [handler = std::move(handler)](Call& call, storage::ReadTx& tx) {
      const Out out = handler(call, tx);
      return detail::make_reply(out, 200);
    };
    entries_.push_back(std::move(e));
  }
  /// A route whose good reply is a file of the one type `media`, e.g. "application/pdf". handler: Task<File>(Call&).
  template <class Handler>
  void add_file(Route route, std::string media, Handler handler) {
    Entry e{std::move(route)};
    e.media = media;
    e.run = [handler = std::move(handler), media = std::move(media)](Call& call) -> Task<Reply> {
      co_return detail::make_reply(co_await handler(call), media);
    };
    entries_.push_back(std::move(e));
  }
  /// Server-sent events, each with an `Out` as its data. handler: Task<std::shared_ptr<Stream>>(Call&); GET only.
  template <class Out, class Handler>
  void add_stream(Route route, Handler handler) {
    Entry e{std::move(route)};
    e.output = &contract::schema<Out>;
    e.media = "text/event-stream";
    e.run = [handler = std::move(handler)](Call& call) -> Task<Reply> {
      Reply reply;
      reply.type = "text/event-stream";
      reply.stream = co_await handler(call);
      co_return reply;
    };
    entries_.push_back(std::move(e));
  }
  /// A route that makes its reply itself (the document).
  void add_entry(Entry entry) { entries_.push_back(std::move(entry)); }
  const std::vector<Entry>& entries() const { return entries_; }

 private:
  std::vector<Entry> entries_;
};

/// OpenAPI 3.1 of all routes, with the error catalogue.
boost::json::object openapi(const Routes& routes, std::string_view version);
/// Method, path, rule, query, body, act of every route, for the authorisation matrix.
boost::json::array routes_json(const Routes& routes);
/// Adds GET /api/v1/openapi.json, which describes all routes added before, and itself. Call it last.
void add_openapi(Routes& routes, std::string_view version);

/// Removes Idempotency-Keys older than 24 hours. A job calls it; returns how many.
std::int64_t clear_ended_keys(storage::WriteTx& tx, Instant now);
/// All of all schools, for a copy: a request of yesterday is not to be answered by what was restored.
void forget_keys(storage::WriteTx& tx);

}  // namespace xinyi::http
