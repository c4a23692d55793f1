#include "http/dispatch.hpp"

#include <cxxabi.h>

#include <algorithm>
#include <chrono>

#include "http/upload.hpp"
#include "kernel/log.hpp"

namespace xinyi::http {
namespace {

/// What answers before the school is set up, besides the set-up itself.
constexpr std::string_view kBeforeSetUp[] = {"/api/v1/about", "/api/v1/openapi.json"};

/// Acts of people with the right role that a clause still prevents: refused, and the refusal stays (SVC-5, CARE-15).
bool prevented(Code code) { return code == Code::record_signed || code == Code::reason_needed || code == Code::short_code_wrong; }

bool writes(Method m) { return m != Method::get; }

std::string route_name(const Route& r) { return std::string(to_text(r.method)) + " " + r.path; }

std::vector<std::string> route_names(const Routes& routes) {
  std::vector<std::string> out;
  for (const auto& e : routes.entries()) out.push_back(route_name(e.route));
  return out;
}

/// A role that no clause names is turned away before anything is read.
bool role_fits(const identity::Rule& rule, const identity::Principal& who) {
  if (rule.kind() != identity::Rule::Kind::clauses) return true;
  return std::any_of(rule.clauses().begin(), rule.clauses().end(), [&](const auto& c) { return who.roles.any(c.roles); });
}

bool needs_session(const identity::Rule& rule) {
  return rule.kind() == identity::Rule::Kind::signed_in || rule.kind() == identity::Rule::Kind::clauses;
}

std::string type_of(const std::exception& e) {
  int status = 0;
  std::unique_ptr<char, decltype(&std::free)> name(abi::__cxa_demangle(typeid(e).name(), nullptr, nullptr, &status), &std::free);
  return status == 0 ? name.get() : "unknown";
}
}  // namespace

struct Dispatcher::Work {
  const Head& head;
  Body& body;
  Executor& executor;
  const Entry* entry = nullptr;
  int index = -1;
  std::string allow = {};
  Incoming in = {};
  std::shared_ptr<const identity::School> school = {};
  std::optional<identity::Token> token = {};  // of a school that is here
  std::optional<identity::Principal> who = {};
  const identity::Principal* principal() const { return who ? &*who : nullptr; }
  bool ended = false;  // a cookie came that no session stands behind
  std::optional<identity::Facts> prevented = {};  // about what a handler refused an act that the log must know of
  ~Work() {
    discard_upload(in.upload_path);
    wipe_text(in.body);
    wipe_text(in.session_token);
  }
};

std::string request_id() {
  SystemRandom random;
  return to_hex(random.bytes<8>());
}

Reply problem_reply(const Problem& problem, const std::string& id) {
  Reply out;
  out.status = catalogue(problem.code).status;
  out.type = "application/problem+json";
  out.body = boost::json::serialize(problem_document(problem, id));
  if (const auto* s = problem.extra.if_contains("retry_after_s"); s != nullptr && s->is_int64())
    out.headers.emplace_back("Retry-After", std::to_string(s->get_int64()));
  else if (out.status == 503)
    out.headers.emplace_back("Retry-After", "5");
  return out;
}

Dispatcher::Dispatcher(const Services& services, const Routes& routes)
    : services_(services), routes_(routes), matcher_(routes_.entries()), metrics_(route_names(routes_)) {
  for (const auto& e : routes_.entries()) {
    const auto& r = e.route;
    const auto check = [&](bool good, const char* what) {
      if (!good) throw Bug(route_name(r) + ": " + what);
    };
    check(r.path.starts_with("/api/v1/"), "is outside /api/v1/");
    check(!r.summary.empty(), "has no sentence");
    check(!e.read || r.method == Method::get, "only reads, and is no GET");
    check(r.method != Method::get || (e.input == nullptr && r.upload_limit == 0), "GET has no body");
    check(r.upload_limit == 0 || e.input == nullptr, "an upload has no JSON body");
    check(r.method != Method::get || r.act.empty() || !r.rule.content(), "reading content is a POST, for it leaves an event");
    check(r.rule.kind() != identity::Rule::Kind::clauses || !r.rule.clauses().empty(), "has an empty rule");
  }
}

Task<Reply> Dispatcher::serve(const Head& head, Body& body, Executor& executor) {
  const auto start = std::chrono::steady_clock::now();
  metrics_.running.fetch_add(1, std::memory_order_relaxed);
  Work work{head, body, executor};
  Reply reply;
  std::exception_ptr error;
  try {
    reply = co_await run(work);
  } catch (...) {
    error = std::current_exception();
  }
  if (error) reply = co_await problem(work, error);
  reply.headers.emplace_back("Cache-Control", "no-store");
  metrics_.running.fetch_sub(1, std::memory_order_relaxed);
  metrics_.count(work.index, reply.status, std::chrono::steady_clock::now() - start);
  co_return reply;
}

void Dispatcher::check_head(Work& work) const {
  const auto& head = work.head;
  auto target = parse_target(head.target);
  if (!target) throw Refusal(Code::malformed, "target");
  auto found = matcher_.find(head.method, target->segments);
  if (found.entry < 0) {
    work.allow = std::move(found.allow);
    throw Refusal(work.allow.empty() ? Code::not_found : Code::method_not_allowed);
  }
  work.index = found.entry;
  work.entry = &routes_.entries()[static_cast<std::size_t>(found.entry)];
  const auto& route = work.entry->route;
  if (writes(route.method)) require_own_site(head);

  for (std::size_t i = 0; i < target->query.size(); ++i) {
    const auto& name = target->query[i].first;
    const bool known = std::find(route.query.begin(), route.query.end(), name) != route.query.end();
    const bool again = std::any_of(target->query.begin(), target->query.begin() + static_cast<std::ptrdiff_t>(i),
                                   [&](const auto& q) { return q.first == name; });
    if (!known || again) throw Refusal(Code::invalid_input, name.substr(0, 60), Code::field_unknown);
  }

  const std::size_t limit = route.method == Method::get ? 0 : route.upload_limit > 0 ? route.upload_limit : kJsonLimit;
  if (head.has_body()) {
    if (limit == 0) throw Refusal(Code::malformed, "GET with a body");
    const auto* type = route.upload_limit > 0 ? "application/octet-stream" : "application/json";
    if (!media_type_is(head.content_type, type)) throw Refusal(Code::wrong_media_type);
    if (head.content_length && *head.content_length > limit) throw Refusal(Code::too_large);
  }

  auto& in = work.in;
  in.method = route.method;
  in.path = target->raw_path;
  in.params = std::move(found.params);
  in.query = std::move(target->query);
  in.session_token = cookie_value(head.cookie, kCookie);
  in.idempotency_key = head.idempotency_key;
  in.if_match = head.if_match;
  in.last_event_id = head.last_event_id;
  in.remote = head.remote;
  in.success_status = work.entry->status;
  if (route.versioned && in.if_match.empty()) throw Refusal(Code::version_needed);
}

void Dispatcher::find_school(Work& work) const {
  const auto& route = work.entry->route;
  work.token = identity::Token::from_cookie(work.in.session_token);
  try {
    work.school = work.token ? services_.schools.of(work.token->school) : services_.schools.named();
  } catch (const Refusal& r) {
    if (r.problem().code != Code::not_found) throw;  // a cookie of a school that is not here is no cookie
    work.school = services_.schools.named();
    work.token.reset();
  }
  const auto kind = route.rule.kind();
  const bool open = work.school ? work.school->open : !services_.schools.all().empty();
  if (kind == identity::Rule::Kind::set_up && open) throw Refusal(Code::setup_done);
  if (!open && kind != identity::Rule::Kind::set_up &&
      std::find(std::begin(kBeforeSetUp), std::end(kBeforeSetUp), route.path) == std::end(kBeforeSetUp))
    throw Refusal(Code::setup_needed);
}

void Dispatcher::find_session(Work& work, storage::ReadTx& tx) const {
  work.who = identity::resolve(tx, work.school->data_key, *work.token, services_.clock.now());
}

void Dispatcher::need_session(Work& work) const {
  work.ended = !work.who && !work.in.session_token.empty();
  if (needs_session(work.entry->route.rule) && !work.who) throw Refusal(work.ended ? Code::session_ended : Code::sign_in_needed);
}

Task<void> Dispatcher::resolve(Work& work) const {
  if (work.token)
    co_await services_.db.read_task(work.token->school, work.executor, [&](storage::ReadTx& tx) { find_session(work, tx); });
  need_session(work);
  touch(work);
}

Task<void> Dispatcher::read_body(Work& work) const {
  const auto& route = work.entry->route;
  if (route.upload_limit > 0) {
    // The file lies on the same disk: it would take what is set aside for signing in.
    if (services_.db.scarce()) throw Refusal(Code::storage_full, "an upload, while the reserve is in use");
    co_await receive_upload(work.body, services_.data_dir, route.upload_limit, work.in.upload_path);
    co_return;
  }
  if (!work.head.has_body()) co_return;
  auto& out = work.in.body;
  // One byte more than announced, so that the end is seen without growing. A stranger's announcement alone gets little.
  out.resize(static_cast<std::size_t>(std::min<std::uint64_t>(work.head.content_length.value_or(4095), 16383)) + 1);
  std::size_t size = 0;
  while (const auto n = co_await work.body.some(out.data() + size, out.size() - size)) {
    size += n;
    if (size > kJsonLimit) throw Refusal(Code::too_large);
    if (size == out.size()) {
      std::string larger(std::min(size * 2, kJsonLimit + 1), '\0');
      std::copy(out.begin(), out.end(), larger.begin());
      wipe_text(out);
      out = std::move(larger);
    }
  }
  out.resize(size);
  // Our own client sends {} where there is nothing to say.
  if (work.entry->input == nullptr && !out.empty()) (void)contract::parse_body<Nothing>(out);
}

/// The whole of a reading route in one transaction: who asks, whether they may, and the answer. The order of refusals is that
/// of the other routes.
Task<Reply> Dispatcher::read_once(Work& work) const {
  const auto& route = work.entry->route;
  Reply reply;
  std::exception_ptr error;
  try {
    reply = co_await services_.db.read_task(work.school ? work.school->id : SchoolId{}, work.executor, [&](storage::ReadTx& tx) {
      if (work.token) find_session(work, tx);
      need_session(work);
      Call call(services_, route, work.in, work.executor, work.principal(), work.school);
      call.admit_resolved(tx);
      return work.entry->read(call, tx);
    });
  } catch (...) {
    error = std::current_exception();
  }
  touch(work);
  if (error) std::rethrow_exception(error);
  co_return reply;
}

Task<Reply> Dispatcher::run(Work& work) {
  check_head(work);
  find_school(work);
  if (work.entry->read) co_return co_await read_once(work);
  co_await resolve(work);
  const auto& route = work.entry->route;
  const bool early = work.who && (route.upload_limit > 0 || !role_fits(route.rule, *work.who));
  if (early) {
    // The whole judgement, so that the refusal's event names its object. It comes again inside the transaction.
    Call call(services_, route, work.in, work.executor, work.principal(), work.school);
    co_await call.judge();
  }
  co_await read_body(work);
  Call call(services_, route, work.in, work.executor, work.principal(), work.school);
  Reply reply;
  try {
    reply = co_await work.entry->run(call);
  } catch (const Refusal& r) {
    if (call.admitted() && prevented(r.problem().code)) work.prevented = call.facts();
    throw;
  }
  const bool judged = call.admitted() || route.rule.kind() == identity::Rule::Kind::anonymous;
  if (!judged) throw Bug("handler answered without asking its rule");
  if (call.cookie())
    reply.headers.emplace_back("Set-Cookie", std::string(kCookie) + "=" + *call.cookie() + "; Path=/; HttpOnly; Secure; SameSite=Strict" +
                                                 (call.cookie()->empty() ? "; Max-Age=0" : ""));
  co_return reply;
}

/// Working keeps a session alive, also where the work is refused.
void Dispatcher::touch(const Work& work) const {
  const auto now = services_.clock.now();
  const auto& route = work.entry->route;
  if (!work.who || route.by_itself || !needs_session(route.rule) || !identity::wants_touch(*work.who, now)) return;
  identity::Principal plain = *work.who;
  plain.secret.reset();  // a queued job holds nobody's key
  services_.db.write_later(
      plain.school,
      [plain, now, school = services_.schools.of(plain.school)](storage::WriteTx& tx) { identity::touch(tx, school->data_key, plain, now); },
      [](std::exception_ptr e) {
        if (e) log::write(log::Message::session_touch_failed);
      },
      storage::Weight::vital);
}

Task<void> Dispatcher::record_refusal(Work& work, const identity::Facts& facts) const {
  const auto& route = work.entry->route;
  Call call(services_, route, work.in, work.executor, work.principal(), work.school);
  audit::Event event;
  if (facts.kind.empty()) {
    // No object: the route stands for it, under an id that anyone can compute from its name.
    const auto hash = crypto::sha256(view(route_name(route)));
    Fixed<16> id;
    std::copy_n(hash.begin(), id.size(), id.begin());
    event = call.event(audit::Act::access_refused, "route", id);
  } else {
    event = call.event(audit::Act::access_refused, facts.kind, facts.id, facts.about);
  }
  event.outcome = audit::Outcome::refused;
  std::exception_ptr error;
  try {
    co_await services_.db.write_task(work.who->school, work.executor, [&](storage::WriteTx& tx) { audit::append(tx, event); },
                                        storage::Weight::vital);
  } catch (...) {
    log::write(log::Message::refusal_not_recorded, {{"route", route_name(route)}});
  }
}

Task<Reply> Dispatcher::problem(Work& work, std::exception_ptr error) {
  const auto id = request_id();
  const std::string route = work.entry ? route_name(work.entry->route) : "none";
  Problem out;
  std::optional<identity::Facts> denied;
  try {
    std::rethrow_exception(error);
  } catch (const AccessDenied& e) {
    out = e.problem();
    denied = e.facts();
  } catch (const Refusal& e) {
    out = e.problem();
    const auto status = catalogue(out.code).status;
    if (out.code == Code::internal || out.code == Code::content_damaged)
      log::write(log::Message::request_failed, {{"request", id}, {"route", route}, {"kind", catalogue(out.code).name}, {"what", out.inside}});
    else if (status >= 500 && out.code != Code::setup_needed)
      log::write(log::Message::request_unavailable, {{"request", id}, {"route", route}, {"kind", catalogue(out.code).name}, {"what", out.inside}});
  } catch (const Bug& e) {
    log::write(log::Message::request_failed, {{"request", id}, {"route", route}, {"kind", "bug"}, {"what", e.what()}});
  } catch (const std::exception& e) {
    // Only the type: texts of other libraries may quote the data.
    log::write(log::Message::request_failed, {{"request", id}, {"route", route}, {"kind", type_of(e)}});
  } catch (...) {
    log::write(log::Message::request_failed, {{"request", id}, {"route", route}, {"kind", "unknown"}});
  }
  if (!denied) denied = work.prevented;
  if (denied && work.who) co_await record_refusal(work, *denied);
  if (!work.who && catalogue(out.code).status / 100 == 4 && (out.code == Code::sign_in_needed || out.code == Code::session_ended))
    metrics_.refused_stranger();

  auto reply = problem_reply(out, id);
  if (out.code == Code::method_not_allowed) reply.headers.emplace_back("Allow", work.allow);
  if (out.code == Code::session_ended)
    reply.headers.emplace_back("Set-Cookie", std::string(kCookie) + "=; Path=/; HttpOnly; Secure; SameSite=Strict; Max-Age=0");
  co_return reply;
}
}  // namespace xinyi::http
