// Events to browsers. Looks at the table every half second, so that it does not matter which process wrote it, and at the
// sessions behind the streams: a stream ends within a second of its session.
#pragma once
#include <map>
#include <thread>

#include "http/stream.hpp"
#include "notify/doorbell.hpp"
#include "notify/store.hpp"

namespace xinyi::notify {

struct HubLimits {
  std::size_t streams = 512;     // of this process
  std::size_t per_person = 6;    // more windows ask now and then instead
  std::chrono::milliseconds heartbeat{15'000};
};

/// How far a window has heard: the last number of either of its person's lists. Text "3.7".
struct Place {
  std::int64_t staff = 0, client = 0;
};
std::string to_text(const Place& place);
/// Nothing when it is none.
std::optional<Place> place_from_text(std::string_view text);

class Hub {
 public:
  Hub(storage::Database& db, identity::Schools& schools, const Clock& clock, HubLimits limits = {});
  /// Ends all streams.
  ~Hub();
  Hub(const Hub&) = delete;

  /// A stream of what concerns the two lists of `who`, after that place, for as long as the session lives.
  /// Refusal(unavailable) when there are too many.
  std::shared_ptr<http::Stream> open(identity::Principal who, const Mine& lists, const Place& after, Executor& executor);
  std::size_t streams() const;

 private:
  struct Listener {
    identity::Principal who;  // without its secret
    Mine lists;
    Place after;              // the last events that were fed
    bool fresh = true;        // has not been given what was there before it
    std::chrono::steady_clock::time_point fed_at{};
    std::shared_ptr<http::FedStream> stream;
  };
  struct School {
    std::vector<Listener> listeners;
    std::int64_t position = 0;
  };
  void run();
  void look();
  void look_at(const SchoolId& id, School& school);
  static void catch_up(storage::ReadTx& tx, Listener& l);
  static void give(Listener& to, const StoredEvent& event);

  storage::Database& db_;
  identity::Schools& known_;
  const Clock& clock_;
  HubLimits limits_;
  mutable std::mutex mutex_;
  std::vector<std::pair<SchoolId, Listener>> arrived_;     // not seen by the thread yet
  std::map<Owner, std::size_t> windows_;                   // streams of a person, by their list as staff
  std::size_t open_ = 0;
  std::map<SchoolId, School> schools_;                     // the thread's own
  Doorbell::Watch watch_{doorbell()};
  std::thread thread_;
};

/// "id: 3.7\ndata: {"kind":"notice","id":"…"}\n\n".
std::string event_text(const Place& place, const Event& event);

}  // namespace xinyi::notify
