// The school's ways out: mail, robots, quiet hours; tests of them, and what became of messages.
#include "http/contract.hpp"
#include "notify/outside.hpp"
#include "notify/rules.hpp"

namespace xinyi::notify {
namespace {
using http::Call;
using identity::Role;
using identity::Rule;
using storage::ReadTx;
using storage::WriteTx;

constexpr identity::Roles kKeepers = {Role::director, Role::administrator};
constexpr std::size_t kMostHooks = 5;

MailView shown(const StoredMail& m) {
  const auto& s = m.settings;
  return {s.enabled, s.host, s.port, s.security, s.username, !s.password.empty(), s.sender_name, s.sender, !s.ca_pem.empty(), m.version};
}
HookView shown(const StoredHook& h) {
  const auto place = hook_place(h.settings.url);
  return {h.id, h.settings.kind, h.settings.name, place ? place->host : std::string{}, !h.settings.secret.empty(), h.settings.urgent_only};
}

SettingsView settings_now(ReadTx& tx, const Call& call) {
  SettingsView out;
  if (const auto mail = mail_settings(tx, call.data_key())) out.mail = shown(*mail);
  for (const auto& h : hooks(tx, call.data_key())) out.hooks.push_back(shown(h));
  out.quiet = quiet_hours(tx);
  return out;
}

void say_changed(WriteTx& tx, const Call& call, std::string_view what) { audit::append(tx, call.event(audit::Act::settings_changed, what, {})); }

/// What was typed, judged field by field; the password that is kept only goes where it went before.
MailSettings judged(const SetMail& in, const std::optional<StoredMail>& before) {
  if (!good_host(in.host)) throw Refusal(Code::invalid_input, "host", Code::field_characters);
  if (in.security == Security::none && !loopback_host(in.host)) throw Refusal(Code::invalid_input, "security", Code::outside_insecure);
  if (!good_address(in.sender)) throw Refusal(Code::invalid_input, "sender", Code::mail_address_wrong);
  if (!neutral_sender(in.sender_name, in.sender)) throw Refusal(Code::invalid_input, "sender_name", Code::sender_telling);
  MailSettings out{in.enabled, in.host.str(), in.port, in.security, in.username ? in.username->str() : std::string{}, {}, in.sender_name.str(),
                   in.sender.str(), in.ca_pem ? in.ca_pem->str() : before ? before->settings.ca_pem : std::string{}};
  if (!out.ca_pem.empty() && out.ca_pem.find("-----BEGIN CERTIFICATE-----") == std::string::npos)
    throw Refusal(Code::invalid_input, "ca_pem", Code::ca_unreadable);
  if (in.password) {
    out.password = in.password->str();
  } else if (before && !before->settings.password.empty() && !out.username.empty()) {
    const auto& s = before->settings;
    if (s.host != out.host || s.port != out.port || s.username != out.username || s.security != out.security || s.ca_pem != out.ca_pem)
      throw Refusal(Code::invalid_input, "password", Code::mail_password_needed);
    out.password = s.password;
  }
  return out;
}

Task<http::Answer<MailView>> set_mail(Call& call, SetMail in) {
  const auto made = co_await call.write([&](WriteTx& tx) {
    const auto before = mail_settings(tx, call.data_key());
    const auto stale = [&] {
      Problem p;
      p.code = Code::changed_meanwhile;
      if (before) p.extra["current"] = contract::write(shown(*before));
      throw Refusal(std::move(p));
    };
    if (call.expected_version() != (before ? before->version : 0)) stale();
    const auto settings = judged(in, before);
    if (!keep_mail_settings(tx, call.data_key(), settings, call.expected_version(), call.now())) stale();
    say_changed(tx, call, "mail_settings");
    return shown(*mail_settings(tx, call.data_key()));
  });
  co_return http::Answer<MailView>{made, 200, made.version};
}

/// The outcome of a test in a sentence; it is part of the answer, so it never waits for quiet hours.
Tested judged(const Ended& how, bool hook, Instant now) {
  const auto inside = "reply " + std::to_string(how.reply);
  switch (how.outcome) {
    case Outcome::sent: return {now};
    case Outcome::refused: throw Refusal(hook ? Code::hook_refused : Code::mail_refused, inside);
    case Outcome::login_refused: throw Refusal(Code::login_refused, inside);
    case Outcome::untrusted: throw Refusal(Code::outside_untrusted, inside);
    case Outcome::insecure: throw Refusal(Code::outside_insecure, inside);
    case Outcome::busy: throw Refusal(Code::outside_busy, inside);
    default: throw Refusal(Code::outside_unreachable, inside);
  }
}

Outside& way_out(Outside* outside) {
  invariant(outside != nullptr, "routes that are only described");
  return *outside;
}

Task<Tested> test_mail(Call& call, Outside& outside, TestMail in) {
  if (!good_address(in.to)) throw Refusal(Code::invalid_input, "to", Code::mail_address_wrong);
  const auto settings = co_await call.write([&](WriteTx& tx) {
    auto found = mail_settings(tx, call.data_key());
    if (!found) throw Refusal(Code::mail_off);
    audit::append(tx, call.event(audit::Act::channel_tested, "mail_settings", {}));
    return *found;
  });
  const auto id = call.services().random.shuffled_id<MessageId>();
  const auto how = co_await outside.run(call.executor(), [&](Carrier& carrier) {
    return carrier.mail(settings.settings, in.to.str(), id, {Sentence::test, false}, call.now());
  });
  co_return judged(how, false, call.now());
}

http::Locator hook_of_path() {
  return http::Locator([](ReadTx& tx, const Call& call) {
    const auto id = call.id<HookId>();
    if (!hook(tx, call.data_key(), id)) return identity::Facts::missing("hook", id.bytes());
    return identity::Facts{true, {}, "hook", id.bytes(), {}};
  });
}

Task<HookView> add_hook(Call& call, NewHook in) {
  const auto place = hook_place(in.url);
  if (!place) throw Refusal(Code::invalid_input, "url", Code::hook_address);
  const StoredHook made{call.services().random.id<HookId>(call.now()),
                        {in.kind, in.name.str(), in.url.str(), in.secret ? in.secret->str() : std::string{}, in.urgent_only}};
  const auto touched = co_await call.act([&](WriteTx& tx) {
    if (hooks(tx, call.data_key()).size() >= kMostHooks) throw Refusal(Code::hooks_many);
    insert_hook(tx, call.data_key(), made, call.now());
    audit::append(tx, call.event(audit::Act::settings_changed, "hook", made.id.bytes()));
    return http::Touched::of(made.id);
  });
  co_return co_await call.read([&](ReadTx& tx) {
    const auto found = hook(tx, call.data_key(), touched.as<HookId>());
    if (!found) throw Refusal(Code::not_found);
    return shown(StoredHook{touched.as<HookId>(), *found});
  });
}

Task<Tested> test_hook(Call& call, Outside& outside) {
  const auto id = call.id<HookId>();
  const auto settings = co_await call.write([&](WriteTx& tx) {
    audit::append(tx, call.event(audit::Act::channel_tested, "hook", id.bytes()));
    return *hook(tx, call.data_key(), id);
  });
  const auto message = call.services().random.shuffled_id<MessageId>();
  const auto how = co_await outside.run(call.executor(), [&](Carrier& carrier) { return carrier.hook(settings, message, {Sentence::test, false}, call.now()); });
  co_return judged(how, true, call.now());
}
}  // namespace

void add_settings_routes(http::Routes& routes, Outside* outside) {
  using enum http::Method;
  const std::vector<Code> trouble = {Code::mail_off, Code::mail_address_wrong, Code::mail_refused, Code::login_refused, Code::outside_unreachable,
                                     Code::outside_busy, Code::outside_untrusted, Code::outside_insecure, Code::hook_refused};
  const auto keepers = [] { return Rule::may(kKeepers); };
  routes.add<http::Nothing, SettingsView>({get, "/api/v1/notify/settings", "How messages leave the school; passwords and robots' addresses are not shown.",
                                           keepers(), http::no_object()},
                                          [](Call& call) -> Task<SettingsView> {
                                            co_return co_await call.read([&](ReadTx& tx) { return settings_now(tx, call); });
                                          });
  routes.add<SetMail, http::Answer<MailView>>({.method = put, .path = "/api/v1/notify/mail", .summary = "Sets the school's mail server and its neutral sender.",
                                               .rule = keepers(), .locate = http::no_object(),
                                               .errors = {Code::mail_password_needed, Code::sender_telling, Code::ca_unreadable},
                                               .act = "settings.changed", .versioned = true}, set_mail);
  routes.add<TestMail, Tested>({post, "/api/v1/notify/mail/test", "Sends a test mail now and says what became of it.", keepers(), http::no_object(), {},
                                trouble, "channel.tested"},
                               [outside](Call& call, TestMail in) -> Task<Tested> { co_return co_await test_mail(call, way_out(outside), std::move(in)); });
  routes.add<NewHook, HookView>({post, "/api/v1/notify/hooks", "Adds a robot that tells a room of colleagues that there is something new.", keepers(),
                                 http::no_object(), {}, {Code::hook_address, Code::hooks_many}, "settings.changed"}, add_hook, 201);
  routes.add<http::Nothing, http::Nothing>({delete_, "/api/v1/notify/hooks/{id}", "Removes a robot.", keepers(), hook_of_path(), {}, {}, "settings.changed"},
                                           [](Call& call) -> Task<http::Nothing> {
                                             co_await call.write([&](WriteTx& tx) {
                                               const auto id = call.id<HookId>();
                                               remove_hook(tx, id);
                                               audit::append(tx, call.event(audit::Act::settings_changed, "hook", id.bytes()));
                                             });
                                             co_return http::Nothing{};
                                           });
  routes.add<http::Nothing, Tested>({post, "/api/v1/notify/hooks/{id}/test", "Sends a test through a robot now and says what became of it.", keepers(),
                                     hook_of_path(), {}, trouble, "channel.tested"},
                                    [outside](Call& call) -> Task<Tested> { co_return co_await test_hook(call, way_out(outside)); });
  routes.add<QuietHours, QuietHours>({put, "/api/v1/notify/quiet", "Sets the hours in which usual messages wait.", keepers(), http::no_object(), {}, {},
                                      "settings.changed"},
                                     [](Call& call, QuietHours in) -> Task<QuietHours> {
                                       co_return co_await call.write([&](WriteTx& tx) {
                                         keep_quiet_hours(tx, in);
                                         say_changed(tx, call, "quiet_hours");
                                         return quiet_hours(tx);
                                       });
                                     });
  routes.add<http::Nothing, Outbox>({get, "/api/v1/notify/outbox", "Messages that wait after a try, or failed. Names nobody.", keepers(), http::no_object()},
                                    [](Call& call) -> Task<Outbox> {
                                      co_return co_await call.read([](ReadTx& tx) { return outbox(tx); });
                                    });
}
}  // namespace xinyi::notify
