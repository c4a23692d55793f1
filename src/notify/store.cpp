#include "notify/store.hpp"

#include "notify/doorbell.hpp"
#include "notify/rules.hpp"

namespace xinyi::notify {
namespace {
using storage::ReadTx;
using storage::WriteTx;

constexpr std::int64_t kEventsAtOnce = 500;
constexpr auto kOutboxShown = std::chrono::hours(24 * 30);

template <class T>
Bytes seal(const vault::DataKey& key, const T& value, std::string_view column, View row) {
  auto plain = boost::json::serialize(contract::write(value));
  auto out = key.protect(plain, column, row);
  explicit_bzero(plain.data(), plain.size());
  return out;
}

template <class T>
T unseal(const vault::DataKey& key, View sealed, std::string_view column, View row) {
  const auto plain = key.reveal(sealed, column, row);
  const auto text = plain.expose_text();
  T out{};
  contract::Faults faults;
  if (!contract::read(boost::json::parse(boost::json::string_view(text.data(), text.size())), out, "", faults)) throw Refusal(Code::content_damaged);
  return out;
}

template <class E, class AnyRow>
E enumerated(const AnyRow& row, int column) {
  const auto out = contract::enum_value<E>(row.template get<std::string_view>(column));
  invariant(out.has_value(), "unknown word in storage");
  return *out;
}

/// What a notice says, in its row.
struct NoticeContent {
  Kind kind{};
  std::optional<Instant> when;
};
BOOST_DESCRIBE_STRUCT(NoticeContent, (), (kind, when))

/// Where a message goes and with which sentence: 16 bytes and one.
Bytes packed(const Fixed<16>& target, Sentence sentence) {
  Bytes out(target.begin(), target.end());
  out.push_back(static_cast<std::uint8_t>(sentence));
  return out;
}

Fixed<16> keyed(const vault::DataKey& key, std::string_view label, std::initializer_list<View> parts) {
  Bytes all;
  for (const auto part : parts) {
    all.push_back(static_cast<std::uint8_t>(part.size()));  // so that no two lists of parts look alike
    all.insert(all.end(), part.begin(), part.end());
  }
  return key.keyed(label, all);
}

void put_message(WriteTx& tx, const identity::School& school, Channel channel, const Fixed<16>& key, const Fixed<16>& target, Sentence sentence,
                 bool urgent, const Quiet& quiet, Instant now, Random& random) {
  const auto id = random.shuffled_id<MessageId>();
  tx.exec("INSERT INTO outbox (school_id, id, key, channel, sealed, urgent, state, posted_at, due_at) VALUES (?1,?2,?3,?4,?5,?6,'waiting',?7,?8) "
          "ON CONFLICT (school_id, key) DO NOTHING",
          tx.school(), id, key, contract::enum_name(channel),
          school.data_key.protect(View(packed(target, sentence)), "outbox.sealed", id.bytes()), urgent, now, due_at(now, quiet, school.zone, urgent));
}
}  // namespace

Owner list_owner(const vault::DataKey& key, const Recipient& to) {
  return key.keyed(to.audience() == Audience::staff ? "notices staff" : "notices client", to.bytes());
}
Owner person_owner(const vault::DataKey& key, const ClientRef& self) { return key.keyed("notified person", self.bytes()); }

Mine lists_of(const identity::Principal& who, const vault::DataKey& key) {
  return {list_owner(key, Recipient::staff(who.person)), list_owner(key, Recipient::client(who.self))};
}

Posted post(WriteTx& tx, const identity::School& school, const Recipient& to, const Notice& notice, Instant now, Random& random) {
  const auto& said = entry(notice.kind);
  invariant(said.audience == to.audience(), "a notice for somebody else");
  invariant(notice.when.has_value() || !needs_time(notice.kind), "a notice without its time");
  const auto& key = school.data_key;
  const auto owner = list_owner(key, to);
  const auto once = keyed(key, "notice once", {notice.event, view(notice.step), owner});
  const auto id = random.shuffled_id<NoticeId>();
  const auto fresh = tx.exec("INSERT INTO notices (school_id, id, key, owner, sealed, posted_at) VALUES (?1,?2,?3,?4,?5,?6) "
                             "ON CONFLICT (school_id, key) DO NOTHING",
                             tx.school(), id, once, owner, seal(key, NoticeContent{notice.kind, notice.when}, "notices.sealed", id.bytes()), now);
  if (fresh == 0) {
    tx.exec("UPDATE notices SET repeats = repeats + 1 WHERE school_id = ?1 AND key = ?2", tx.school(), once);
    return {tx.one("SELECT id FROM notices WHERE school_id = ?1 AND key = ?2", tx.school(), once)->get<NoticeId>(0), true};
  }
  const bool staff = to.audience() == Audience::staff;
  const auto self = staff ? key.client_ref(PersonId(to.bytes())) : ClientRef(to.bytes());
  const auto person = person_owner(key, self);
  tell(tx, owner, {EventKind::notice, id}, now);

  const auto quiet = quiet_hours(tx);
  const auto sentence = !staff ? Sentence::client : said.urgent ? Sentence::staff_now : Sentence::staff;
  const auto mail = tx.one("SELECT 1 FROM mail_settings m JOIN own_channels c ON c.school_id = m.school_id "
                           "WHERE m.school_id = ?1 AND m.enabled = 1 AND c.owner = ?2 AND c.refused_at IS NULL", tx.school(), person);
  if (mail)
    put_message(tx, school, Channel::mail, keyed(key, "mail once", {once}), person, sentence, said.urgent, quiet.mail, now, random);
  if (!staff) return {id, false};  // a robot speaks to a room full of staff
  std::vector<HookId> rings;
  for (auto row : tx.query("SELECT id FROM hooks WHERE school_id = ?1 AND (urgent_only = 0 OR ?2 = 1) ORDER BY id", tx.school(), said.urgent))
    rings.push_back(row.get<HookId>(0));
  for (const auto& hook : rings)  // once for the event, however many of the staff are told
    put_message(tx, school, Channel::hook, keyed(key, "hook once", {notice.event, view(notice.step), hook.bytes()}), hook.bytes(), sentence, said.urgent,
                quiet.hook, now, random);
  return {id, false};
}

// -- notices

NoticeList notices(ReadTx& tx, const identity::School& school, const Mine& mine, const std::optional<NoticeId>& before, std::int64_t limit) {
  NoticeList out;
  out.unread = tx.one("SELECT count(*) FROM notices WHERE school_id = ?1 AND owner IN (?2, ?3) AND read_at IS NULL", tx.school(), mine.staff, mine.client)
                   ->get<std::int64_t>(0);
  Instant from{INT64_MAX};
  NoticeId below;
  if (before) {
    const auto row = tx.one("SELECT posted_at FROM notices WHERE school_id = ?1 AND id = ?2 AND owner IN (?3, ?4)", tx.school(), *before, mine.staff, mine.client);
    if (!row) throw Refusal(Code::invalid_input, "before", Code::field_choice);
    from = row->get<Instant>(0);
    below = *before;
  }
  for (auto row : tx.query("SELECT id, sealed, posted_at, read_at FROM notices WHERE school_id = ?1 AND owner IN (?2, ?3) "
                           "AND (posted_at < ?4 OR (posted_at = ?4 AND id < ?5)) ORDER BY posted_at DESC, id DESC LIMIT ?6",
                           tx.school(), mine.staff, mine.client, from, below, limit)) {
    const auto id = row.get<NoticeId>(0);
    const auto content = unseal<NoticeContent>(school.data_key, row.get<View>(1), "notices.sealed", id.bytes());
    out.items.push_back({id, content.kind, row.get<Instant>(2), notice_text(content.kind, content.when, school.zone), !row.null(3)});
  }
  return out;
}

std::int64_t mark_read(WriteTx& tx, const Mine& mine, const MarkRead& which, Instant now) {
  if (!which.ids)
    return tx.exec("UPDATE notices SET read_at = ?4 WHERE school_id = ?1 AND owner IN (?2, ?3) AND read_at IS NULL", tx.school(), mine.staff, mine.client, now);
  std::int64_t out = 0;
  for (const auto& id : *which.ids)
    out += tx.exec("UPDATE notices SET read_at = ?4 WHERE school_id = ?1 AND owner IN (?2, ?3) AND id = ?5 AND read_at IS NULL", tx.school(), mine.staff,
                   mine.client, now, id);
  return out;
}

// -- events to browsers

void tell(WriteTx& tx, const Owner& owner, const Event& event, Instant now) {
  tx.exec("INSERT INTO browser_events (school_id, position, owner, number, kind, object, at) VALUES (?1, "
          "(SELECT coalesce(max(position), 0) + 1 FROM browser_events WHERE school_id = ?1), ?2, "
          "(SELECT coalesce(max(number), 0) + 1 FROM browser_events WHERE school_id = ?1 AND owner = ?2), ?3, ?4, ?5)",
          tx.school(), owner, contract::enum_name(event.kind), event.id, now);
  doorbell().ring();
}

std::pair<std::int64_t, std::int64_t> numbers_of(ReadTx& tx, const Owner& owner) {
  const auto row = tx.one("SELECT coalesce(min(number), 0), coalesce(max(number), 0) FROM browser_events WHERE school_id = ?1 AND owner = ?2", tx.school(), owner);
  return {row->get<std::int64_t>(0), row->get<std::int64_t>(1)};
}

std::int64_t last_position(ReadTx& tx) {
  return tx.one("SELECT coalesce(max(position), 0) FROM browser_events WHERE school_id = ?1", tx.school())->get<std::int64_t>(0);
}

namespace {
template <class Rows>
std::vector<StoredEvent> gathered(Rows rows) {
  std::vector<StoredEvent> out;
  for (auto row : rows)
    out.push_back({row.template get<std::int64_t>(0), row.template get<std::int64_t>(1), row.template get<Owner>(2),
                   {enumerated<EventKind>(row, 3), row.template get<std::optional<NoticeId>>(4)}});
  return out;
}
}  // namespace

std::vector<StoredEvent> events_after(ReadTx& tx, std::int64_t position) {
  return gathered(tx.query("SELECT position, number, owner, kind, object FROM browser_events WHERE school_id = ?1 AND position > ?2 ORDER BY position LIMIT ?3",
                           tx.school(), position, kEventsAtOnce));
}

std::vector<StoredEvent> events_of(ReadTx& tx, const Owner& owner, std::int64_t after_number) {
  return gathered(tx.query("SELECT position, number, owner, kind, object FROM browser_events WHERE school_id = ?1 AND owner = ?2 AND number > ?3 ORDER BY number",
                           tx.school(), owner, after_number));
}

// -- settings

std::optional<StoredMail> mail_settings(ReadTx& tx, const vault::DataKey& key) {
  const auto row = tx.one("SELECT sealed, version FROM mail_settings WHERE school_id = ?1", tx.school());
  if (!row) return std::nullopt;
  return StoredMail{unseal<MailSettings>(key, row->get<View>(0), "mail_settings.sealed", tx.school().bytes()), row->get<std::int64_t>(1)};
}

bool keep_mail_settings(WriteTx& tx, const vault::DataKey& key, const MailSettings& settings, std::int64_t expected, Instant now) {
  const auto sealed = seal(key, settings, "mail_settings.sealed", tx.school().bytes());
  if (expected == 0)
    return tx.exec("INSERT INTO mail_settings (school_id, sealed, enabled, version, changed_at) VALUES (?1,?2,?3,1,?4) ON CONFLICT (school_id) DO NOTHING",
                   tx.school(), sealed, settings.enabled, now) == 1;
  return tx.exec("UPDATE mail_settings SET sealed = ?2, enabled = ?3, version = version + 1, changed_at = ?4 WHERE school_id = ?1 AND version = ?5",
                 tx.school(), sealed, settings.enabled, now, expected) == 1;
}

std::vector<StoredHook> hooks(ReadTx& tx, const vault::DataKey& key) {
  std::vector<StoredHook> out;
  for (auto row : tx.query("SELECT id, sealed FROM hooks WHERE school_id = ?1 ORDER BY created_at, id", tx.school())) {
    const auto id = row.get<HookId>(0);
    out.push_back({id, unseal<HookSettings>(key, row.get<View>(1), "hooks.sealed", id.bytes())});
  }
  return out;
}

std::optional<HookSettings> hook(ReadTx& tx, const vault::DataKey& key, const HookId& id) {
  const auto row = tx.one("SELECT sealed FROM hooks WHERE school_id = ?1 AND id = ?2", tx.school(), id);
  if (!row) return std::nullopt;
  return unseal<HookSettings>(key, row->get<View>(0), "hooks.sealed", id.bytes());
}

void insert_hook(WriteTx& tx, const vault::DataKey& key, const StoredHook& hook, Instant now) {
  tx.exec("INSERT INTO hooks (school_id, id, sealed, urgent_only, created_at) VALUES (?1,?2,?3,?4,?5)", tx.school(), hook.id,
          seal(key, hook.settings, "hooks.sealed", hook.id.bytes()), hook.settings.urgent_only, now);
}

void remove_hook(WriteTx& tx, const HookId& id) { tx.exec("DELETE FROM hooks WHERE school_id = ?1 AND id = ?2", tx.school(), id); }

QuietHours quiet_hours(ReadTx& tx) {
  QuietHours out;
  for (auto row : tx.query("SELECT channel, quiet_from, quiet_until FROM quiet_hours WHERE school_id = ?1", tx.school())) {
    auto& q = enumerated<Channel>(row, 0) == Channel::mail ? out.mail : out.hook;
    q = Quiet{row.get<WallTime>(1), row.get<WallTime>(2)};
  }
  return out;
}

void keep_quiet_hours(WriteTx& tx, const QuietHours& hours) {
  for (const auto channel : {Channel::mail, Channel::hook}) {
    const auto& q = channel == Channel::mail ? hours.mail : hours.hook;
    tx.exec("INSERT INTO quiet_hours (school_id, channel, quiet_from, quiet_until) VALUES (?1,?2,?3,?4) "
            "ON CONFLICT (school_id, channel) DO UPDATE SET quiet_from = excluded.quiet_from, quiet_until = excluded.quiet_until",
            tx.school(), contract::enum_name(channel), q.from, q.until);
  }
}

std::optional<Chosen> chosen_address(ReadTx& tx, const vault::DataKey& key, const Owner& owner) {
  const auto row = tx.one("SELECT address, refused_at FROM own_channels WHERE school_id = ?1 AND owner = ?2", tx.school(), owner);
  if (!row) return std::nullopt;
  return Chosen{std::string(key.reveal(row->get<View>(0), "own_channels.address", owner).expose_text()), !row->null(1)};
}

void choose_address(WriteTx& tx, const vault::DataKey& key, const Owner& owner, const std::optional<std::string>& address, Instant now) {
  if (!address) {
    tx.exec("DELETE FROM own_channels WHERE school_id = ?1 AND owner = ?2", tx.school(), owner);
    return;
  }
  tx.exec("INSERT INTO own_channels (school_id, owner, address, chosen_at) VALUES (?1,?2,?3,?4) ON CONFLICT (school_id, owner) DO UPDATE SET "
          "address = excluded.address, chosen_at = excluded.chosen_at, refused_at = NULL",
          tx.school(), owner, key.protect(*address, "own_channels.address", owner), now);
}

// -- messages on their way out

bool anything_due(ReadTx& tx, bool mail, bool hook, Instant now) {
  return tx.one("SELECT 1 FROM outbox WHERE school_id = ?1 AND state IN ('waiting', 'sending') AND due_at <= ?2 "
                "AND (urgent = 1 OR (channel = 'mail' AND ?3 = 1) OR (channel = 'hook' AND ?4 = 1)) LIMIT 1", tx.school(), now, mail, hook)
      .has_value();
}

std::int64_t recover(WriteTx& tx) {
  return tx.exec("UPDATE outbox SET state = 'waiting', repeat = 1 WHERE school_id = ?1 AND state = 'sending'", tx.school());
}

void distrust_outbox(WriteTx& tx) {
  tx.exec("UPDATE outbox SET state = 'waiting', repeat = 1 WHERE school_id = ?1 AND state IN ('waiting', 'sending')", tx.school());
}

std::optional<Message> begin_next(WriteTx& tx, const identity::School& school, std::int64_t fence, bool mail, bool hook, Instant now) {
  const auto quiet = quiet_hours(tx);
  for (;;) {
    // What is urgent goes out even where usual messages pause after trouble: it may be the one that gets through.
    const auto row = tx.one("SELECT id, channel, sealed, urgent, repeat, tries FROM outbox WHERE school_id = ?1 AND state = 'waiting' AND due_at <= ?2 "
                            "AND (urgent = 1 OR (channel = 'mail' AND ?3 = 1) OR (channel = 'hook' AND ?4 = 1)) "
                            "ORDER BY urgent DESC, due_at, id LIMIT 1", tx.school(), now, mail, hook);
    if (!row) return std::nullopt;
    Message out;
    out.id = row->get<MessageId>(0);
    out.channel = enumerated<Channel>(*row, 1);
    const auto plain = school.data_key.reveal(row->get<View>(2), "outbox.sealed", out.id.bytes());
    if (plain.size() != 17) throw Refusal(Code::content_damaged);
    std::copy_n(plain.expose().begin(), 16, out.target.begin());
    out.sentence = static_cast<Sentence>(plain.expose()[16]);
    out.urgent = row->get<bool>(3);
    out.repeat = row->get<bool>(4);
    out.tries = row->get<std::int64_t>(5) + 1;
    // Judged again: the hours may have changed, or the message waited long.
    const auto due = due_at(now, out.channel == Channel::mail ? quiet.mail : quiet.hook, school.zone, out.urgent);
    if (due > now) {
      tx.exec("UPDATE outbox SET due_at = ?3 WHERE school_id = ?1 AND id = ?2", tx.school(), out.id, due);
      continue;
    }
    tx.exec("UPDATE outbox SET state = 'sending', tries = ?3, fence = ?4 WHERE school_id = ?1 AND id = ?2", tx.school(), out.id, out.tries, fence);
    tx.exec("INSERT INTO outbox_tries (school_id, message, number, at, outcome) VALUES (?1,?2,?3,?4,'started')", tx.school(), out.id, out.tries, now);
    return out;
  }
}

bool end_try(WriteTx& tx, const identity::School& school, const Message& message, std::int64_t fence, const Ended& how, Instant now) {
  const auto state = state_after(how.outcome, message.tries, message.urgent);
  const bool over = state != State::waiting;
  auto due = now;
  if (!over) {
    const auto quiet = quiet_hours(tx);
    due = due_at(now + *wait_after(message.tries, message.urgent), message.channel == Channel::mail ? quiet.mail : quiet.hook, school.zone, message.urgent);
  }
  if (tx.exec("UPDATE outbox SET state = ?5, due_at = ?6, ended_at = ?7 WHERE school_id = ?1 AND id = ?2 AND fence = ?3 AND tries = ?4 AND state = 'sending'",
              tx.school(), message.id, fence, message.tries, contract::enum_name(state), due, over ? std::optional(now) : std::nullopt) == 0)
    return false;
  tx.exec("UPDATE outbox_tries SET outcome = ?4, reply = ?5 WHERE school_id = ?1 AND message = ?2 AND number = ?3", tx.school(), message.id, message.tries,
          contract::enum_name(how.outcome), how.reply);
  if (how.outcome == Outcome::refused && message.channel == Channel::mail)
    tx.exec("UPDATE own_channels SET refused_at = ?3 WHERE school_id = ?1 AND owner = ?2", tx.school(), message.target, now);
  return true;
}

Outbox outbox(ReadTx& tx) {
  Outbox out;
  for (auto row : tx.query("SELECT state, count(*) FROM outbox WHERE school_id = ?1 GROUP BY state", tx.school())) {
    const auto state = enumerated<State>(row, 0);
    if (state == State::waiting || state == State::sending) out.waiting += row.get<std::int64_t>(1);
    if (state == State::refused || state == State::given_up) out.failed += row.get<std::int64_t>(1);
  }
  for (auto row : tx.query("SELECT id, channel, state, repeat, posted_at, due_at FROM outbox WHERE school_id = ?1 AND (state IN ('refused', 'given_up') "
                           "OR (state IN ('waiting', 'sending') AND tries > 0)) ORDER BY posted_at DESC, id DESC LIMIT 50", tx.school()))
    out.items.push_back({row.get<MessageId>(0), enumerated<Channel>(row, 1), enumerated<State>(row, 2), row.get<bool>(3), row.get<Instant>(4),
                         row.get<Instant>(5), {}});
  for (auto& m : out.items)
    for (auto row : tx.query("SELECT at, outcome, reply FROM outbox_tries WHERE school_id = ?1 AND message = ?2 ORDER BY number", tx.school(), m.id))
      m.tries.push_back({row.get<Instant>(0), enumerated<Outcome>(row, 1), row.get<std::int64_t>(2)});
  return out;
}

void clear_old(WriteTx& tx, Instant now) {
  using std::chrono::hours;
  tx.exec("DELETE FROM notices WHERE school_id = ?1 AND posted_at < ?2", tx.school(), now - hours(24 * 180));
  tx.exec("DELETE FROM outbox_tries WHERE school_id = ?1 AND message IN (SELECT id FROM outbox WHERE school_id = ?1 AND ended_at < ?2)", tx.school(), now - kOutboxShown);
  tx.exec("DELETE FROM outbox WHERE school_id = ?1 AND ended_at < ?2", tx.school(), now - kOutboxShown);
  // A person's newest stays: the numbers go on from it, so that a browser's place never means something else.
  tx.exec("DELETE FROM browser_events WHERE school_id = ?1 AND at < ?2 AND number < (SELECT max(o.number) FROM browser_events o "
          "WHERE o.school_id = browser_events.school_id AND o.owner = browser_events.owner)", tx.school(), now - hours(48));
}
}  // namespace xinyi::notify
