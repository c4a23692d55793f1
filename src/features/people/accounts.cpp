#include "features/people/accounts.hpp"

#include "identity/accounts.hpp"

namespace xinyi::people {

std::function<void(storage::WriteTx&, const std::vector<AccountWish>&)> client_accounts(const vault::DataKey& key,
                                                                                        Instant now) {
  return [&key, now](storage::WriteTx& tx, const std::vector<AccountWish>& wishes) {
    for (const auto& wish : wishes) {
      if (wish.kind != Kind::student) continue;
      auto username = wish.username.value_or("");
      if (username.empty())
        if (const auto student = find_student(tx, wish.person)) username = student->student_number;
      if (username.empty()) continue;  // nothing to sign in with: reception gives a name
      identity::keep_client_account(tx, key, wish.person, identity::Role::student, username, wish.name, wish.allowed,
                                    now);
    }
  };
}
}  // namespace xinyi::people
