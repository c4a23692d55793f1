// Sealed content: unit secrets, content keys, associated data, and what waits for a reader.
#pragma once
#include <cstdint>
#include <string>

#include "vault/grants.hpp"

namespace xinyi::vault {

/// 32 random bytes per erasable unit (a record with its amendments, a letter thread …). Destroying it destroys the content.
struct UnitSecret {
  crypto::Key key;
};
/// HKDF(case key, salt = unit secret, "xinyi content v1").
struct ContentKey {
  crypto::Key key;
};
ContentKey content_key(const CaseKey& case_key, const UnitSecret& unit);

/// Made before the transaction that stores it: random, wrapped by the epoch key with school and unit as associated data.
struct FreshUnit {
  UnitId id;
  UnitSecret secret;
  Bytes wrapped;
};
FreshUnit make_unit(const SchoolId& school, const ServerKeys& keys, const UnitId& unit);
/// ConstraintError when the unit has a secret already.
void insert_unit(storage::WriteTx& tx, const FreshUnit& unit);
/// Both at once.
UnitSecret new_unit(storage::WriteTx& tx, const ServerKeys& keys, const UnitId& unit);
/// Refusal(not_found) when it was destroyed or never was; Refusal(content_damaged) when it does not unwrap.
UnitSecret load_unit(storage::ReadTx& tx, const ServerKeys& keys, const UnitId& unit);
/// Deletes the unit secret (the first half of erasure).
void destroy_unit(storage::WriteTx& tx, const UnitId& unit);

/// Where a sealed value stands: immutable ids only. A ciphertext opens at its own place and nowhere else.
struct Place {
  SchoolId school;
  CaseId case_id;  // nil while nobody's case owns it
  UnitId unit;
  std::string field;         // name of the sealed column or field, at most 255 bytes
  std::int64_t version = 0;  // of the value
};
/// "xinyi place v1" | school | case | unit | version u64 | field u8+text
Bytes associated_data(const Place& place);

Bytes seal_content(const ContentKey& key, const Place& place, View plain);
/// Refusal(content_damaged) when bytes, key or place are not those of the sealing.
crypto::SecretBytes open_content(const ContentKey& key, const Place& place, View sealed);
/// For the audit event of the writing (Event::content).
crypto::Hash content_hash(View sealed);

/// For what waits for a reader: a random key sealed to the duty (or crisis) public half, the content under
/// HKDF(random key, unit secret).   0x01 | sealed key 80 | sealed content
Bytes seal_waiting(const crypto::BoxPublic& duty, const UnitSecret& unit, const Place& place, View plain);
/// Refusal(content_damaged) as above.
crypto::SecretBytes open_waiting(const crypto::Pair& duty, const UnitSecret& unit, const Place& place, View sealed);
/// By whichever generation of the duty key the person holds: what waited while the key was renewed stays readable.
/// Refusal(not_found) when they hold none; else as above.
crypto::SecretBytes open_waiting_as(storage::ReadTx& tx, const ServerKeys& keys, const Unlocked& holder,
                                    const UnitSecret& unit, const Place& place, View sealed);

}  // namespace xinyi::vault
