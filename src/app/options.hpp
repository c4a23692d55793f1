// What the command line, the environment (XINYI_…) and the configuration file say.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace xinyi::app {

struct Options {
  std::string data;                         // --data; default: the XDG data folder
  std::string secrets;                      // --secrets; default: the data folder's name with ".secrets" behind it
  std::string listen = "127.0.0.1:8080";    // --listen
  std::string database = "sqlite";          // --database: sqlite or postgresql://…
  std::string database_owner;               // --database-owner: for migrate on PostgreSQL
  std::string heads;                        // --heads: where signed audit heads are copied; best on another disk
  std::vector<std::string> trusted_proxies; // --trusted-proxy: addresses whose X-Forwarded-For is believed; none by default
  std::string hook_hosts;                   // --hook-hosts: hosts of web hooks that may lie inside the school's network, with commas
  std::int64_t reserve = 32;                // --reserve: MiB set aside on the disk for the day it is full; 0: nothing
  bool json = false;                        // --json
};

/// Fills in the defaults that depend on other values.
void complete(Options& options);
/// $XDG_DATA_HOME/xinyi or ~/.local/share/xinyi.
std::string default_data_folder();

}  // namespace xinyi::app
