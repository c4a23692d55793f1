// Who comes to the room. Everywhere in the room's work a client is a pseudonym; this is the one way back, under the
// school's data key, for those whom the access rule lets see a name (SVC-3).
#pragma once
#include <map>

#include "features/people/people.hpp"
#include "storage/database.hpp"
#include "vault/vault.hpp"

namespace xinyi::schedule {

/// Makes the person known as a client and returns the pseudonym.
ClientRef become_client(storage::WriteTx& tx, const vault::DataKey& key, const PersonId& person);
/// Nothing for a pseudonym that never was a client.
std::optional<PersonId> person_of(storage::ReadTx& tx, const vault::DataKey& key, const ClientRef& ref);

struct ClientFacts {
  PersonId person;
  std::string name;
  std::string class_name;
};
/// Name and class for display; an account's name when the person is not on the roster (staff are clients too, CARE-17). A
/// pseudonym that never was a client's stands for nobody.
std::map<ClientRef, ClientFacts> client_facts(storage::ReadTx& tx, const vault::DataKey& key, const std::vector<ClientRef>& refs);
ClientFacts client_facts(storage::ReadTx& tx, const vault::DataKey& key, const ClientRef& ref);

}  // namespace xinyi::schedule
