// audit head | verify | prove.
#include <fstream>
#include <iostream>

#include "app/commands.hpp"
#include "app/jobs.hpp"
#include "audit/sealer.hpp"
#include "audit/verify.hpp"

namespace xinyi::app {

int audit_head(House& house, std::ostream& out) {
  const auto head = seal_and_copy(house, house.only_school());
  if (!head) throw storage::OperatorError("The log is empty.");
  out << audit::to_json(*head) << "\n";
  return 0;
}

int audit_verify(House& house, const std::string& head_file, bool json, std::ostream& out) {
  const auto school = house.only_school();
  const auto earlier = audit::last_copied_head(head_file.empty() ? house.options().heads : head_file, school);
  if (!earlier && !head_file.empty()) throw storage::OperatorError("There is no head of this school in " + head_file + ".");
  const auto report = audit::verify_log(house.db(), school, house.keys().log_public(), earlier);
  if (json) {
    boost::json::object answer{{"sound", report.sound}, {"code", report.code}, {"events", report.events}, {"sealed", report.sealed},
                            {"text", boost::json::object{{"zh", report.zh}, {"en", report.en}}}};
    if (report.first_bad) answer["first_bad"] = *report.first_bad;
    out << boost::json::serialize(answer) << "\n";
  } else {
    out << report.zh << "\n" << report.en << "\n";
    if (!earlier) out << "没有可比对的外部树头 · there was no copied head to compare with: " << house.options().heads << "\n";
  }
  return report.sound ? 0 : 1;
}

int audit_prove(House& house, std::int64_t leaf, std::ostream& out) {
  const auto school = house.only_school();
  const auto head = seal_and_copy(house, school);
  if (!head || leaf < 0 || static_cast<std::uint64_t>(leaf) >= head->size) throw storage::OperatorError("The log has no event of that number.");
  const auto proof = house.db().read(school, [&](storage::ReadTx& tx) {
    return boost::json::object{{"leaf", leaf}, {"bytes", to_base64(audit::stored_leaf(tx, static_cast<std::uint64_t>(leaf)))},
                               {"proof", to_base64(audit::inclusion_proof(tx, static_cast<std::uint64_t>(leaf), head->size))},
                               {"head", boost::json::parse(audit::to_json(*head))}, {"log_public", to_base64(house.keys().log_public().bytes)}};
  });
  out << boost::json::serialize(proof) << "\n";
  return 0;
}
}  // namespace xinyi::app
