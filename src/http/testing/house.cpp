#include "http/testing/house.hpp"

#include <stdlib.h>

#include <filesystem>

#include "identity/accounts.hpp"

namespace xinyi::embedded {
std::span<const File> storage_migrations();
std::span<const File> audit_migrations();
std::span<const File> vault_migrations();
std::span<const File> identity_migrations();
std::span<const File> http_migrations();
}  // namespace xinyi::embedded

namespace xinyi::http::testing {

std::vector<storage::Migration> steps(std::span<const embedded::File> files) {
  std::vector<storage::Migration> out;
  for (const auto& f : files) out.push_back({std::string(f.name), std::string(f.text)});
  return out;
}

std::vector<storage::Migration> migrations() {
  std::vector<storage::Migration> out;
  for (const auto files : {embedded::storage_migrations(), embedded::audit_migrations(), embedded::vault_migrations(),
                           embedded::identity_migrations(), embedded::http_migrations()})
    for (auto& s : steps(files)) out.push_back(std::move(s));
  return out;
}

House::House(std::vector<storage::Migration> more, bool open) : clock_(*instant_from_text("2026-11-23T06:00:00Z")) {
  crypto::start();
  auto name = (std::filesystem::temp_directory_path() / "xinyi-house.XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder");
  folder_ = name;
  std::filesystem::create_directory(folder_ + "/data");
  storage::SqliteOptions options;
  options.path = folder_ + "/data/xinyi.db";
  db_ = storage::open_sqlite(options);
  auto all = migrations();
  for (auto& m : more) all.push_back(std::move(m));
  db_->migrate(all);
  vault::ServerKeys::create(folder_ + "/secrets", folder_ + "/data");
  keys_ = std::make_unique<vault::ServerKeys>(folder_ + "/secrets", folder_ + "/data");
  schools_ = std::make_unique<identity::Schools>(*db_, *keys_);
  passwords_ = std::make_unique<identity::PasswordWorkers>();
  school_ = random_.id<SchoolId>(clock_.now());
  db_->write(school_, [&](storage::WriteTx& tx) {
    tx.exec("INSERT INTO schools (id, code, name, stages, zone, state, created_at) VALUES (?1,'test','心驿中学','junior','Asia/Shanghai',?2,?3)",
            school_, open ? "open" : "starting", clock_.now());
    vault::create_data_key(tx, *keys_);
  });
  services_ = std::make_unique<Services>(Services{*db_, *keys_, *schools_, *passwords_, clock_, random_, folder_ + "/data", false});
}

House::~House() {
  services_.reset();
  passwords_.reset();
  schools_.reset();
  db_.reset();
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

const vault::DataKey& House::data_key() { return schools_->of(school_)->data_key; }

PersonId House::person(std::string username, identity::Roles roles) {
  identity::Account account;
  account.person = random_.id<PersonId>(clock_.now());
  account.username = std::move(username);
  account.name = "张老师";
  account.roles = roles;
  db_->write(school_, [&](storage::WriteTx& tx) {
    identity::invite(tx, data_key(), account, identity::make_start_secret(random_), clock_.now());
    identity::set_state(tx, data_key(), account.person, identity::AccountState::active);
    identity::confirm_totp(tx, data_key(), account.person);
  });
  return account.person;
}

std::string House::session(const PersonId& person) {
  return db_->write(school_, [&](storage::WriteTx& tx) {
    const auto account = identity::account_of(tx, data_key(), person);
    invariant(account.has_value(), "no such person");
    return identity::open_session(tx, data_key(), person, account->roles.any(identity::kStaff), account->role_stamp, true, nullptr,
                                  clock_.now())
        .to_cookie();
  });
}

std::int64_t House::events(std::string_view act, std::string_view outcome) {
  return db_->read(school_, [&](storage::ReadTx& tx) {
    return tx.one("SELECT count(*) FROM audit_events WHERE school_id = ?1 AND act = ?2 AND outcome = ?3", school_, act, outcome)
        ->get<std::int64_t>(0);
  });
}

namespace {
ServerOptions on_a_free_port(ServerOptions options) {
  options.port = 0;
  return options;
}
}  // namespace

TestServer::TestServer(const Services& services, const Routes& routes, ServerOptions options)
    : server_(services, routes, on_a_free_port(options)) {
  server_.start();
}
}  // namespace xinyi::http::testing
