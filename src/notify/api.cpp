// One's own notices, the way to be told, and events to one's browsers.
#include "notify/hub.hpp"
#include "notify/rules.hpp"

namespace xinyi::notify {
namespace {
using http::Call;
using identity::Role;
using identity::Rule;
using storage::ReadTx;
using storage::WriteTx;

constexpr identity::Roles kEverybody = {Role::student, Role::guardian, Role::teacher, Role::homeroom_teacher, Role::counsellor, Role::trainee,
                                        Role::director, Role::deputy, Role::archivist, Role::crisis_team, Role::committee, Role::principal,
                                        Role::reception, Role::bureau, Role::administrator};

Owner own(const Call& call) { return person_owner(call.data_key(), call.who().self); }

Task<NoticeList> list(Call& call) {
  const auto before = call.query<NoticeId>("before");
  const auto limit = call.query<Whole<1, 100>>("limit").value_or(Whole<1, 100>{30});
  co_return co_await call.read([&](ReadTx& tx) { return notices(tx, call.school_facts(), lists_of(call.who(), call.data_key()), before, limit); });
}

Task<NoticeList> read_route(Call& call, MarkRead in) {
  const auto mine = lists_of(call.who(), call.data_key());
  co_await call.act([&](WriteTx& tx) {
    const auto changed = mark_read(tx, mine, in, call.now());
    if (changed == 0) return http::Touched{};
    tell(tx, mine.main(call.who()), {EventKind::notices_read, {}}, call.now());
    // The log says that somebody read, not what: as the client they may be, never joined with the person (CARE-17).
    auto e = call.event(audit::Act::notice_read, "notices", {});
    audit::append(tx, e);
    return http::Touched{};
  });
  co_return co_await call.read([&](ReadTx& tx) { return notices(tx, call.school_facts(), mine, {}, 30); });
}

OwnChannels channels_now(ReadTx& tx, const Call& call) {
  OwnChannels out;
  const auto settings = mail_settings(tx, call.data_key());
  out.mail_offered = settings && settings->settings.enabled;
  if (const auto chosen = chosen_address(tx, call.data_key(), own(call))) {
    out.mail = chosen->address;
    out.mail_refused = chosen->refused;
  }
  return out;
}

Task<OwnChannels> choose(Call& call, ChooseChannels in) {
  if (in.mail && !good_address(*in.mail)) throw Refusal(Code::invalid_input, "mail", Code::mail_address_wrong);
  co_return co_await call.write([&](WriteTx& tx) {
    choose_address(tx, call.data_key(), own(call), in.mail ? std::optional(in.mail->str()) : std::nullopt, call.now());
    audit::append(tx, call.event(audit::Act::channel_chosen, "channels", {}));
    return channels_now(tx, call);
  });
}

Task<std::shared_ptr<http::Stream>> listen(Call& call, Hub& hub) {
  const auto mine = lists_of(call.who(), call.data_key());
  const auto newest = co_await call.read([&](ReadTx& tx) { return Place{numbers_of(tx, mine.staff).second, numbers_of(tx, mine.client).second}; });
  // What is no place of ours is as good as none: the page has just been opened and asks for its list besides.
  co_return hub.open(call.who(), mine, place_from_text(call.incoming().last_event_id).value_or(newest), call.executor());
}
}  // namespace

void add_settings_routes(http::Routes& routes, Outside* outside);

void add_routes(http::Routes& routes, const Running& running) {
  using enum http::Method;
  routes.add<http::Nothing, NoticeList>({.method = get, .path = "/api/v1/notices", .summary = "One's own notices, newest first, and how many are unread.",
                                         .rule = Rule::may(kEverybody), .locate = http::no_object(), .query = {"before", "limit"}, .by_itself = true}, list);
  routes.add<MarkRead, NoticeList>({post, "/api/v1/notices/read", "Marks one's own notices as read: those named, or all.", Rule::may(kEverybody),
                                    http::no_object(), {}, {}, "notice.read"}, read_route);
  routes.add<http::Nothing, OwnChannels>({get, "/api/v1/me/channels", "Where one's own notices go besides the list.", Rule::may(kEverybody), http::no_object()},
                                         [](Call& call) -> Task<OwnChannels> {
                                           co_return co_await call.read([&](ReadTx& tx) { return channels_now(tx, call); });
                                         });
  routes.add<ChooseChannels, OwnChannels>({put, "/api/v1/me/channels", "Chooses a mail address for the word that there is a notice, or none.",
                                           Rule::may(kEverybody), http::no_object(), {}, {Code::mail_address_wrong}, "channel.chosen"}, choose);
  routes.add_stream<Event>({.method = get, .path = "/api/v1/events",
                            .summary = "Events to one's own browser as they come: what kind and which id, never content. Resumes after Last-Event-ID.",
                            .rule = Rule::may(kEverybody), .locate = http::no_object(), .by_itself = true},
                           [hub = running.hub](Call& call) -> Task<std::shared_ptr<http::Stream>> {
                             invariant(hub != nullptr, "routes that are only described");
                             co_return co_await listen(call, *hub);
                           });
  add_settings_routes(routes, running.outside);
}
}  // namespace xinyi::notify
