// The door of this room: what other rooms call. They post; how a notice travels is decided here.
#pragma once
#include "http/contract.hpp"
#include "notify/model.hpp"

namespace xinyi::notify {

/// Whom a notice is for. A client is a pseudonym here as everywhere; somebody of the staff who is also a client has two
/// lists that nothing in storage joins (CARE-17).
class Recipient {
 public:
  static Recipient staff(const PersonId& person) { return {Audience::staff, person.bytes()}; }
  static Recipient client(const ClientRef& ref) { return {Audience::client, ref.bytes()}; }
  Audience audience() const { return audience_; }
  const Fixed<16>& bytes() const { return bytes_; }

 private:
  Recipient(Audience audience, const Fixed<16>& bytes) : audience_(audience), bytes_(bytes) {}
  Audience audience_;
  Fixed<16> bytes_;
};

/// One thing to be told once. No free text: what is said comes from notices.def.
struct Notice {
  Kind kind{};
  Fixed<16> event{};               // id of what it is about: an appointment, a case …; leaves as a pseudonym only
  std::string_view step;           // "booked", "day_before" …: tells apart the notices about one event
  std::optional<Instant> when = {};  // for the holes of the sentence; a Bug when one is missing
};

struct Posted {
  NoticeId id;
  bool repeated = false;  // it had been posted before: counted there, and nothing is sent again
};
/// In the transaction of the fact: the notice on the recipient's list, the event to their browsers, and the messages that
/// leave the house. A Bug when the kind is not for this recipient.
Posted post(storage::WriteTx& tx, const identity::School& school, const Recipient& to, const Notice& notice, Instant now, Random& random);

/// Removes notices after 180 days, ended messages after 30, events after 2. A job calls it.
void clear_old(storage::WriteTx& tx, Instant now);

/// For a restored copy: what waits in it may have been sent since it was made, so it goes out as a repeat.
void distrust_outbox(storage::WriteTx& tx);

class Hub;
class Outside;
/// What the routes need while a server runs. Both null: the routes are only described.
struct Running {
  Hub* hub = nullptr;
  Outside* outside = nullptr;
};
void add_routes(http::Routes& routes, const Running& running);

}  // namespace xinyi::notify
