// Within the staff room: the picture of oneself, and events about oneself.
#pragma once
#include "features/staff/staff.hpp"

namespace xinyi::staff {
SchoolFacts facts_of(const identity::School& school);
/// Of the signed-in caller, as things stand now.
Task<Me> me_now(http::Call& call);
/// Right after a session was opened in this request.
Task<Me> me_of(http::Call& call, const identity::Token& token);

/// Clients appear by pseudonym, staff by their id.
audit::Actor actor_of(const vault::DataKey& key, const PersonId& person, identity::Roles roles);
audit::Event session_event(const vault::DataKey& key, const identity::Account& account, audit::Act act, Instant now);
audit::Event own_event(const http::Call& call, audit::Act act);
}  // namespace xinyi::staff
