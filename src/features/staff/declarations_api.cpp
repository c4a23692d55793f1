// Declarations: read, acknowledged, published anew (ETH-1, ORG-4).
#include "features/staff/me.hpp"

namespace xinyi::staff {
namespace {
using namespace identity;
using http::Call;
using storage::ReadTx;
using storage::WriteTx;

DeclarationText picture(const Declaration& d) {
  return {d.id, *contract::enum_value<DeclarationKind>(d.kind), d.version, {d.title_zh, d.title_en}, {d.text_zh, d.text_en}, d.published_at};
}
DeclarationTexts pictures(const std::vector<Declaration>& list) {
  DeclarationTexts out;
  for (const auto& d : list) out.items.push_back(picture(d));
  return out;
}
audit::Event about_declaration(const Call& call, audit::Act act, const DeclarationId& id) {
  auto e = own_event(call, act);
  e.object = audit::Object::of("declaration", id);
  return e;
}

Task<DeclarationText> publish_route(Call& call, Publish in) {
  Declaration d{call.services().random.id<DeclarationId>(call.now()), std::string(contract::enum_name(in.kind)), 1, in.title_zh.str(),
                in.title_en.str(), in.text_zh.str(), in.text_en.str(), call.now()};
  const auto touched = co_await call.act([&](WriteTx& tx) {
    const auto version = publish(tx, d, call.who().person);
    audit::append(tx, about_declaration(call, audit::Act::declaration_published, d.id));
    return http::Touched::of(d.id, version);
  });
  co_return co_await call.read([&](ReadTx& tx) {
    for (const auto& each : declarations(tx))
      if (each.id == touched.as<DeclarationId>()) return picture(each);
    throw Refusal(Code::not_found);
  });
}
}  // namespace

void add_declaration_routes(http::Routes& routes) {
  using enum http::Method;
  routes.add<http::Nothing, DeclarationTexts>({get, "/api/v1/declarations/due", "Texts in force that one has not acknowledged yet.",
                                               Rule::signed_in(), http::no_object()},
                                              [](Call& call) -> Task<DeclarationTexts> {
                                                co_return co_await call.read([&](ReadTx& tx) {
                                                  return call.who().staff() ? pictures(declarations_due(tx, call.who().person)) : DeclarationTexts{};
                                                });
                                              });
  routes.add<http::Nothing, DeclarationTexts>({get, "/api/v1/declarations", "All versions.", Rule::may(kStaff), http::no_object()},
                                              [](Call& call) -> Task<DeclarationTexts> {
                                                co_return co_await call.read([](ReadTx& tx) { return pictures(declarations(tx)); });
                                              });
  routes.add<http::Nothing, http::Nothing>({post, "/api/v1/declarations/{id}/acknowledge", "Acknowledges the version in force.", Rule::signed_in(),
                                            http::no_object(), {}, {}, "declaration.acknowledged"},
                                           [](Call& call) -> Task<http::Nothing> {
                                             const auto id = call.id<DeclarationId>();
                                             co_await call.act([&](WriteTx& tx) {
                                               if (!call.who().staff()) throw Refusal(Code::not_allowed);
                                               acknowledge(tx, id, call.who().person, call.now());
                                               audit::append(tx, about_declaration(call, audit::Act::declaration_acknowledged, id));
                                               return http::Touched::of(id);
                                             });
                                             co_return http::Nothing{};
                                           });
  routes.add<Publish, DeclarationText>({post, "/api/v1/declarations", "Publishes the next version; everybody concerned is asked again.",
                                        Rule::may({Role::director}), http::no_object(), {}, {}, "declaration.published"}, publish_route, 201);
}
}  // namespace xinyi::staff
