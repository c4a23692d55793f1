#include "notify/sender.hpp"

#include "kernel/log.hpp"
#include "notify/rules.hpp"

namespace xinyi::notify {
namespace {
using namespace std::chrono_literals;
using Steady = std::chrono::steady_clock;
// Short, so that another process goes on soon; the looking thread moves it forward while a slow server is spoken to.
constexpr Span kLease = 15s;
constexpr std::string_view kJob = "sender";
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
  std::optional<storage::Lease> renew;
  bool busy = false;
  Pause pause;
  {
    const std::lock_guard lock(mutex_);
    busy = busy_.contains(id);
    pause = pauses_[id];
    if (const auto it = held_.find(id); it != held_.end() && moment - it->second.renewed >= kRenew) {
      it->second.renewed = moment;
      renew = it->second.lease;
    }
  }
  if (renew) {
    try {
      db_.write(id, [&](storage::WriteTx& tx) { hold_lease(tx, *renew); });
    } catch (const storage::LeaseLost&) {
      // Its thread finds out with its next write.
    }
  }
  if (busy) return;
  const bool due = db_.read(id, [&](storage::ReadTx& tx) {
    return anything_due(tx, moment >= pause.mail, moment >= pause.hook, clock_.now()) && lease_is_free(tx, kJob, holder_, kLease);
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

/// Nothing while another process has the work.
std::optional<storage::Lease> Sender::take_over(const SchoolId& id) {
  return db_.write(id, [&](storage::WriteTx& tx) {
    auto lease = take_lease(tx, kJob, holder_, kLease);
    if (lease) recover(tx);
    return lease;
  });
}

void Sender::serve(const SchoolId& id, Carrier& carrier) {
  const auto school = schools_.of(id);
  const auto lease = take_over(id);
  if (!lease) return;
  {
    const std::lock_guard lock(mutex_);
    held_[id] = {*lease, Steady::now()};
  }
  try {
    send_all(*school, *lease, carrier);
    db_.write(id, [&](storage::WriteTx& tx) { release_lease(tx, *lease); });
  } catch (const storage::LeaseLost&) {
    // Whoever has it now sends what was under way once more, as a repeat.
  }
  carrier.hang_up();
}

void Sender::send_all(const identity::School& school, const storage::Lease& lease, Carrier& carrier) {
  Pause pause;
  {
    const std::lock_guard lock(mutex_);
    pause = pauses_[school.id];
  }
  for (;;) {
    {
      const std::lock_guard lock(mutex_);
      if (stop_) return;
    }
    const auto message = db_.write(school.id, [&](storage::WriteTx& tx) {
      hold_lease(tx, lease);
      const auto moment = Steady::now();
      return begin_next(tx, school, lease.fence, moment >= pause.mail, moment >= pause.hook, clock_.now());
    });
    if (!message) return;
    const auto how = send(school, *message, carrier);
    if (how.outcome == Outcome::started) return;  // broken off
    db_.write(school.id, [&](storage::WriteTx& tx) {
      hold_lease(tx, lease);
      end_try(tx, school, *message, lease.fence, how, clock_.now());
    });
    if (trouble_of_channel(how.outcome)) {
      (message->channel == Channel::mail ? pause.mail : pause.hook) = Steady::now() + kPause;
      const std::lock_guard lock(mutex_);
      pauses_[school.id] = pause;
    }
    if (const auto state = state_after(how.outcome, message->tries, message->urgent); state == State::refused || state == State::given_up)
      log::write(log::Message::message_failed, {{"channel", contract::enum_name(message->channel)}, {"state", contract::enum_name(state)},
                                                {"outcome", contract::enum_name(how.outcome)}, {"reply", static_cast<std::int64_t>(how.reply)}});
  }
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
