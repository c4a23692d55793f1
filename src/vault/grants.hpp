// Case keys and grants. A grant is the case key sealed to one reader, signed by its giver: approval is the key.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "kernel/random.hpp"
#include "vault/room_keys.hpp"

namespace xinyi::vault {

/// A case's key, opened.
struct CaseKey {
  crypto::Key key;
};
CaseKey make_case_key();

struct Grant {
  enum class Holder { person, room, crisis };
  GrantId id;
  CaseId case_id;
  Holder holder_kind = Holder::person;
  PersonId holder;     // nil for the room and crisis keys
  int generation = 1;  // of the holder's key
  Bytes sealed;
  PersonId giver;
  crypto::Signature signature;
  std::string reason;  // code, e.g. "responsible", "supervision", "break_glass"
  Instant starts_at;
  std::optional<Instant> ends_at;  // exclusive
  std::optional<Instant> ended_at;
};
/// "xinyi grant v1" | school | grant id | case | holder kind u8 | holder | generation u32 | giver | SHA-256(sealed)
/// | starts i64 | ends u8 [i64] | reason u8+text
Bytes grant_message(const SchoolId& school, const Grant& grant);

/// To whom a grant is made out: a certified person, or the room or crisis key.
struct GrantTo {
  Grant::Holder kind = Grant::Holder::person;
  PersonId person;  // nil unless kind is person
  int generation = 1;
  crypto::BoxPublic box_public;
};
GrantTo to_person(const PersonKey& key);
/// Room or crisis; the duty key gets no case keys (a Bug).
GrantTo to_room(const RoomKey& key);

/// Seals and signs; no I/O.
Grant make_grant(const SchoolId& school, const CaseId& case_id, const CaseKey& key, const GrantTo& to,
                 const Unlocked& giver, std::string reason, Instant starts, std::optional<Instant> ends,
                 Random& random);
/// The three that a new case begins with: responsible counsellor, room key, crisis key.
std::vector<Grant> opening_grants(const SchoolId& school, const CaseId& case_id, const CaseKey& key,
                                  const PersonKey& counsellor, const RoomKey& room, const RoomKey& crisis,
                                  const Unlocked& giver, Instant now, Random& random);
void insert_grant(storage::WriteTx& tx, const Grant& grant);
void insert_grants(storage::WriteTx& tx, const std::vector<Grant>& grants);

std::vector<Grant> grants_of(storage::ReadTx& tx, const CaseId& case_id);
/// Has this person a live grant of the case now? A cheap question for lists; opening checks much more.
bool has_live_grant(storage::ReadTx& tx, const CaseId& case_id, const PersonId& person, Instant now);
/// Cases with a live grant of this person.
std::vector<CaseId> granted_cases(storage::ReadTx& tx, const PersonId& person, Instant now);

/// Access ends now. False when it had ended already or does not exist.
bool end_grant(storage::WriteTx& tx, const GrantId& id, Instant now);
/// All live grants of a person in one case, or in all cases. Returns how many.
std::int64_t end_grants_in_case(storage::WriteTx& tx, const CaseId& case_id, const PersonId& person, Instant now);
std::int64_t end_grants_of(storage::WriteTx& tx, const PersonId& person, Instant now);

/// The case key by the person's own grant, inside the transaction that also writes the event. Checked: the person's
/// certificate, start, end and revocation, the giver's signature and certificate. Refusal(not_found) when there is no live
/// grant ("not found" and "not yours" are one answer); Refusal(content_damaged) when one exists but a check fails.
CaseKey case_key_for(storage::ReadTx& tx, const ServerKeys& keys, const CaseId& case_id, const Unlocked& reader,
                     Instant now);
/// By the room key that the person holds. Use of the room key is an act with a reason: the caller writes it.
CaseKey case_key_by_room(storage::ReadTx& tx, const ServerKeys& keys, const CaseId& case_id, const Unlocked& reader,
                         Instant now);
/// By the crisis key (break-glass): the caller turns it into a personal grant with an end, in the same transaction.
CaseKey case_key_by_crisis(storage::ReadTx& tx, const ServerKeys& keys, const CaseId& case_id, const Unlocked& reader,
                           Instant now);

}  // namespace xinyi::vault
