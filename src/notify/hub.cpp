#include "notify/hub.hpp"

#include <charconv>

#include "http/render.hpp"
#include "kernel/log.hpp"

namespace xinyi::notify {

std::string to_text(const Place& place) { return std::to_string(place.staff) + "." + std::to_string(place.client); }

std::optional<Place> place_from_text(std::string_view text) {
  const auto number = [](std::string_view t, std::int64_t& out) {
    const auto [end, ec] = std::from_chars(t.data(), t.data() + t.size(), out);
    return ec == std::errc{} && end == t.data() + t.size() && out >= 0;
  };
  const auto dot = text.find('.');
  Place out;
  if (dot == text.npos || !number(text.substr(0, dot), out.staff) || !number(text.substr(dot + 1), out.client)) return std::nullopt;
  return out;
}

std::string event_text(const Place& place, const Event& event) {
  std::string out = "id: " + to_text(place) + "\ndata: ";
  http::render::value(out, event);
  return out + "\n\n";
}

Hub::Hub(storage::Database& db, identity::Schools& schools, const Clock& clock, HubLimits limits)
    : db_(db), known_(schools), clock_(clock), limits_(limits), thread_([this] { run(); }) {}

Hub::~Hub() {
  watch_.stop();
  thread_.join();
}

std::size_t Hub::streams() const {
  const std::lock_guard lock(mutex_);
  return open_;
}

std::shared_ptr<http::Stream> Hub::open(identity::Principal who, const Mine& lists, const Place& after, Executor& executor) {
  who.secret.reset();  // what lives as long as a window holds nobody's key
  auto stream = std::make_shared<http::FedStream>(executor);
  {
    const std::lock_guard lock(mutex_);
    auto& windows = windows_[lists.staff];
    if (open_ >= limits_.streams || windows >= limits_.per_person) throw Refusal(Code::unavailable, "too many streams");
    ++windows;
    ++open_;
    const auto school = who.school;
    arrived_.emplace_back(school, Listener{std::move(who), lists, after, true, std::chrono::steady_clock::now(), stream});
  }
  // The browser learns its place before anything happens, so that it can come back to it, and how soon to come back.
  stream->feed("retry: 2000\nid: " + to_text(after) + "\n\n");
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
      gone.push_back(l.lists.staff);
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
  const bool as_staff = event.owner == to.lists.staff;
  if (!as_staff && event.owner != to.lists.client) return;
  auto& after = as_staff ? to.after.staff : to.after.client;
  if (event.number <= after) return;
  after = event.number;
  to.fed_at = std::chrono::steady_clock::now();
  to.stream->feed(event_text(to.after, event.event));
}

/// What was there before the window came. A place that is not known any more is said: it loads everything anew.
void Hub::catch_up(storage::ReadTx& tx, Listener& l) {
  const auto known = [](const std::pair<std::int64_t, std::int64_t>& kept, std::int64_t after) {
    return after == kept.second || (after < kept.second && after + 1 >= kept.first);
  };
  const auto staff = numbers_of(tx, l.lists.staff), client = numbers_of(tx, l.lists.client);
  if (!known(staff, l.after.staff) || !known(client, l.after.client)) {
    l.after = {staff.second, client.second};
    l.stream->feed(event_text(l.after, {EventKind::again, {}}));
  }
  for (const auto& e : events_of(tx, l.lists.staff, l.after.staff)) give(l, e);
  for (const auto& e : events_of(tx, l.lists.client, l.after.client)) give(l, e);
  l.fresh = false;
}

void Hub::look_at(const SchoolId& id, School& school) {
  const auto facts = known_.of(id);
  db_.read(id, [&](storage::ReadTx& tx) {
    // One view of the school for those who were here and those who have just come: nothing falls between the two.
    const bool any_old = std::ranges::any_of(school.listeners, [](const Listener& l) { return !l.fresh; });
    const auto events = any_old ? events_after(tx, school.position) : std::vector<StoredEvent>{};
    const auto position = !any_old ? last_position(tx) : events.empty() ? school.position : events.back().position;
    const auto now = clock_.now();
    for (auto& l : school.listeners) {
      if (l.stream->ended()) continue;
      try {
        identity::recheck(tx, facts->data_key, l.who, now);
      } catch (const Refusal&) {
        l.stream->finish();
        continue;
      }
      if (l.fresh) {
        catch_up(tx, l);
      } else {
        for (const auto& e : events) give(l, e);
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
