// The school's data key: pseudonyms and *protected* columns.
#pragma once
#include <optional>
#include <string_view>

#include "crypto/crypto.hpp"
#include "kernel/id.hpp"
#include "storage/database.hpp"
#include "vault/server_keys.hpp"

namespace xinyi::vault {

class DataKey {
 public:
  DataKey(const SchoolId& school, crypto::Key&& key);
  const SchoolId& school() const { return school_; }

  /// The only form in which a client appears in the room's work: first 16 bytes of
  /// HMAC-SHA256(HKDF(data key, "link"), "client" | school | person).
  ClientRef client_ref(const PersonId& person) const;
  /// A pseudonym for another purpose; different labels never meet. `label`: at most 255 bytes.
  Fixed<16> keyed(std::string_view label, View value) const;

  /// Authenticator of a row in which the program believes: whoever can only write to the database makes none. `row` is the
  /// one unambiguous encoding that its table has; `table` is at most 255 bytes.
  Fixed<16> authenticate(std::string_view table, View row) const;

  /// For *protected* columns. The ciphertext opens only in the same school, column and row.
  Bytes protect(View plain, std::string_view column, View row) const;
  Bytes protect(std::string_view plain, std::string_view column, View row) const {
    return protect(view(plain), column, row);
  }
  /// Refusal(content_damaged) when it does not open.
  crypto::SecretBytes reveal(View sealed, std::string_view column, View row) const;

 private:
  friend void seal_data_key_for_recovery(storage::WriteTx&, const DataKey&, const RoomKey&);
  friend void rewrap_data_key(storage::WriteTx&, const ServerKeys&, const DataKey&);
  SchoolId school_;
  crypto::GuardedKey key_, link_, column_, row_;
};

/// Makes the school's data key (at `init`), of a school whose rows are authenticated from the first one on. ConstraintError when there is one.
DataKey create_data_key(storage::WriteTx& tx, const ServerKeys& keys);
/// Nothing when the school has none yet; Refusal(internal) when the machine key does not open it.
std::optional<DataKey> load_data_key(storage::ReadTx& tx, const ServerKeys& keys);
/// Keeps a copy that only the room key opens, for a machine that lost its machine key.
void seal_data_key_for_recovery(storage::WriteTx& tx, const DataKey& key, const RoomKey& room);
/// Opens that copy; nothing when there is none or it does not open.
std::optional<DataKey> recover_data_key(storage::ReadTx& tx, const crypto::Pair& room);
/// Whether every row that needs an authenticator has got one. The wrapping itself says so, in what it authenticates: a
/// writer of the database can neither change the answer nor take it away without losing the key. Nothing when the school
/// has no key, or the machine key does not open it.
std::optional<bool> rows_authenticated(storage::ReadTx& tx, const ServerKeys& keys);
/// Wraps it by this machine's key (after recovery, and when the rows have got their authenticators): from then on
/// `rows_authenticated`.
void rewrap_data_key(storage::WriteTx& tx, const ServerKeys& keys, const DataKey& key);

}  // namespace xinyi::vault
