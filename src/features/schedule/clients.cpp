#include "features/schedule/clients.hpp"

#include "identity/accounts.hpp"
#include "storage/eights.hpp"

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

std::map<ClientRef, ClientFacts> client_facts(storage::ReadTx& tx, const vault::DataKey& key, const std::vector<ClientRef>& refs) {
  std::map<ClientRef, ClientFacts> out;
  std::vector<PersonId> persons;
  storage::by_eights(refs, [&](const auto& k) {
    for (storage::Row row : tx.query("SELECT c.ref, c.person FROM (VALUES (?2), (?3), (?4), (?5), (?6), (?7), (?8), (?9)) AS wanted "
                                     "CROSS JOIN clients c WHERE c.school_id = ?1 AND c.ref = wanted.column1", tx.school(), k[0],
                             k[1], k[2], k[3], k[4], k[5], k[6], k[7])) {
      const auto ref = row.get<ClientRef>(0);
      const auto person = PersonId::from_bytes(key.reveal(row.get<View>(1), "clients.person", ref.bytes()).expose());
      if (!person) continue;
      out[ref].person = *person;
      persons.push_back(*person);
    }
  });
  const auto on_roster = people::shown(tx, persons);
  for (auto& [ref, facts] : out) {
    const auto known = on_roster.find(facts.person);
    if (known != on_roster.end()) facts = {facts.person, known->second.name, known->second.class_name};
    else facts.name = identity::name_of(tx, facts.person);
  }
  return out;
}

ClientFacts client_facts(storage::ReadTx& tx, const vault::DataKey& key, const ClientRef& ref) {
  return client_facts(tx, key, std::vector{ref})[ref];
}
}  // namespace xinyi::schedule
