// Sends what is due. One process at a time for a school, under a lease whose number every write must match: what a process
// does after it lost the lease changes nothing here. What was on its way when a process died is sent again and says so.
#pragma once
#include <deque>
#include <map>
#include <set>
#include <thread>

#include "notify/doorbell.hpp"
#include "notify/outside.hpp"
#include "storage/lease.hpp"

namespace xinyi::notify {

class Sender {
 public:
  /// `threads`: schools served at once, so that one slow mail server holds up nobody else's.
  Sender(storage::Database& db, identity::Schools& schools, const Clock& clock, Random& random, OutsideOptions options, unsigned threads = 3);
  /// Gives the message in hand five seconds; one that was broken off is sent again by whoever comes next, as a repeat.
  ~Sender();
  Sender(const Sender&) = delete;

 private:
  struct Pause {
    std::chrono::steady_clock::time_point mail{}, hook{};
  };
  void look();
  void look_at(const SchoolId& id);
  void work();
  void serve(const SchoolId& id, Carrier& carrier);
  std::optional<storage::Lease> take_over(const SchoolId& id);
  void send_all(const identity::School& school, const storage::Lease& lease, Carrier& carrier);
  Ended send(const identity::School& school, const Message& message, Carrier& carrier);

  storage::Database& db_;
  identity::Schools& schools_;
  const Clock& clock_;
  OutsideOptions options_;
  const Fixed<16> holder_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<SchoolId> waiting_;
  std::set<SchoolId> busy_;              // waiting or being served
  struct Held {
    storage::Lease lease;
    std::chrono::steady_clock::time_point renewed{};
  };
  std::map<SchoolId, Held> held_;        // leases to be kept alive while a school is served
  std::map<SchoolId, Pause> pauses_;
  bool stop_ = false;
  BreakOff break_off_;
  Doorbell::Watch watch_{doorbell()};
  std::thread looker_;
  std::vector<std::thread> workers_;
};

}  // namespace xinyi::notify
