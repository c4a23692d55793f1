// Room, duty and crisis keys: who holds them and how they are handed on.
#pragma once
#include <optional>
#include <vector>

#include "vault/people.hpp"

namespace xinyi::vault {

/// A key's seed sealed to one person, signed by who gave it.
struct RoomKeyWrapping {
  RoomKeyKind kind = RoomKeyKind::room;
  int generation = 1;
  PersonId holder;
  Bytes sealed;
  PersonId giver;
  crypto::Signature signature;
};
/// "xinyi wrap v1" | school | kind u8 | generation u32 | holder | giver | SHA-256(sealed)
Bytes wrapping_message(const SchoolId& school, const RoomKeyWrapping& wrapping);

/// Stores the public halves. Refusal(not_allowed) unless they are pinned (ServerKeys::pin comes first).
void store_room_key(storage::WriteTx& tx, const ServerKeys& keys, const RoomKey& key);
/// The newest generation, its row equal to a pin or vouched for by the pinned room key. Refusal(no_duty_key) for duty, Refusal(setup_needed) for the others.
RoomKey room_key(storage::ReadTx& tx, const ServerKeys& keys, RoomKeyKind kind);
std::optional<RoomKey> room_key_of(storage::ReadTx& tx, const ServerKeys& keys, RoomKeyKind kind, int generation);

/// "xinyi room key v1" | school | kind u8 | generation u32 | box_public. What the room's signing half signs of a duty or
/// crisis key that was made after set-up.
Bytes renewal_message(const SchoolId& school, const RoomKey& key);
/// Replaces the duty or crisis key, as when somebody who held it has left: a new generation from `seed`, vouched for by
/// the room key that `from` holds, and handed to everybody who holds the present one with a certified key. What waits
/// under earlier generations stays readable for those who hold them. Returns the new generation.
/// Refusal(not_found) when `from` does not hold the room key. The room key itself changes only with new cards: a Bug.
int renew_room_key(storage::WriteTx& tx, const ServerKeys& keys, RoomKeyKind kind, const crypto::Seed& seed,
                   const Unlocked& from);

/// Signs what was sealed elsewhere (the director's browser at set-up).
RoomKeyWrapping sign_wrapping(const SchoolId& school, const RoomKey& key, const PersonId& holder, Bytes sealed,
                              const Unlocked& giver);
void store_wrapping(storage::WriteTx& tx, const RoomKeyWrapping& wrapping);

/// Opens the key for its holder. Checked: the holder's certificate and that the secret is the certified one's, the
/// giver's signature and certificate, and that the seed gives the pinned public halves.
/// Refusal(not_found) when the person holds none; Refusal(certification_needed) when their key is not the certified one;
/// Refusal(content_damaged) when another check fails.
crypto::Pair open_room_key(storage::ReadTx& tx, const ServerKeys& keys, RoomKeyKind kind, const Unlocked& holder,
                           std::optional<int> generation = std::nullopt);
/// The generations that a person holds, newest first.
std::vector<int> generations_held(storage::ReadTx& tx, RoomKeyKind kind, const PersonId& holder);
bool holds_room_key(storage::ReadTx& tx, RoomKeyKind kind, const PersonId& person);
std::vector<PersonId> holders_of(storage::ReadTx& tx, RoomKeyKind kind);

/// Hands every generation of the key that `from` holds to another person with a certified key. Returns how many.
/// Refusal(not_allowed) when the other is not certified; Refusal(not_found) when `from` holds none; else as open_room_key.
int wrap_room_key_for(storage::WriteTx& tx, const ServerKeys& keys, RoomKeyKind kind, const Unlocked& from,
                      const PersonId& to);
/// Takes the copies away. Refusal(last_director) when it would leave the room or crisis key without a holder.
void withdraw_room_key(storage::WriteTx& tx, RoomKeyKind kind, const PersonId& holder);

}  // namespace xinyi::vault
