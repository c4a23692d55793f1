// Within the staff room: a name and a password become a session.
#pragma once
#include "features/staff/staff.hpp"
#include "identity/sessions.hpp"

namespace xinyi::staff {

struct Entered {
  identity::Token token;
  identity::Account account;
  std::optional<crypto::PersonSecret> secret;  // of those who have one
};
/// Opens the session, leaves its event, counts failures. An account that `admits` turns away is told from one that is not
/// there by nothing. Refusal(sign_in_failed / totp_needed / totp_wrong / slow_down).
Task<Entered> enter(http::Call& call, std::string username, std::string password, std::optional<Text<6, 6>> totp,
                    bool (*admits)(const identity::Account&));

/// The event of a refused try: by an unknown person, about an account only as a pseudonym.
audit::Event refused_try(const http::Call& call, std::string_view username);
/// Refusal(slow_down) with the time to wait.
[[noreturn]] void refuse_for(std::int64_t seconds);

}  // namespace xinyi::staff
