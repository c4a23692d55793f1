#include "notify/hub.hpp"

#include "http/render.hpp"
#include "kernel/log.hpp"

namespace xinyi::notify {

std::string event_text(std::int64_t number, const Event& event) {
  std::string out = "id: " + std::to_string(number) + "\ndata: ";
  http::render::value(out, event);
  return out + "\n\n";
}

Hub::Hub(storage::Database& db, const Clock& clock, HubLimits limits) : db_(db), clock_(clock), limits_(limits), thread_([this] { run(); }) {}

Hub::~Hub() {
  watch_.stop();
  thread_.join();
}

std::size_t Hub::streams() const {
  const std::lock_guard lock(mutex_);
  return open_;
}

std::shared_ptr<http::Stream> Hub::open(identity::Principal who, const Owner& owner, std::int64_t after, Executor& executor) {
  who.secret.reset();  // what lives as long as a window holds nobody's key
  auto stream = std::make_shared<http::FedStream>(executor);
  {
    const std::lock_guard lock(mutex_);
    auto& windows = windows_[owner];
    if (open_ >= limits_.streams || windows >= limits_.per_person) throw Refusal(Code::unavailable, "too many streams");
    ++windows;
    ++open_;
    arrived_.emplace_back(who.school, Listener{std::move(who), owner, after, true, std::chrono::steady_clock::now(), stream});
  }
  // The browser learns its place before anything happens, so that it can come back to it, and how soon to come back.
  stream->feed("retry: 2000\nid: " + std::to_string(after) + "\n\n");
  doorbell().ring();
  return stream;
}

void Hub::run() {
  while (watch_.wait()) {
    try {
      look();
    } catch (const std::exception&) {
      log::write(log::Message::events_failed);  // the next look is half a second away
    }
  }
  const std::lock_guard lock(mutex_);
  for (auto& [id, listener] : arrived_) listener.stream->stop();
  for (auto& [id, school] : schools_)
    for (auto& listener : school.listeners) listener.stream->stop();
}

void Hub::look() {
  {
    const std::lock_guard lock(mutex_);
    for (auto& [id, listener] : arrived_) schools_[id].listeners.push_back(std::move(listener));
    arrived_.clear();
  }
  for (auto it = schools_.begin(); it != schools_.end();) {
    look_at(it->first, it->second);
    std::vector<Owner> gone;
    std::erase_if(it->second.listeners, [&](const Listener& l) {
      if (!l.stream->ended()) return false;
      gone.push_back(l.owner);
      return true;
    });
    if (!gone.empty()) {
      const std::lock_guard lock(mutex_);
      for (const auto& owner : gone) {
        --open_;
        if (--windows_[owner] == 0) windows_.erase(owner);
      }
    }
    it = it->second.listeners.empty() ? schools_.erase(it) : std::next(it);
  }
}

void Hub::give(Listener& to, const StoredEvent& event) {
  if (event.number <= to.after) return;
  to.after = event.number;
  to.fed_at = std::chrono::steady_clock::now();
  to.stream->feed(event_text(event.number, event.event));
}

void Hub::look_at(const SchoolId& id, School& school) {
  db_.read(id, [&](storage::ReadTx& tx) {
    // One view of the school for those who were here and those who have just come: nothing falls between the two.
    const bool any_old = std::ranges::any_of(school.listeners, [](const Listener& l) { return !l.fresh; });
    const auto events = any_old ? events_after(tx, school.position) : std::vector<StoredEvent>{};
    const auto position = !any_old ? last_position(tx) : events.empty() ? school.position : events.back().position;
    const auto now = clock_.now();
    for (auto& l : school.listeners) {
      if (l.stream->ended()) continue;
      try {
        identity::recheck(tx, l.who, now);
      } catch (const Refusal&) {
        l.stream->finish();
        continue;
      }
      if (l.fresh) {
        const auto [lowest, highest] = numbers_of(tx, l.owner);
        if (l.after > highest || (l.after < highest && l.after + 1 < lowest)) {
          l.after = highest;
          l.stream->feed(event_text(highest, {EventKind::again, {}}));
        }
        for (const auto& e : events_of(tx, l.owner, l.after)) give(l, e);
        l.fresh = false;
      } else {
        for (const auto& e : events)
          if (e.owner == l.owner) give(l, e);
      }
      if (std::chrono::steady_clock::now() - l.fed_at >= limits_.heartbeat) {
        l.fed_at = std::chrono::steady_clock::now();
        l.stream->feed(": \n\n");
      }
    }
    school.position = position;  // last: a look that failed half-way is made again, and what was fed is known by its number
  });
}
}  // namespace xinyi::notify
