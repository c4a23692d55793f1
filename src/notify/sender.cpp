#include "notify/sender.hpp"

#include "kernel/log.hpp"
#include "notify/rules.hpp"

namespace xinyi::notify {
namespace {
using namespace std::chrono_literals;
using Steady = std::chrono::steady_clock;
constexpr Span kLease = 15s;
constexpr auto kRenew = 4s;
constexpr auto kGrace = 5s;
constexpr auto kPause = 20s;  // after trouble of a way out: the next message would only meet the same
}  // namespace

Sender::Sender(storage::Database& db, identity::Schools& schools, const Clock& clock, Random& random, OutsideOptions options, unsigned threads)
    : db_(db), schools_(schools), clock_(clock), options_(std::move(options)), holder_(random.bytes<16>()) {
  looker_ = std::thread([this] {
    while (watch_.wait()) look();
  });
  for (unsigned i = 0; i < threads; ++i) workers_.emplace_back([this] { work(); });
}

Sender::~Sender() {
  watch_.stop();
  looker_.join();
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  break_off_.after(kGrace);
  wake_.notify_all();
  for (auto& t : workers_) t.join();
}

/// Finds schools with something due, and keeps the leases of those that are being served.
void Sender::look() {
  try {
    for (const auto& id : schools_.all()) look_at(id);
  } catch (const std::exception&) {
    log::write(log::Message::sending_failed);
  }
}

void Sender::look_at(const SchoolId& id) {
  const auto moment = Steady::now();
  std::int64_t renew = 0;
  bool busy = false;
  Pause pause;
  {
    const std::lock_guard lock(mutex_);
    busy = busy_.contains(id);
    pause = pauses_[id];
    if (const auto it = held_.find(id); it != held_.end() && moment - it->second.renewed >= kRenew) {
      it->second.renewed = moment;
      renew = it->second.fence;
    }
  }
  if (renew != 0) db_.write(id, [&](storage::WriteTx& tx) { renew_lease(tx, holder_, renew, clock_.now(), kLease); });
  if (busy) return;
  const bool due = db_.read(id, [&](storage::ReadTx& tx) {
    return anything_due(tx, holder_, moment >= pause.mail, moment >= pause.hook, clock_.now());
  });
  if (!due) return;
  {
    const std::lock_guard lock(mutex_);
    busy_.insert(id);
    waiting_.push_back(id);
  }
  wake_.notify_one();
}

void Sender::work() {
  Carrier carrier(options_, &break_off_);
  for (;;) {
    SchoolId id;
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [this] { return stop_ || !waiting_.empty(); });
      if (stop_) return;
      id = waiting_.front();
      waiting_.pop_front();
    }
    try {
      serve(id, carrier);
    } catch (const std::exception&) {
      log::write(log::Message::sending_failed);
    }
    const std::lock_guard lock(mutex_);
    held_.erase(id);
    busy_.erase(id);
  }
}

/// The lease's number, 0 while another process holds it.
std::int64_t Sender::take_over(const identity::School& school) {
  return db_.write(school.id, [&](storage::WriteTx& tx) -> std::int64_t {
    const auto fence = take_lease(tx, holder_, clock_.now(), kLease);
    if (!fence) return 0;
    recover(tx, *fence);
    return *fence;
  });
}

void Sender::serve(const SchoolId& id, Carrier& carrier) {
  const auto school = schools_.of(id);
  const auto fence = take_over(*school);
  if (fence == 0) return;
  Pause pause;
  {
    const std::lock_guard lock(mutex_);
    held_[id] = {fence, Steady::now()};
    pause = pauses_[id];
  }
  for (;;) {
    {
      const std::lock_guard lock(mutex_);
      if (stop_) break;
    }
    const auto message = db_.write(id, [&](storage::WriteTx& tx) -> std::optional<Message> {
      const auto now = clock_.now();
      if (!renew_lease(tx, holder_, fence, now, kLease)) return std::nullopt;
      const auto moment = Steady::now();
      return begin_next(tx, *school, fence, moment >= pause.mail, moment >= pause.hook, now);
    });
    if (!message) break;
    const auto how = send(*school, *message, carrier);
    if (how.outcome == Outcome::started) break;  // broken off
    const bool ours = db_.write(id, [&](storage::WriteTx& tx) { return end_try(tx, *school, *message, fence, how, clock_.now()); });
    if (!ours) break;
    if (trouble_of_channel(how.outcome)) (message->channel == Channel::mail ? pause.mail : pause.hook) = Steady::now() + kPause;
    if (const auto state = state_after(how.outcome, message->tries, message->urgent); state == State::refused || state == State::given_up)
      log::write(log::Message::message_failed, {{"channel", contract::enum_name(message->channel)}, {"state", contract::enum_name(state)},
                                                {"outcome", contract::enum_name(how.outcome)}, {"reply", static_cast<std::int64_t>(how.reply)}});
  }
  carrier.hang_up();
  db_.write(id, [&](storage::WriteTx& tx) { give_back_lease(tx, holder_, fence); });
  const std::lock_guard lock(mutex_);
  pauses_[id] = pause;
}

Ended Sender::send(const identity::School& school, const Message& message, Carrier& carrier) {
  const OutsideMessage said{message.sentence, message.repeat};
  const auto now = clock_.now();
  if (message.channel == Channel::hook) {
    const auto found = db_.read(school.id, [&](storage::ReadTx& tx) { return hook(tx, school.data_key, HookId(message.target)); });
    return found ? carrier.hook(*found, message.id, said, now) : Ended{Outcome::switched_off, 0};
  }
  // Where to is read now, not when it was posted: who took their address away gets nothing more there.
  std::optional<StoredMail> settings;
  std::optional<Chosen> to;
  db_.read(school.id, [&](storage::ReadTx& tx) {
    settings = mail_settings(tx, school.data_key);
    to = chosen_address(tx, school.data_key, message.target);
  });
  if (!settings || !settings->settings.enabled) return {Outcome::switched_off, 0};
  if (!to || to->refused) return {Outcome::no_address, 0};
  return carrier.mail(settings->settings, to->address, message.id, said, now);
}
}  // namespace xinyi::notify
