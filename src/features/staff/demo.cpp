// What a demonstration school shows of itself.
#include "features/staff/staff.hpp"

namespace xinyi::staff {
namespace {
Fixed<16> mac_of(const vault::DataKey& key, std::int64_t position, View person) {
  return key.authenticate("demo_accounts", crypto::Encoder().i64(position).raw(person).bytes());
}
}  // namespace

std::string_view demo_password() { return "xinyi-demo-2026"; }

void show_on_sign_in_page(storage::WriteTx& tx, const vault::DataKey& key, const std::vector<PersonId>& people) {
  std::int64_t position = 0;
  for (const auto& person : people) {
    tx.exec("INSERT INTO demo_accounts (school_id, position, person_id, mac) VALUES (?1,?2,?3,?4)", tx.school(),
            position, person, mac_of(key, position, person.bytes()));
    ++position;
  }
}

std::vector<PersonId> demo_people(storage::ReadTx& tx, const vault::DataKey& key) {
  std::vector<PersonId> out;
  for (auto row : tx.query("SELECT position, person_id, mac FROM demo_accounts WHERE school_id = ?1 ORDER BY position",
                           tx.school()))
    if (!row.null(2) && crypto::equal(row.get<View>(2), mac_of(key, row.get<std::int64_t>(0), row.get<View>(1))))
      out.push_back(row.get<PersonId>(1));
  return out;
}
}  // namespace xinyi::staff
