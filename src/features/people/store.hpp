// The roster in the database: loading what is there, applying a plan.
#pragma once
#include "features/people/model.hpp"
#include "kernel/random.hpp"
#include "storage/database.hpp"
#include "vault/data_key.hpp"

namespace xinyi::people {

/// Everything that a plan is made against. Protected values are opened.
Present load_present(storage::ReadTx& tx, const vault::DataKey& key);

XINYI_ID(EnrolmentId);

/// Pinyin and search words are made before the transaction: ICU is slower than the database.
struct SearchWords {
  std::string sort_name, search;
};
SearchWords search_words(const PersonRow& row);
struct PreparedPlan {
  Plan plan;
  std::vector<SearchWords> words;       // by index in plan.persons
  std::vector<EnrolmentId> enrolments;  // ids for new stays, by index in plan.moves
};
PreparedPlan prepare(Plan&& plan, Random& random, Instant now);

/// Applies it. Refusal(changed_meanwhile) when the roster is no longer the one that the plan was made against.
void apply(storage::WriteTx& tx, const vault::DataKey& key, const PreparedPlan& prepared, SchoolDate today);
/// Accounts that the plan touches: students and guardians whose name, account name or leave to sign in changes.
std::vector<AccountWish> account_wishes(const Plan& plan);

}  // namespace xinyi::people
