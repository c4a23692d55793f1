// Booking, cancelling, arriving. The database decides who gets a slot; whoever does not is told what is free (SVC-2).
#include "features/schedule/schedule.hpp"
#include "notify/notify.hpp"

namespace xinyi::schedule {
namespace {
using namespace identity;
using http::Call;
using storage::ReadTx;
using storage::WriteTx;

constexpr Roles kClients = {Role::student, Role::guardian, Role::teacher, Role::homeroom_teacher, Role::counsellor, Role::trainee, Role::director,
                            Role::deputy, Role::archivist, Role::principal, Role::reception};
constexpr std::size_t kAlternatives = 12;

struct Booking {
  PersonId client;
  ShiftId shift;
  Instant starts_at;
  bool walk_in = false, urgent = false;
  std::optional<std::string> reason;
  audit::Actor actor;
};

/// What a booking act came to; kept as the version of Touched, so that a repeat gives the same answer.
enum Outcome : std::int64_t { kBooked = 1, kTaken = -1, kClientBusy = -2, kGone = -3, kPast = -4 };

Code code_of(std::int64_t outcome) {
  switch (outcome) {
    case kClientBusy: return Code::client_busy;
    case kGone: return Code::slot_gone;
    case kPast: return Code::slot_past;
    default: return Code::slot_taken;
  }
}

/// The client's words, sealed before the transaction: the sealing costs more than all the rest of a booking.
struct SealedReason {
  vault::FreshUnit unit;
  vault::RoomKey duty;
  Bytes words;
};
Bytes seal_reason(const SchoolId& school, const vault::RoomKey& duty, const vault::FreshUnit& unit, const std::string& words) {
  return vault::seal_waiting(duty.box_public, unit.secret, {school, {}, unit.id, "reason", 1}, view(words));
}

/// Whoever did it knows it already.
void tell_counsellor(WriteTx& tx, const Call& call, const StoredAppointment& a, notify::Kind kind, std::string_view step) {
  if (call.who().person == a.counsellor) return;
  notify::post(tx, call.school_facts(), notify::Recipient::staff(a.counsellor), {kind, a.id.bytes(), step, a.span.starts_at}, call.now(),
               call.services().random);
}
void tell_client(WriteTx& tx, const Call& call, const StoredAppointment& a, notify::Kind kind, std::string_view step) {
  if (call.who().self == a.client) return;
  notify::post(tx, call.school_facts(), notify::Recipient::client(a.client), {kind, a.id.bytes(), step, a.span.starts_at}, call.now(),
               call.services().random);
}

/// One transaction: facts, event, outcome. A refused booking is an event too and changes nothing else.
http::Touched book_in(WriteTx& tx, const Call& call, const Booking& in, const StoredAppointment& wanted, const SealedReason* reason) {
  auto a = wanted;
  const auto& key = call.data_key();
  const auto refuse = [&](Outcome why) {
    auto e = call.event(audit::Act::appointment_refused, "shift", in.shift.bytes(), a.client);
    e.actor = in.actor;
    e.outcome = audit::Outcome::refused;
    audit::append(tx, e);
    return http::Touched{{}, why};
  };
  const auto found = planned_shift(tx, in.shift);
  const auto span = found ? slot_at(found->span, found->slot_minutes, in.starts_at) : std::nullopt;
  if (!span || !receives_clients(tx, key, found->counsellor)) return refuse(kGone);
  if ((in.walk_in ? span->ends_at : span->starts_at) <= call.now()) return refuse(kPast);
  a.counsellor = found->counsellor;
  a.room = found->room;
  a.span = *span;
  a.state = in.walk_in ? AppointmentState::came : AppointmentState::booked;
  const auto taken = occupy_for(tx, key, a);
  if (taken != Take::taken) return refuse(taken == Take::client_busy ? kClientBusy : kTaken);
  become_client(tx, key, in.client);
  if (reason) {  // a loser's words are never written
    const auto duty = vault::room_key(tx, call.services().keys, vault::RoomKeyKind::duty);
    // The duty key changed in between: a reader of today must be able to open it.
    a.reason = duty == reason->duty ? reason->words : seal_reason(call.school(), duty, reason->unit, *in.reason);
    a.reason_unit = reason->unit.id;
    vault::insert_unit(tx, reason->unit);
  }
  insert_appointment(tx, a);
  auto e = call.event(audit::Act::appointment_booked, "appointment", a.id.bytes(), a.client);
  e.actor = in.actor;
  if (!a.reason.empty()) e.content = vault::content_hash(a.reason);
  audit::append(tx, e);
  tell_counsellor(tx, call, a, notify::Kind::appointment_made, "booked");
  return http::Touched::of(a.id, kBooked);
}

Task<Appointment> book(Call& call, Booking in) {
  StoredAppointment wanted;
  auto& random = call.services().random;
  wanted.id = random.shuffled_id<AppointmentId>();
  wanted.client = call.data_key().client_ref(in.client);
  wanted.shift = in.shift;
  wanted.walk_in = in.walk_in;
  wanted.urgent = in.urgent;
  std::optional<SealedReason> reason;
  if (in.reason && !in.reason->empty()) {
    const auto& keys = call.services().keys;
    const auto duty = co_await call.read([&](ReadTx& tx) { return vault::room_key(tx, keys, vault::RoomKeyKind::duty); });
    auto unit = vault::make_unit(call.school(), keys, random.shuffled_id<UnitId>());
    auto words = seal_reason(call.school(), duty, unit, *in.reason);
    reason.emplace(SealedReason{std::move(unit), duty, std::move(words)});
  }
  const auto touched = co_await call.act([&](WriteTx& tx) { return book_in(tx, call, in, wanted, reason ? &*reason : nullptr); });
  if (touched.version == kBooked)
    co_return co_await call.read([&](ReadTx& tx) {
      const auto a = appointment(tx, touched.as<AppointmentId>());
      if (!a) throw Refusal(Code::not_found);
      return as_client_sees(tx, *a);
    });

  Problem p;
  p.code = code_of(touched.version);
  const auto free = co_await call.read([&](ReadTx& tx) {
    const auto from = std::max(call.now(), in.starts_at - Span(std::chrono::hours(24)));
    Wish wish{{from, from + Span(std::chrono::hours(24 * 14))}, {}, {}};
    if (in.client == call.who().person) wish.client = wanted.client;  // whoever books for another is not told when that one comes
    return free_slots(tx, call.data_key(), wish, call.now(), kAlternatives);
  });
  p.extra["free"] = contract::write(free);
  throw Refusal(std::move(p));
}

Task<Appointment> book_own(Call& call, BookSlot in) {
  Booking b{call.who().person, in.shift_id, in.starts_at, false, in.urgent, {}, audit::Actor::client(call.who().self)};
  if (in.reason) b.reason = in.reason->str();
  co_return co_await book(call, std::move(b));
}

Task<Appointment> book_on_behalf(Call& call, BookOnBehalf in) {
  const auto known = co_await call.read([&](ReadTx& tx) {
    const auto s = people::find_student(tx, in.student_id);
    return s && s->enrolled;
  });
  if (!known) throw Refusal(Code::invalid_input, "student_id", Code::field_choice);
  Booking b{in.student_id, in.shift_id, in.starts_at, in.walk_in, false, {}, audit::Actor::staff(call.who().person)};
  if (in.reason) b.reason = in.reason->str();
  co_return co_await book(call, std::move(b));
}

/// Moves an appointment on; whoever is the client acts as a pseudonym.
Task<Appointment> change_state(Call& call, AppointmentState to, audit::Act act) {
  const auto id = call.id<AppointmentId>();
  co_await call.act([&](WriteTx& tx) {
    const auto a = appointment(tx, id);
    set_appointment_state(tx, *a, to);
    auto e = call.event(act, "appointment", id.bytes(), a->client);
    if (a->client == call.who().self) e.actor = audit::Actor::client(a->client);
    audit::append(tx, e);
    if (to == AppointmentState::cancelled) {
      tell_counsellor(tx, call, *a, notify::Kind::appointment_gone, "cancelled");
      tell_client(tx, call, *a, notify::Kind::appointment_off, "cancelled");
    }
    return http::Touched::of(id, a->version + 1);
  });
  co_return co_await call.read([&](ReadTx& tx) { return as_client_sees(tx, *appointment(tx, id)); });
}
}  // namespace

http::Locator appointment_locator() {
  return http::Locator([](ReadTx& tx, const Call& call) {
    const auto id = call.id<AppointmentId>();
    const auto a = appointment(tx, id);
    if (!a) return Facts::missing("appointment", id.bytes());
    Facts out{true, {}, "appointment", id.bytes(), a->client};
    if (a->client == call.who().self) out.relations.add(Relation::own);
    if (a->counsellor == call.who().person) out.relations.add(Relation::assigned);
    return out;
  });
}

void add_booking_routes(http::Routes& routes) {
  using enum http::Method;
  routes.add<BookSlot, Appointment>({post, "/api/v1/appointments", "Books a slot for oneself; the reason is sealed for the counsellors on duty.",
                                     Rule::may(kClients), http::no_object(), {},
                                     {Code::slot_taken, Code::slot_gone, Code::slot_past, Code::client_busy, Code::no_duty_key}, "appointment.booked"},
                                    book_own, 201);
  routes.add<BookOnBehalf, Appointment>({post, "/api/v1/appointments/on-behalf", "Books for a student, or takes a walk-in into a free slot.",
                                         Rule::may(kReception), http::no_object(), {},
                                         {Code::slot_taken, Code::slot_gone, Code::slot_past, Code::client_busy}, "appointment.booked"},
                                        book_on_behalf, 201);
  routes.add_read<Appointments>({get, "/api/v1/appointments/mine", "One's own appointments, newest first.", Rule::may(kClients), http::no_object()},
                                [](Call& call, ReadTx& tx) {
                                  const auto stored = appointments_of_client(tx, call.who().self);
                                  const Names names(tx, stored);
                                  Appointments out;
                                  for (const auto& a : stored) out.items.push_back(as_client_sees(names, a));
                                  return out;
                                });
  routes.add<http::Nothing, Appointment>({post, "/api/v1/appointments/{id}/cancel", "Cancels; a child can always cancel.",
                                          Rule::may(kClients, {Relation::own}).or_may({Role::counsellor, Role::trainee}, {Relation::assigned})
                                              .or_may({Role::reception, Role::director, Role::deputy}),
                                          appointment_locator(), {}, {Code::appointment_state}, "appointment.cancelled"},
                                         [](Call& call) -> Task<Appointment> {
                                           co_return co_await change_state(call, AppointmentState::cancelled, audit::Act::appointment_cancelled);
                                         });
  const auto reception = [] {
    return Rule::may({Role::counsellor, Role::trainee}, {Relation::assigned}).or_may({Role::reception, Role::director, Role::deputy});
  };
  routes.add<http::Nothing, Appointment>({post, "/api/v1/appointments/{id}/arrive", "The client is here.", reception(), appointment_locator(), {},
                                          {Code::appointment_state}, "appointment.arrived"},
                                         [](Call& call) -> Task<Appointment> {
                                           co_return co_await change_state(call, AppointmentState::came, audit::Act::appointment_arrived);
                                         });
  routes.add<http::Nothing, Appointment>({post, "/api/v1/appointments/{id}/no-show", "The client did not come.", reception(), appointment_locator(), {},
                                          {Code::appointment_state}, "appointment.no_show"},
                                         [](Call& call) -> Task<Appointment> {
                                           co_return co_await change_state(call, AppointmentState::no_show, audit::Act::appointment_no_show);
                                         });
}
}  // namespace xinyi::schedule
