#include "app/house.hpp"

#include <sys/stat.h>

#include <filesystem>

#include "features/cases/cases.hpp"
#include "features/paper/paper.hpp"
#include "features/people/people_api.hpp"
#include "features/schedule/schedule.hpp"
#include "features/staff/staff.hpp"
#include "identity/accounts.hpp"
#include "kernel/embedded.hpp"

namespace xinyi::embedded {
std::span<const File> storage_migrations();
std::span<const File> vault_migrations();
std::span<const File> audit_migrations();
std::span<const File> identity_migrations();
std::span<const File> http_migrations();
std::span<const File> notify_migrations();
std::span<const File> staff_migrations();
std::span<const File> people_migrations();
std::span<const File> schedule_migrations();
std::span<const File> cases_migrations();
}  // namespace xinyi::embedded

namespace xinyi::app {
namespace {
namespace fs = std::filesystem;

void add(std::vector<storage::Migration>& out, const char* room, std::span<const embedded::File> files) {
  for (const auto& f : files) out.push_back({std::string(room) + "/" + std::string(f.name), std::string(f.text)});
}
}  // namespace

std::string default_data_folder() {
  if (const char* xdg = std::getenv("XDG_DATA_HOME"); xdg && *xdg) return std::string(xdg) + "/xinyi";
  if (const char* home = std::getenv("HOME"); home && *home) return std::string(home) + "/.local/share/xinyi";
  return "/var/lib/xinyi";
}

void complete(Options& o) {
  if (o.data.empty()) o.data = default_data_folder();
  while (o.data.size() > 1 && o.data.back() == '/') o.data.pop_back();
  if (o.secrets.empty()) o.secrets = o.data + ".secrets";
  if (o.heads.empty()) o.heads = o.data + ".heads";
}

std::vector<storage::Migration> all_migrations() {
  std::vector<storage::Migration> out;
  add(out, "storage", embedded::storage_migrations());
  add(out, "vault", embedded::vault_migrations());
  add(out, "audit", embedded::audit_migrations());
  add(out, "identity", embedded::identity_migrations());
  add(out, "http", embedded::http_migrations());
  add(out, "notify", embedded::notify_migrations());
  add(out, "staff", embedded::staff_migrations());
  add(out, "people", embedded::people_migrations());
  add(out, "schedule", embedded::schedule_migrations());
  add(out, "cases", embedded::cases_migrations());
  return out;
}

http::Routes all_routes(const notify::Running& running) {
  http::Routes routes;
  staff::add_routes(routes);
  people::add_routes(routes);
  schedule::add_routes(routes);
  cases::add_routes(routes);
  paper::add_routes(routes);
  notify::add_routes(routes, running);
  http::add_openapi(routes, XINYI_VERSION);
  return routes;
}

std::unique_ptr<storage::Database> open_database(const Options& options) {
  if (options.database == "sqlite") {
    const auto space = options.data + "/reserve";
    storage::SqliteOptions sqlite{.path = options.data + "/xinyi.db", .vfs = {}};
    if (options.reserve > 0) sqlite.reserve = storage::file_reserve(space, options.reserve << 20);
    else fs::remove(space);
    return storage::open_sqlite(sqlite);
  }
  if (options.database.starts_with("postgres"))
    return storage::open_postgresql({.url = options.database, .owner_url = options.database_owner});
  throw storage::OperatorError("--database is \"sqlite\" or begins with postgresql://");
}

House::House(const Options& options, Need need, Random& random) : options_(options), holder_(random.bytes<16>()) {
  crypto::start();
  if (need == Need::fresh) {
    fs::create_directories(options_.data);
    fs::permissions(options_.data, fs::perms::owner_all);
  } else if (!fs::exists(options_.data)) {
    throw storage::OperatorError(options_.data + " does not exist. Set up a school first: xinyi init --data " + options_.data);
  }
  // On PostgreSQL several processes share one database; the folder then holds only temporary files of each.
  if (options_.database == "sqlite") lock_ = std::make_unique<storage::FolderLock>(options_.data);
  if (need == Need::fresh && !fs::exists(options_.secrets + "/machine.key")) vault::ServerKeys::create(options_.secrets, options_.data);
  keys_ = std::make_unique<vault::ServerKeys>(options_.secrets, options_.data);
  db_ = open_database(options_);
  if (options_.database == "sqlite" || !options_.database_owner.empty()) db_->migrate(all_migrations());
  schools_ = std::make_unique<identity::Schools>(*db_, *keys_);
  for (const auto& school : schools_->all()) identity::authenticate_rows_once(*db_, *keys_, school, clock_.now());
}

SchoolId House::only_school() {
  const auto ids = schools_->all();
  if (ids.size() != 1)
    throw storage::OperatorError(ids.empty() ? "There is no school here yet. Set one up: xinyi init" : "There are several schools here; say which with --school.");
  return ids.front();
}
}  // namespace xinyi::app
