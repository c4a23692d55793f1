// The case room's door.
#pragma once
#include "features/cases/store.hpp"
#include "features/schedule/schedule.hpp"
#include "http/contract.hpp"

namespace xinyi::cases {

void add_case_routes(http::Routes& routes);
void add_record_routes(http::Routes& routes);
void add_day_routes(http::Routes& routes);
void add_card_routes(http::Routes& routes);
inline void add_routes(http::Routes& routes) {
  add_case_routes(routes);
  add_record_routes(routes);
  add_day_routes(routes);
  add_card_routes(routes);
}

}  // namespace xinyi::cases
