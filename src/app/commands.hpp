// The commands of the program. Each returns the exit status: 0 done, 1 refused or failed with a sentence. Those that take
// a House also run inside a server that holds the data folder.
#pragma once
#include <map>
#include <ostream>
#include <string>
#include <vector>

#include "app/demo.hpp"
#include "app/house.hpp"
#include "app/options.hpp"
#include "features/staff/staff.hpp"

namespace xinyi::app {

int serve(const Options& options);
int init(const Options& options, const staff::NewSchool& school);
int demo(const Options& options, const DemoOptions& demo);
struct ImportArgs {
  std::string path;
  bool dry_run = false;
  bool absent_have_left = false;
  std::vector<std::string> map;  // field=column
};
int import_roster(House& house, const ImportArgs& args, bool json, std::ostream& out);
int audit_head(House& house, std::ostream& out);
int audit_verify(House& house, const std::string& head_file, bool json, std::ostream& out);
int audit_prove(House& house, std::int64_t leaf, std::ostream& out);
int routes(const Options& options);
int openapi();
int migrate(const Options& options);
int doctor(House& house, bool json, std::ostream& out);
int backup(House& house, const std::string& folder, std::ostream& out);
int version(const Options& options);

/// The whole command line. `house`: inside a running server; otherwise the command opens one, or asks the server that has it.
int run(std::vector<std::string> arguments, House* house, const std::string& folder, std::ostream& out, std::ostream& err);

}  // namespace xinyi::app
