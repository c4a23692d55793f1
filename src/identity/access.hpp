// The one access decision (D7): role + relation to the object + state. Pages, lists, search, exports and counts all
// ask here; there is no second place that says yes.
#pragma once
#include "identity/principal.hpp"

namespace xinyi::identity {

/// How a person stands to an object. A locator finds these facts; `decide` judges them.
enum class Relation { own, assigned, granted, room_key, homeroom };
BOOST_DESCRIBE_ENUM(Relation, own, assigned, granted, room_key, homeroom)

class Relations {
 public:
  constexpr Relations() = default;
  constexpr Relations(std::initializer_list<Relation> list) {
    for (auto r : list) bits_ |= 1u << static_cast<unsigned>(r);
  }
  constexpr void add(Relation r) { bits_ |= 1u << static_cast<unsigned>(r); }
  constexpr bool has(Relation r) const { return (bits_ >> static_cast<unsigned>(r) & 1u) != 0; }
  constexpr bool any(Relations o) const { return (bits_ & o.bits_) != 0; }
  constexpr bool empty() const { return bits_ == 0; }

 private:
  unsigned bits_ = 0;
};

/// What is known about the object of a request, found inside its transaction.
struct Facts {
  bool exists = true;
  Relations relations;
  std::string_view kind;               // for the audit event of a refusal
  Fixed<16> id{};
  std::optional<ClientRef> about;      // whose file it is
  static Facts none() { return {}; }   // routes without an object
  static Facts missing(std::string_view kind, const Fixed<16>& id) { return {false, {}, kind, id, {}}; }
};

/// "These roles, standing to the object in one of these relations (empty: any object of the school)."
struct Clause {
  Roles roles;
  Relations relations;
};

/// What a route demands. Made only by the functions below: a route cannot leave it out.
class Rule {
 public:
  /// Anybody, without signing in. The list of such routes is closed (lint).
  static Rule anonymous() { return Rule(Kind::anonymous); }
  /// Only while the school is being set up.
  static Rule set_up() { return Rule(Kind::set_up); }
  /// Any signed-in person, also one who still has something to do first (second factor, pledge …).
  static Rule signed_in() { return Rule(Kind::signed_in); }
  static Rule may(Roles roles, Relations relations = {}) {
    Rule r(Kind::clauses);
    r.clauses_.push_back({roles, relations});
    return r;
  }
  Rule or_may(Roles roles, Relations relations = {}) && {
    clauses_.push_back({roles, relations});
    return std::move(*this);
  }
  /// Touches counselling content: pledge acknowledged (ETH-1), key certified and open.
  Rule with_content() && {
    content_ = true;
    return std::move(*this);
  }

  /// Shows who comes to the room: the same steps must be behind one as for content, but reading it is no opening.
  Rule with_clients() && {
    clients_ = true;
    return std::move(*this);
  }

  enum class Kind { anonymous, set_up, signed_in, clauses };
  Kind kind() const { return kind_; }
  bool content() const { return content_; }
  bool clients() const { return clients_; }
  const std::vector<Clause>& clauses() const { return clauses_; }

 private:
  explicit Rule(Kind kind) : kind_(kind) {}
  Kind kind_;
  bool content_ = false, clients_ = false;
  std::vector<Clause> clauses_;
};

struct Decision {
  bool allowed = false;
  Code why = Code::not_found;  // when refused: sign_in_needed, totp_setup_needed, …, not_allowed (role), not_found (object)
  Relations by;                // the relations that opened it
};
/// Pure. `principal` is null for somebody not signed in. A role that no clause names gets not_allowed whatever the
/// object; a wrong relation and an object that does not exist get the same not_found.
Decision decide(const Principal* principal, const Rule& rule, const Facts& facts);

}  // namespace xinyi::identity
