// From a file on disk to a report: shared by the command line and the web.
#pragma once
#include "audit/audit.hpp"
#include "features/people/store.hpp"
#include "features/people/table.hpp"

namespace xinyi::people {

/// A file that was recognised, open for reading.
struct Roster {
  std::unique_ptr<FileSet> files;
  bool oneroster = false, xlsx = false;
  Table table() const { return {*files, xlsx}; }
};
/// Unreadable(file_unknown) for anything else.
Roster open_roster(const std::string& path);

/// What a file says, and what would be done.
struct Proposal {
  PreparedPlan prepared;
  Findings findings;
  Report report(bool applied) const;
};
/// Reads the file and plans against the roster as it is. `mapping` is what a person chose for a table, instead of the
/// guess and ImportOptions::map. Unreadable, Refusal(roster_mapping).
Proposal propose(storage::Database& db, const vault::DataKey& key, Random& random, const Roster& roster,
                 const ImportOptions& options, const std::optional<Mapping>& mapping = {});
/// Applies a proposal with its accounts and the event. Refusal(changed_meanwhile) when the roster moved on: propose again.
void apply_proposal(storage::WriteTx& tx, const vault::DataKey& key, const Proposal& proposal,
                    const ImportOptions& options, const audit::Event& event);

}  // namespace xinyi::people
