// The commands of the program. Each returns the exit status: 0 done, 1 refused or failed with a sentence.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "app/demo.hpp"
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
int import_roster(const Options& options, const ImportArgs& args);
int audit_head(const Options& options);
int audit_verify(const Options& options, const std::string& head_file);
int audit_prove(const Options& options, std::int64_t leaf);
int routes(const Options& options);
int openapi();
int migrate(const Options& options);
int doctor(const Options& options);
int backup(const Options& options, const std::string& folder);
int version(const Options& options);

}  // namespace xinyi::app
