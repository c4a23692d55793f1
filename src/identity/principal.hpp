// Who is asking: the resolved session of one request.
#pragma once
#include <boost/describe.hpp>
#include <memory>
#include <string>

#include "kernel/id.hpp"
#include "kernel/time.hpp"
#include "vault/vault.hpp"

namespace xinyi::identity {

/// Roles of the room (several may meet in one person; see `roles_conflict`).
enum class Role {
  student, guardian, teacher, homeroom_teacher, counsellor, trainee, director, deputy, archivist,
  crisis_team, committee, principal, reception, bureau, administrator
};
BOOST_DESCRIBE_ENUM(Role, student, guardian, teacher, homeroom_teacher, counsellor, trainee, director, deputy, archivist,
                    crisis_team, committee, principal, reception, bureau, administrator)

class Roles {
 public:
  constexpr Roles() = default;
  constexpr Roles(std::initializer_list<Role> list) {
    for (auto r : list) bits_ |= 1u << static_cast<unsigned>(r);
  }
  constexpr bool has(Role r) const { return (bits_ >> static_cast<unsigned>(r) & 1u) != 0; }
  constexpr bool any(Roles other) const { return (bits_ & other.bits_) != 0; }
  constexpr void add(Role r) { bits_ |= 1u << static_cast<unsigned>(r); }
  constexpr bool empty() const { return bits_ == 0; }
  constexpr bool operator==(const Roles&) const = default;

 private:
  unsigned bits_ = 0;
};
std::vector<Role> list_of(Roles roles);
/// Stored form: names joined by commas, in the order of the enumeration; also what a certificate signs.
std::string to_text(Roles roles);
Roles roles_from_text(std::string_view text);

/// People who work in or for the school: they sign in with a second factor.
constexpr Roles kStaff = {Role::teacher, Role::homeroom_teacher, Role::counsellor, Role::trainee, Role::director, Role::deputy,
                          Role::archivist, Role::crisis_team, Role::committee, Role::principal, Role::reception, Role::bureau,
                          Role::administrator};
/// Those who may come to read sealed content and therefore have a certified key pair.
constexpr Roles kKeyHolders = {Role::counsellor, Role::trainee, Role::director, Role::deputy, Role::crisis_team, Role::committee};

/// What a signed-in person still has to do before the work is open to them.
enum class Need { totp, certification, pledge };
BOOST_DESCRIBE_ENUM(Need, totp, certification, pledge)

struct Principal {
  SchoolId school;
  PersonId person;
  std::string name;
  std::string username;
  Roles roles;
  ClientRef self;             // the person's own pseudonym inside the room's work
  Fixed<16> session{};        // look-up id of the session
  std::vector<Need> needs;
  Instant idle_ends_at, ends_at;
  std::int64_t role_stamp = 0;  // of the account when the session was resolved
  bool has_totp = false;
  /// The person's secret, for as long as this request lives; empty for people without one.
  std::shared_ptr<const crypto::PersonSecret> secret;

  bool needs_now(Need n) const { return std::find(needs.begin(), needs.end(), n) != needs.end(); }
  bool staff() const { return roles.any(kStaff); }
};

}  // namespace xinyi::identity
