// From what a file says to what is to be done. Pure.
#pragma once
#include <functional>

#include "features/people/model.hpp"

namespace xinyi::people {

/// Makes 16 fresh bytes for a new person or class.
using NewId = std::function<Fixed<16>()>;

/// Persons are matched by sourcedId, else by student number, never by name alone; guardians without identifiers within the
/// same student by name, and across students by name and phone together. A name or number that belongs to somebody else
/// refuses the row that wants it: whoever has it keeps it, among newcomers the first. Promotion is: the next grade in a
/// class of a later school year. Who is missing from a complete file, or deleted in it, leaves; people whom the school's
/// systems never named (no sourcedId) are not touched by a OneRoster file. A plan over its own result is empty.
Plan make_plan(const Facts& facts, const Present& present, const NewId& new_id, Findings& findings);

}  // namespace xinyi::people
