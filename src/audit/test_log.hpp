// A log in a real SQLite file, for this room's tests.
#pragma once
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <memory>

#include "audit/audit.hpp"
#include "audit/sealer.hpp"
#include "audit/verify.hpp"
#include "crypto/crypto.hpp"
#include "kernel/embedded.hpp"
#include "kernel/problem.hpp"
#include "kernel/random.hpp"

namespace xinyi::embedded {
std::span<const File> storage_migrations();
std::span<const File> audit_migrations();
}  // namespace xinyi::embedded

namespace xinyi::audit {

inline bool full_campaign() {
  const char* v = std::getenv("XINYI_CAMPAIGN");
  return v && std::string_view(v) == "full";
}

inline std::unique_ptr<storage::Database> open_log(const std::string& path) {
  std::vector<storage::Migration> steps;
  for (const auto files : {embedded::storage_migrations(), embedded::audit_migrations()})
    for (const auto& file : files) steps.push_back({std::string(file.name), std::string(file.text)});
  auto db = storage::open_sqlite({.path = path, .vfs = "", .synchronous = "OFF"});
  db->migrate(steps);
  return db;
}

/// Seals as the school's only sealer.
inline std::optional<Head> seal_head(storage::Database& db, const SchoolId& school, const crypto::SignPair& log_key,
                                     const Clock& clock, const std::optional<Head>& known = std::nullopt) {
  const auto sealer =
      db.write(school, [](storage::WriteTx& tx) { return storage::seize_lease(tx, "sealer", Fixed<16>{1}); });
  return seal_head(db, school, log_key, clock, sealer, known);
}

class Folder {
 public:
  Folder() {
    auto name = (std::filesystem::temp_directory_path() / "xinyi_audit_XXXXXX").string();
    path_ = ::mkdtemp(name.data());
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  std::string operator/(std::string_view name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

inline Event some_event(Random& random, std::uint64_t i) {
  Event e;
  e.actor = i % 3 == 0   ? Actor::staff(PersonId(random.bytes<16>()))
            : i % 3 == 1 ? Actor::client(ClientRef(random.bytes<16>()))
                         : Actor::system();
  e.act = i % 2 == 0 ? Act::record_opened : Act::record_drafted;
  e.object = {"record", random.bytes<16>()};
  if (i % 4 != 0) e.about = ClientRef(random.bytes<16>());
  e.outcome = i % 7 == 0 ? Outcome::refused : Outcome::done;
  if (i % 5 == 0) e.why = Why{random.bytes<32>(), Bytes(60, static_cast<std::uint8_t>(i))};
  if (i % 2 == 1) e.content = random.bytes<32>();
  e.at = Instant{1'795'000'000'000'000 + static_cast<std::int64_t>(i) * 1000};
  return e;
}

/// Grows the log by `count` events in transactions of `group`.
inline void grow(storage::Database& db, const SchoolId& school, Random& random, std::uint64_t count,
                 std::uint64_t group = 500) {
  for (std::uint64_t done = 0; done < count; done += group)
    db.write(school, [&](storage::WriteTx& tx) {
      for (std::uint64_t i = done; i < std::min(done + group, count); ++i) append(tx, some_event(random, i));
    });
}

}  // namespace xinyi::audit
