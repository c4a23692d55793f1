// Reasons in free text for audit events: sealed, with a salted hash in the leaf.
#pragma once
#include "audit/event.hpp"
#include "vault/grants.hpp"

namespace xinyi::vault {

using audit::Why;

/// For readers of the case. Hash = SHA-256(16 random bytes | text); those bytes and the text are sealed under the case key.
Why seal_why(const CaseKey& key, const SchoolId& school, const CaseId& case_id, std::string_view text);
/// For acts that belong to no case: sealed to the room key.
Why seal_why_to_room(const RoomKey& room, std::string_view text);
/// Refusal(content_damaged) when it does not open or is not the text of the hash.
crypto::SecretBytes open_why(const CaseKey& key, const SchoolId& school, const CaseId& case_id, const Why& why);
crypto::SecretBytes open_why_by_room(const crypto::Pair& room, const Why& why);

}  // namespace xinyi::vault
