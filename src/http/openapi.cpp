#include <algorithm>

#include "http/contract.hpp"
#include "http/matcher.hpp"

namespace xinyi::http {
namespace {
namespace json = boost::json;

std::string lower(std::string_view t) {
  std::string out(t);
  for (auto& c : out) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return out;
}

/// POST /api/v1/cases/{id}/who-looked -> post_cases_id_who_looked
std::string operation_id(const Route& route) {
  std::string out = lower(to_text(route.method));
  std::string_view path = route.path;
  path.remove_prefix(std::string_view("/api/v1").size());
  for (const char c : path) {
    if (c == '{' || c == '}') continue;
    out += c == '/' || c == '-' || c == '.' ? '_' : c;
  }
  return out;
}

json::object parameter(std::string_view name, std::string_view in, bool required, json::object schema, std::string_view text = {}) {
  json::object out = {{"name", name}, {"in", in}, {"required", required}, {"schema", std::move(schema)}};
  if (!text.empty()) out["description"] = text;
  return out;
}

std::vector<std::string> path_parameters(std::string_view path) {
  std::vector<std::string> out;
  for (std::size_t at = 0; (at = path.find('{', at)) != path.npos;) {
    const auto end = path.find('}', at);
    out.emplace_back(path.substr(at + 1, end - at - 1));
    at = end;
  }
  return out;
}

json::array parameters(const Route& route) {
  json::array out;
  for (const auto& name : path_parameters(route.path)) out.push_back(parameter(name, "path", true, {{"type", "string"}}));
  for (const auto& name : route.query) out.push_back(parameter(name, "query", false, {{"type", "string"}}));
  if (route.versioned)
    out.push_back(parameter("If-Match", "header", true, {{"type", "string"}, {"pattern", "^\"[0-9]+\"$"}},
                            "The version that the edit is based on, in quotes."));
  if (route.method == Method::post)
    out.push_back(parameter("Idempotency-Key", "header", false, {{"type", "string"}, {"minLength", 8}, {"maxLength", 64}},
                            "The act happens once under this key; a repeat within 24 hours gets the first answer again."));
  return out;
}

/// Refusals that a route can meet without naming them.
std::vector<Code> all_errors(const Entry& e) {
  const auto& r = e.route;
  std::vector<Code> out = r.errors;
  const auto add = [&](std::initializer_list<Code> codes) { out.insert(out.end(), codes); };
  const auto kind = r.rule.kind();
  if (kind == identity::Rule::Kind::set_up) add({Code::setup_done});
  else add({Code::setup_needed});
  if (kind == identity::Rule::Kind::signed_in) add({Code::sign_in_needed, Code::session_ended});
  if (kind == identity::Rule::Kind::clauses) {
    add({Code::sign_in_needed, Code::session_ended, Code::totp_setup_needed, Code::not_allowed});
    const auto& c = r.rule.clauses();
    if (!path_parameters(r.path).empty() || std::any_of(c.begin(), c.end(), [](const auto& x) { return !x.relations.empty(); }))
      add({Code::not_found});
  }
  if (r.rule.content()) add({Code::certification_needed, Code::pledge_needed, Code::key_locked});
  if (e.input != nullptr || r.method == Method::post) add({Code::malformed, Code::wrong_media_type, Code::too_large});
  if (r.upload_limit > 0) add({Code::wrong_media_type, Code::too_large, Code::storage_full});
  if (e.input != nullptr || !r.query.empty()) add({Code::invalid_input});
  if (r.method != Method::get) add({Code::cross_site, Code::storage_full});
  if (r.method == Method::post) add({Code::key_reused});
  if (r.versioned) add({Code::version_needed, Code::changed_meanwhile});
  add({Code::unavailable, Code::internal});
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

json::object responses(const Entry& e, contract::Components& components) {
  json::object out;
  json::object good = {{"description", e.route.summary}};
  if (e.output != nullptr) good["content"] = {{e.media, {{"schema", e.output(components)}}}};
  else if (e.media != "application/json") good["content"] = {{e.media, {{"schema", {{"type", "string"}, {"format", "binary"}}}}}};
  if (e.route.versioned) good["headers"] = {{"ETag", {{"schema", {{"type", "string"}}}}}};
  out[std::to_string(e.status)] = std::move(good);
  std::map<int, json::array> by_status;
  for (const auto code : all_errors(e)) by_status[catalogue(code).status].push_back(json::value(catalogue(code).name));
  for (auto& [status, codes] : by_status) {
    std::string text;
    for (const auto& c : codes) text.append(text.empty() ? "" : ", ").append(c.as_string());
    json::object schema = {{"allOf", json::array{json::object{{"$ref", "#/components/schemas/Problem"}},
                                                 json::object{{"properties", {{"code", {{"enum", std::move(codes)}}}}}}}}};
    out[std::to_string(status)] = {{"description", text}, {"content", {{"application/problem+json", {{"schema", std::move(schema)}}}}}};
  }
  return out;
}

json::object operation(const Entry& e, contract::Components& components) {
  const auto& r = e.route;
  json::object out = {{"operationId", operation_id(r)}, {"summary", r.summary}};
  if (auto list = parameters(r); !list.empty()) out["parameters"] = std::move(list);
  if (e.input != nullptr)
    out["requestBody"] = {{"required", true}, {"content", {{"application/json", {{"schema", e.input(components)}}}}}};
  else if (r.upload_limit > 0)
    out["requestBody"] = {{"required", true},
                          {"description", "At most " + std::to_string(r.upload_limit) + " bytes."},
                          {"content", {{"application/octet-stream", {{"schema", {{"type", "string"}, {"format", "binary"}}}}}}}};
  out["responses"] = responses(e, components);
  const auto kind = r.rule.kind();
  json::object security;
  if (kind == identity::Rule::Kind::signed_in || kind == identity::Rule::Kind::clauses) security["session"] = json::array{};
  if (r.method != Method::get) security["own_page"] = json::array{};
  if (!security.empty()) out["security"] = json::array{std::move(security)};
  return out;
}

json::object problem_schema() {
  json::array codes;
  for (const auto& p : problem_catalogue()) codes.push_back(json::value(p.name));
  const json::object text = {{"type", "object"},
                             {"properties", {{"zh", {{"type", "string"}}}, {"en", {{"type", "string"}}}}},
                             {"required", {"zh", "en"}}};
  const json::object field = {{"type", "object"},
                              {"properties", {{"field", {{"type", "string"}}}, {"code", {{"type", "string"}}}, {"text", text}}},
                              {"required", {"field", "code", "text"}}};
  return {{"type", "object"},
          {"description", "RFC 9457 problem document. Some codes carry further members, e.g. `current` or `free`."},
          {"properties",
           {{"type", {{"type", "string"}}}, {"title", {{"type", "string"}}}, {"status", {{"type", "integer"}}},
            {"code", {{"type", "string"}, {"enum", std::move(codes)}}}, {"text", text}, {"id", {{"type", "string"}}},
            {"field", {{"type", "string"}}}, {"problems", {{"type", "array"}, {"items", field}}}}},
          {"required", {"type", "title", "status", "code", "text", "id"}}};
}

template <class Set>
json::array names_of(const Set& bits) {
  json::array out;
  boost::mp11::mp_for_each<boost::describe::describe_enumerators<std::conditional_t<
      std::is_same_v<Set, identity::Roles>, identity::Role, identity::Relation>>>([&](auto d) {
    if (bits.has(d.value)) out.push_back(json::value(contract::enum_name(d.value)));
  });
  return out;
}

std::string_view kind_name(identity::Rule::Kind kind) {
  switch (kind) {
    case identity::Rule::Kind::anonymous: return "anonymous";
    case identity::Rule::Kind::set_up: return "set_up";
    case identity::Rule::Kind::signed_in: return "signed_in";
    case identity::Rule::Kind::clauses: return "clauses";
  }
  return "clauses";
}
}  // namespace

json::object openapi(const Routes& routes, std::string_view version) {
  contract::Components components;
  json::object paths;
  for (const auto& e : routes.entries()) {
    auto& item = paths[e.route.path];
    if (item.is_null()) item.emplace_object();
    item.get_object()[lower(to_text(e.route.method))] = operation(e, components);
  }
  components["Problem"] = problem_schema();
  json::object schemas;
  for (auto& [name, schema] : components) schemas[name] = std::move(schema);
  return {{"openapi", "3.1.0"},
          {"info", {{"title", "Xinyi 心驿"}, {"version", version}}},
          {"paths", std::move(paths)},
          {"components",
           {{"schemas", std::move(schemas)},
            {"securitySchemes",
             {{"session", {{"type", "apiKey"}, {"in", "cookie"}, {"name", "__Host-xinyi"}}},
              {"own_page",
               {{"type", "apiKey"}, {"in", "header"}, {"name", "X-Xinyi"},
                {"description", "Always \"1\": another site cannot send it. Origin and Sec-Fetch-Site are judged besides."}}}}}}}};
}

json::array routes_json(const Routes& routes) {
  json::array out;
  for (const auto& e : routes.entries()) {
    const auto& r = e.route;
    json::array clauses;
    for (const auto& c : r.rule.clauses())
      clauses.push_back(json::object{{"roles", names_of(c.roles)}, {"relations", names_of(c.relations)}});
    contract::Components components;
    json::value body;
    if (e.input != nullptr) body = e.input(components);
    json::object schemas;
    for (auto& [name, schema] : components) schemas[name] = std::move(schema);
    json::array errors;
    for (const auto code : all_errors(e)) errors.push_back(json::value(catalogue(code).name));
    out.push_back(json::object{{"method", to_text(r.method)},
                               {"path", r.path},
                               {"summary", r.summary},
                               {"rule", {{"kind", kind_name(r.rule.kind())}, {"content", r.rule.content()}, {"clauses", std::move(clauses)}}},
                               {"query", json::value_from(r.query)},
                               {"body", std::move(body)},
                               {"schemas", std::move(schemas)},
                               {"upload_limit", r.upload_limit},
                               {"vital", r.vital},
                               {"versioned", r.versioned},
                               {"status", e.status},
                               {"media", e.media},
                               {"errors", std::move(errors)},
                               {"act", r.act.empty() ? json::value(nullptr) : json::value(r.act)}});
  }
  return out;
}

void add_openapi(Routes& routes, std::string_view version) {
  const auto text = std::make_shared<std::string>();
  Entry e{Route{.method = Method::get,
                .path = "/api/v1/openapi.json",
                .summary = "This document.",
                .rule = identity::Rule::anonymous(),
                .locate = no_object()}};
  e.output = &contract::schema<json::object>;
  e.run = [text](Call&) -> Task<Reply> {
    Reply reply;
    reply.body = *text;
    co_return reply;
  };
  routes.add_entry(std::move(e));
  *text = json::serialize(openapi(routes, version));
}
}  // namespace xinyi::http
