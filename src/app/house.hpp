// The wiring: the only place that knows every room.
#pragma once
#include <memory>

#include "app/options.hpp"
#include "http/contract.hpp"
#include "identity/schools.hpp"
#include "notify/notify.hpp"
#include "storage/folder_lock.hpp"

namespace xinyi::app {

/// All migrations, rooms in the order of the house.
std::vector<storage::Migration> all_migrations();
/// Every route of every room, and the document of them. `running`: what some of them need while a server runs.
http::Routes all_routes(const notify::Running& running = {});

/// An opened data folder with its keys and database.
class House {
 public:
  enum class Need { existing, fresh };
  /// OperatorError / SecretsError with a sentence that says what to do. `fresh` makes folder, keys and schema.
  House(const Options& options, Need need, Random& random);
  storage::Database& db() { return *db_; }
  vault::ServerKeys& keys() { return *keys_; }
  identity::Schools& schools() { return *schools_; }
  const Clock& clock() const { return clock_; }
  const Options& options() const { return options_; }
  /// This process in the leases, new at each start.
  const Fixed<16>& holder() const { return holder_; }
  /// No other process can be at this database: the data folder's lock is ours and the database lies in it.
  bool alone() const { return lock_ != nullptr; }
  /// The only school of this folder. OperatorError when there is none or there are several.
  SchoolId only_school();

 private:
  Options options_;
  Fixed<16> holder_;
  SystemClock clock_;
  std::unique_ptr<storage::FolderLock> lock_;
  std::unique_ptr<vault::ServerKeys> keys_;
  std::unique_ptr<storage::Database> db_;
  std::unique_ptr<identity::Schools> schools_;
};

/// The engine that the options name. The folder of SQLite must exist.
std::unique_ptr<storage::Database> open_database(const Options& options);

}  // namespace xinyi::app
