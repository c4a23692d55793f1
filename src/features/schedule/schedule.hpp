// The schedule's door.
#pragma once
#include "features/schedule/clients.hpp"
#include "features/schedule/store.hpp"
#include "http/contract.hpp"

namespace xinyi::schedule {

void add_calendar_routes(http::Routes& routes);
void add_booking_routes(http::Routes& routes);
inline void add_routes(http::Routes& routes) {
  add_calendar_routes(routes);
  add_booking_routes(routes);
}

/// Facts of the appointment named {id}: own for its client, assigned for its counsellor.
http::Locator appointment_locator();

}  // namespace xinyi::schedule
