// What can be said in the log: who did what to which object, about whom, with which outcome, and why.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/hash.hpp"
#include "kernel/id.hpp"
#include "kernel/time.hpp"

namespace xinyi::audit {

enum class Act {
#define ACT(id, code, kind, zh, en) id,
#include "audit/acts.def"
#undef ACT
};
enum class ActKind { look, change };
struct ActEntry {
  Act act;
  std::string_view code;  // public, stable: "record.opened"
  ActKind kind;
  std::string_view zh, en;
};
const ActEntry& catalogue(Act act);
std::vector<ActEntry> act_catalogue();
std::optional<Act> act_from_code(std::string_view code);

struct Actor {
  enum class Kind { staff, client, system, operator_, anonymous };
  Kind kind = Kind::system;
  Fixed<16> id{};  // person id of staff, client_ref of clients, zero otherwise
  /// Anybody who is not a student or guardian, by their person id.
  static Actor staff(PersonId p) { return {Kind::staff, p.bytes()}; }
  static Actor client(ClientRef c) { return {Kind::client, c.bytes()}; }
  /// The program itself (jobs, the sealer).
  static Actor system() { return {Kind::system, {}}; }
  /// Commands at the server's console.
  static Actor operator_() { return {Kind::operator_, {}}; }
  static Actor anonymous() { return {Kind::anonymous, {}}; }
  bool operator==(const Actor&) const = default;
};
std::string_view to_text(Actor::Kind kind);  // "staff", "client", "system", "operator", "anonymous"

/// The thing acted upon. A person who may be a client is never an object by person id: use the client_ref.
struct Object {
  std::string kind;  // 1..32 of a-z and _, e.g. "record"
  Fixed<16> id{};    // zero when there is none
  template <class Tag>
  static Object of(std::string kind, const Id<Tag>& id) {
    return {std::move(kind), id.bytes()};
  }
  /// Something of which the school has only one ("log", "roster").
  static Object the(std::string kind) { return {std::move(kind), {}}; }
  bool operator==(const Object&) const = default;
};

enum class Outcome { done, refused };

/// A reason in free text. The leaf holds only the hash of a 16-byte salt and the text; salt and text are sealed
/// (vault/why.hpp), so that the text can be erased while the tree stays whole.
struct Why {
  crypto::Hash salted_hash{};
  Bytes sealed;
  bool operator==(const Why&) const = default;
};

struct Event {
  Actor actor;
  Act act{};
  Object object;
  std::optional<ClientRef> about{};  // whose file it is
  Outcome outcome = Outcome::done;
  std::optional<Why> why{};
  std::optional<crypto::Hash> content{};  // hash of the ciphertext written
  Instant at{};
};

}  // namespace xinyi::audit
