#include "vault/data_key.hpp"

#include <algorithm>

#include "crypto/keyed_hash.hpp"
#include "kernel/problem.hpp"

namespace xinyi::vault {
namespace {
// Since "v2" the wrapping promises that rows carry authenticators.
constexpr std::string_view kBareRows = "xinyi data key v1", kAuthenticatedRows = "xinyi data key v2";

Bytes wrap_ad(std::string_view promise, const SchoolId& school) {
  return crypto::Encoder(promise).raw(school.bytes()).take();
}

struct Unwrapped {
  crypto::SecretBytes key;
  bool authenticated;
};
std::optional<Unwrapped> unwrap(const ServerKeys& keys, const SchoolId& school, View wrapped) {
  const auto machine = keys.machine().clone();
  if (auto key = crypto::open(machine, wrapped, wrap_ad(kAuthenticatedRows, school)))
    return Unwrapped{std::move(*key), true};
  if (auto key = crypto::open(machine, wrapped, wrap_ad(kBareRows, school))) return Unwrapped{std::move(*key), false};
  return std::nullopt;
}

Bytes column_ad(const SchoolId& school, std::string_view column, View row) {
  return crypto::Encoder("xinyi column v1").raw(school.bytes()).short_text(column).raw(row).take();
}

Fixed<16> first_half(const crypto::Hash& hash) {
  Fixed<16> out;
  std::copy_n(hash.begin(), out.size(), out.begin());
  return out;
}
}  // namespace

DataKey::DataKey(const SchoolId& school, crypto::Key&& key)
    : school_(school),
      key_(std::move(key)),
      link_(crypto::hkdf_sha256(key_.expose(), View{}, "link")),
      column_(crypto::hkdf_sha256(key_.expose(), View{}, "column")),
      row_(crypto::hkdf_sha256(key_.expose(), View{}, "row")) {}

ClientRef DataKey::client_ref(const PersonId& person) const {
  return ClientRef(first_half(crypto::hmac_sha256(link_.expose(), {view("client"), school_.bytes(), person.bytes()})));
}

Fixed<16> DataKey::keyed(std::string_view label, View value) const {
  const auto message = crypto::Encoder("keyed").short_text(label).raw(school_.bytes()).raw(value).take();
  return first_half(crypto::hmac_sha256(link_.expose(), message));
}

Fixed<16> DataKey::authenticate(std::string_view table, View row) const {
  const auto head = crypto::Encoder("row").short_text(table).raw(school_.bytes()).take();
  return crypto::keyed_hash(row_.expose(), {View(head), row});
}

Bytes DataKey::protect(View plain, std::string_view column, View row) const {
  return crypto::seal(column_.clone(), plain, column_ad(school_, column, row));
}

crypto::SecretBytes DataKey::reveal(View sealed, std::string_view column, View row) const {
  auto out = crypto::open(column_.clone(), sealed, column_ad(school_, column, row));
  if (!out) throw Refusal(Code::content_damaged, "a protected column does not open");
  return std::move(*out);
}

DataKey create_data_key(storage::WriteTx& tx, const ServerKeys& keys) {
  auto key = crypto::Key::random();
  const auto wrapped = crypto::seal(keys.machine().clone(), key.expose(), wrap_ad(kAuthenticatedRows, tx.school()));
  tx.exec("INSERT INTO server_keys (school_id, name, wrapped) VALUES (?1, 'data', ?2)", tx.school(), wrapped);
  return DataKey(tx.school(), std::move(key));
}

std::optional<DataKey> load_data_key(storage::ReadTx& tx, const ServerKeys& keys) {
  const auto row = tx.one("SELECT wrapped FROM server_keys WHERE school_id = ?1 AND name = 'data'", tx.school());
  if (!row) return std::nullopt;
  const auto opened = unwrap(keys, tx.school(), row->get<View>(0));
  if (!opened)
    throw Refusal(Code::internal, "the machine key in the secrets folder does not open this school's data key");
  return DataKey(tx.school(), crypto::Key::from(opened->key.expose()));
}

std::optional<bool> rows_authenticated(storage::ReadTx& tx, const ServerKeys& keys) {
  const auto row = tx.one("SELECT wrapped FROM server_keys WHERE school_id = ?1 AND name = 'data'", tx.school());
  if (!row) return std::nullopt;
  const auto opened = unwrap(keys, tx.school(), row->get<View>(0));
  return opened ? std::optional(opened->authenticated) : std::nullopt;
}

void seal_data_key_for_recovery(storage::WriteTx& tx, const DataKey& key, const RoomKey& room) {
  invariant(key.school_ == tx.school(), "data key of another school");
  crypto::SecretBytes plain(48);
  std::ranges::copy(key.school_.bytes(), plain.writable().begin());
  std::ranges::copy(key.key_.expose(), plain.writable().begin() + 16);
  tx.exec("UPDATE server_keys SET recovery = ?2 WHERE school_id = ?1 AND name = 'data'", tx.school(),
          crypto::seal_to(room.box_public, plain.expose()));
}

std::optional<DataKey> recover_data_key(storage::ReadTx& tx, const crypto::Pair& room) {
  const auto row = tx.one("SELECT recovery FROM server_keys WHERE school_id = ?1 AND name = 'data'", tx.school());
  if (!row || row->null(0)) return std::nullopt;
  const auto opened = crypto::open_sealed(room, row->get<View>(0));
  if (!opened || opened->size() != 48 || !std::ranges::equal(opened->expose().first(16), tx.school().bytes()))
    return std::nullopt;
  return DataKey(tx.school(), crypto::Key::from(opened->expose().subspan(16)));
}

void rewrap_data_key(storage::WriteTx& tx, const ServerKeys& keys, const DataKey& key) {
  invariant(key.school_ == tx.school(), "data key of another school");
  tx.exec("UPDATE server_keys SET wrapped = ?2 WHERE school_id = ?1 AND name = 'data'", tx.school(),
          crypto::seal(keys.machine().clone(), key.key_.expose(), wrap_ad(kAuthenticatedRows, tx.school())));
}

}  // namespace xinyi::vault
