// The schools of this server, with what nearly every request needs of them.
#pragma once
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "kernel/time.hpp"
#include "storage/database.hpp"
#include "vault/data_key.hpp"

namespace xinyi::identity {

struct School {
  SchoolId id;
  std::string code, name;
  std::vector<std::string> stages;  // primary, junior, senior
  Zone zone;
  bool demo = false;
  bool open = false;                // false until the room key exists
  std::string help_place, help_hours, help_people;
  vault::DataKey data_key;
};

/// Cached; thread-safe. A school's facts change at set-up and in the settings: then forget() it.
class Schools {
 public:
  Schools(storage::Database& db, const vault::ServerKeys& keys) : db_(db), keys_(keys) {}
  /// Refusal(not_found) for an unknown id.
  std::shared_ptr<const School> of(const SchoolId& id);
  /// The school that a request without a session means: by code, or the only one. Nothing when there is none yet, or
  /// when there are several and no code is given.
  std::shared_ptr<const School> named(std::string_view code = {});
  std::vector<SchoolId> all();
  void forget(const SchoolId& id);

 private:
  storage::Database& db_;
  const vault::ServerKeys& keys_;
  std::mutex mutex_;
  std::map<SchoolId, std::shared_ptr<const School>> known_;
  SchoolId only_;  // nil unless the server is known to have exactly this one
};

}  // namespace xinyi::identity
