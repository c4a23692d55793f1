// People's keys: public halves and their certificates, the wrapped secret, the opened key of one request.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "crypto/crypto.hpp"
#include "kernel/id.hpp"
#include "storage/database.hpp"
#include "vault/server_keys.hpp"

namespace xinyi::vault {

/// A person's opened key during one request. Lives no longer.
struct Unlocked {
  PersonId person;
  crypto::PersonSecret secret;
  crypto::Pair pair;
};
Unlocked unlock(const PersonId& person, crypto::PersonSecret&& secret);

struct PersonKey {
  enum class State { pending, certified, retired };
  PersonId person;
  int generation = 1;  // from 1
  crypto::BoxPublic box_public;
  crypto::SignPublic sign_public;
  State state = State::pending;
  std::string roles;  // role names, sorted, joined by ","
  std::optional<crypto::Signature> certificate;
  std::optional<PersonId> certified_by;
  std::optional<Instant> certified_at;
};

// -- certificates (pure)
/// "xinyi cert v1" | person 16 | box_public 32 | sign_public 32 | roles. What the room's signing half signs.
Bytes certificate_message(const PersonId& person, const crypto::BoxPublic& box, const crypto::SignPublic& sign,
                          std::string_view roles);
crypto::Signature certify(const crypto::Pair& room, const PersonKey& key);
/// True when the key is in state `certified` and the certificate is the room's. `retired_too` accepts retired keys:
/// what they signed in their time stays good.
bool verify_certificate(const crypto::SignPublic& room, const PersonKey& key, bool retired_too = false);
/// Eight characters to compare face to face: base32 of SHA-256 over both public halves, "ABCD-EFGH".
std::string short_code(const crypto::BoxPublic& box, const crypto::SignPublic& sign);

// -- certificates (store)
/// Adds a pending key and retires the person's earlier ones. The generation is given here and returned.
int add_person_key(storage::WriteTx& tx, const PersonId& person, const crypto::BoxPublic& box,
                   const crypto::SignPublic& sign, std::string_view roles);
/// Stores the certificate of the newest pending key, with the roles under it. Refusal(not_allowed) when the signature is
/// not the pinned room key's.
void certify_person_key(storage::WriteTx& tx, const ServerKeys& keys, const PersonId& person, std::string_view roles,
                        const crypto::Signature& certificate, const PersonId& by, Instant now);
/// Disabled, left, lost a role: from now on nothing opens for this key.
void retire_person_keys(storage::WriteTx& tx, const PersonId& person);
/// The newest key whatever its state.
std::optional<PersonKey> newest_person_key(storage::ReadTx& tx, const PersonId& person);
/// The certified key, its certificate checked against the pinned room key; nothing otherwise.
std::optional<PersonKey> certified_key(storage::ReadTx& tx, const ServerKeys& keys, const PersonId& person);
/// All keys that the person ever had with a good certificate, newest first: to check old signatures.
std::vector<PersonKey> certified_history(storage::ReadTx& tx, const ServerKeys& keys, const PersonId& person);

// -- wrapped secrets (pure)
/// Wraps a person's secret under a key derived for `purpose` ("password" or "session"); bound to school and person.
Bytes wrap_secret(const crypto::Key& key, const SchoolId& school, const PersonId& person, std::string_view purpose,
                  const crypto::PersonSecret& secret);
std::optional<crypto::PersonSecret> unwrap_secret(const crypto::Key& key, const SchoolId& school,
                                                  const PersonId& person, std::string_view purpose, View wrapped);

// -- wrapped secrets (store)
struct StoredSecret {
  int generation = 1;
  Bytes wrapped;
  Fixed<16> salt{};
  crypto::PasswordCost cost;
};
/// Replaces an earlier one.
void save_person_secret(storage::WriteTx& tx, const PersonId& person, const StoredSecret& secret);
std::optional<StoredSecret> person_secret(storage::ReadTx& tx, const PersonId& person);
/// At a reset: what was sealed to the person stays closed to them.
void forget_person_secret(storage::WriteTx& tx, const PersonId& person);

}  // namespace xinyi::vault
