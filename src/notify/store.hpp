// All SQL of this room.
#pragma once
#include "notify/notify.hpp"
#include "notify/text.hpp"

namespace xinyi::notify {

using Owner = Fixed<16>;
/// Whose list a notice stands on, and whose windows hear of it. Two for one of the staff: as such, and as a client.
Owner list_owner(const vault::DataKey& key, const Recipient& to);
/// Whose address it may go to: one for a person. In plain it stands beside the address only, so that it joins no lists.
Owner person_owner(const vault::DataKey& key, const ClientRef& self);

// -- notices
struct Mine {
  Owner staff{}, client{};
  const Owner& main(const identity::Principal& who) const { return who.staff() ? staff : client; }
};
Mine lists_of(const identity::Principal& who, const vault::DataKey& key);
/// Newest first; `before`: older than this one.
NoticeList notices(storage::ReadTx& tx, const identity::School& school, const Mine& mine, const std::optional<NoticeId>& before, std::int64_t limit);
/// How many were unread and are read now.
std::int64_t mark_read(storage::WriteTx& tx, const Mine& mine, const MarkRead& which, Instant now);

// -- events to browsers
struct StoredEvent {
  std::int64_t position = 0, number = 0;
  Owner owner{};
  Event event;
};
void tell(storage::WriteTx& tx, const Owner& owner, const Event& event, Instant now);
/// Lowest and highest number kept for a list; {0, 0} without any.
std::pair<std::int64_t, std::int64_t> numbers_of(storage::ReadTx& tx, const Owner& owner);
std::int64_t last_position(storage::ReadTx& tx);
std::vector<StoredEvent> events_after(storage::ReadTx& tx, std::int64_t position);
std::vector<StoredEvent> events_of(storage::ReadTx& tx, const Owner& owner, std::int64_t after_number);

// -- settings
struct StoredMail {
  MailSettings settings;
  std::int64_t version = 0;
};
std::optional<StoredMail> mail_settings(storage::ReadTx& tx, const vault::DataKey& key);
/// `expected`: 0 for the first ones. False when they were changed meanwhile.
bool keep_mail_settings(storage::WriteTx& tx, const vault::DataKey& key, const MailSettings& settings, std::int64_t expected, Instant now);
struct StoredHook {
  HookId id;
  HookSettings settings;
};
std::vector<StoredHook> hooks(storage::ReadTx& tx, const vault::DataKey& key);
std::optional<HookSettings> hook(storage::ReadTx& tx, const vault::DataKey& key, const HookId& id);
void insert_hook(storage::WriteTx& tx, const vault::DataKey& key, const StoredHook& hook, Instant now);
void remove_hook(storage::WriteTx& tx, const HookId& id);
QuietHours quiet_hours(storage::ReadTx& tx);
void keep_quiet_hours(storage::WriteTx& tx, const QuietHours& hours);

struct Chosen {
  std::string address;
  bool refused = false;
};
std::optional<Chosen> chosen_address(storage::ReadTx& tx, const vault::DataKey& key, const Owner& owner);
void choose_address(storage::WriteTx& tx, const vault::DataKey& key, const Owner& owner, const std::optional<std::string>& address, Instant now);

// -- messages on their way out
struct Message {
  MessageId id;
  Channel channel{};
  bool urgent = false, repeat = false;
  std::int64_t tries = 0;  // with the one that begins now
  Sentence sentence{};
  Fixed<16> target{};      // person's owner (mail) or hook
};
/// True when there is work: something due on an open channel (urgent: on any).
bool anything_due(storage::ReadTx& tx, bool mail, bool hook, Instant now);
/// First under a new lease, when nothing is under way: what somebody left in the middle may have been sent, so it waits again,
/// marked as a repeat. Returns how many.
std::int64_t recover(storage::WriteTx& tx);
/// The next message that is due on one of the channels, urgent ones first, begun under this fence. Those that came due in
/// quiet hours are put off.
std::optional<Message> begin_next(storage::WriteTx& tx, const identity::School& school, std::int64_t fence, bool mail, bool hook, Instant now);
struct Ended {
  Outcome outcome{};
  long reply = 0;
};
/// False when the message is not this fence's any more: then nothing is written.
bool end_try(storage::WriteTx& tx, const identity::School& school, const Message& message, std::int64_t fence, const Ended& how, Instant now);
Outbox outbox(storage::ReadTx& tx);

}  // namespace xinyi::notify
