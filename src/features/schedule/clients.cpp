#include "features/schedule/clients.hpp"

#include "identity/accounts.hpp"

namespace xinyi::schedule {

ClientRef become_client(storage::WriteTx& tx, const vault::DataKey& key, const PersonId& person) {
  const auto ref = key.client_ref(person);
  if (!tx.one("SELECT 1 FROM clients WHERE school_id = ?1 AND ref = ?2", tx.school(), ref))
    tx.exec("INSERT INTO clients (school_id, ref, person) VALUES (?1,?2,?3)", tx.school(), ref,
            key.protect(View(person.bytes()), "clients.person", ref.bytes()));
  return ref;
}

std::optional<PersonId> person_of(storage::ReadTx& tx, const vault::DataKey& key, const ClientRef& ref) {
  auto row = tx.one("SELECT person FROM clients WHERE school_id = ?1 AND ref = ?2", tx.school(), ref);
  if (!row) return std::nullopt;
  return PersonId::from_bytes(key.reveal(row->get<View>(0), "clients.person", ref.bytes()).expose());
}

ClientFacts client_facts(storage::ReadTx& tx, const vault::DataKey& key, const ClientRef& ref) {
  const auto person = person_of(tx, key, ref);
  if (!person) return {};
  if (const auto student = people::find_student(tx, *person)) return {*person, student->name, student->class_name};
  if (const auto other = people::find_person(tx, *person)) return {*person, other->name, {}};
  return {*person, identity::name_of(tx, *person), {}};
}
}  // namespace xinyi::schedule
