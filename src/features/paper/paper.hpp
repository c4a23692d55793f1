// The paper room's door: blank forms, the duty sheet of a day, the shifts of a week.
// Filled records are not printed here: sealed content goes on paper only under an approval of its own.
#pragma once
#include "http/contract.hpp"

namespace xinyi::paper {

/// With one thread of its own that prints, so that no event loop waits for a page.
void add_routes(http::Routes& routes);

}  // namespace xinyi::paper
