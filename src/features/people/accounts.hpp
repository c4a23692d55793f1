// From roster to account: who is on the roster may be given one.
#pragma once
#include "features/people/people.hpp"
#include "vault/data_key.hpp"

namespace xinyi::people {

/// For ImportOptions::accounts: keeps the accounts of students in step with the roster (made, renamed, shut when they
/// leave, opened when they return). The account name is the source's wish, else the student number. Guardians and staff
/// are invited by a person, not by an import. `key` outlives what is returned.
std::function<void(storage::WriteTx&, const std::vector<AccountWish>&)> client_accounts(const vault::DataKey& key,
                                                                                        Instant now);

}  // namespace xinyi::people
