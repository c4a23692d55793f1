#include "identity/access.hpp"

namespace xinyi::identity {
namespace {
Decision no(Code why) { return {false, why, {}}; }

/// Steps a person still owes, in the order in which they are asked for.
std::optional<Code> owed(const Principal& who, const Rule& rule) {
  if (rule.kind() == Rule::Kind::signed_in) return std::nullopt;
  if (who.needs_now(Need::totp)) return Code::totp_setup_needed;
  if (!rule.content() && !rule.clients()) return std::nullopt;
  if (who.needs_now(Need::certification)) return Code::certification_needed;
  if (who.needs_now(Need::pledge)) return Code::pledge_needed;
  if (who.roles.any(kKeyHolders) && !who.secret) return Code::key_locked;
  return std::nullopt;
}
}  // namespace

Decision decide(const Principal* principal, const Rule& rule, const Facts& facts) {
  if (rule.kind() == Rule::Kind::anonymous || rule.kind() == Rule::Kind::set_up) return {true, {}, {}};
  if (principal == nullptr) return no(Code::sign_in_needed);
  if (rule.kind() == Rule::Kind::signed_in) return {true, {}, facts.relations};

  // A route that touches content is closed to the technical administrator whatever other role says.
  if (rule.content() && principal->roles.has(Role::administrator)) return no(Code::not_allowed);
  bool role_fits = false;
  for (const auto& clause : rule.clauses()) role_fits = role_fits || principal->roles.any(clause.roles);
  if (!role_fits) return no(Code::not_allowed);
  if (const auto code = owed(*principal, rule)) return no(*code);

  if (!facts.exists) return no(Code::not_found);
  for (const auto& clause : rule.clauses())
    if (principal->roles.any(clause.roles) && (clause.relations.empty() || facts.relations.any(clause.relations)))
      return {true, {}, facts.relations};
  return no(Code::not_found);
}
}  // namespace xinyi::identity
