// Within identity: the rows of `accounts`, and why they are believed. Every row carries an authenticator under the school's
// data key over all of its columns; one that does not verify counts as no account. All SQL that reads or writes such rows
// is here, so that no statement can change a row past its authenticator, and none can renew that of a forged one.
#pragma once
#include "identity/accounts.hpp"

namespace xinyi::identity {

struct AccountRow {
  Account account;
  Bytes totp;  // protected; empty until an authenticator was set up
  TotpUse totp_use;
  Bytes start_verifier;  // empty when no start secret is out
  Instant start_expires_at;
  Instant created_at;
};

/// Nothing when there is no such row, or it is not to be believed (which is said in the operator's log).
std::optional<AccountRow> row_of(storage::ReadTx& tx, const vault::DataKey& key, const PersonId& person);
std::optional<AccountRow> row_named(storage::ReadTx& tx, const vault::DataKey& key, std::string_view username);
/// Whether there is a row at all, believed or not.
bool has_row(storage::ReadTx& tx, const PersonId& person);

/// ConstraintError when person or account name are taken.
void insert_row(storage::WriteTx& tx, const vault::DataKey& key, const AccountRow& row);
/// Stores what row_of gave, changed. ConstraintError when the account name is taken.
void update_row(storage::WriteTx& tx, const vault::DataKey& key, const AccountRow& row);

/// A live session as its row says it, with the account behind it.
struct SessionRow {
  Fixed<16> lookup{}, owner{};
  bool totp_done = false;
  Instant idle_ends_at, ends_at;
};
Fixed<16> session_mac(const vault::DataKey& key, const SessionRow& session);
/// Nothing when it is not there or not to be believed. `sealed`, when asked for, receives what only the cookie opens.
std::optional<SessionRow> session_of(storage::ReadTx& tx, const vault::DataKey& key, const Fixed<16>& lookup,
                                     Bytes* sealed = nullptr);

}  // namespace xinyi::identity
