// For the tests of this room: a school after set-up, on a real SQLite file.
#pragma once
#include "vault/vault.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "kernel/embedded.hpp"

namespace xinyi::embedded {
std::span<const File> vault_migrations();
}

namespace xinyi::vault::testing {
namespace fs = std::filesystem;

inline std::vector<storage::Migration> migrations() {
  std::vector<storage::Migration> out;
  for (const auto& file : embedded::vault_migrations()) out.push_back({std::string(file.name), std::string(file.text)});
  return out;
}

class Folder {
 public:
  Folder() {
    auto name = (std::filesystem::temp_directory_path() / "xinyi_vault_XXXXXX").string();
    path_ = ::mkdtemp(name.data());
  }
  ~Folder() { fs::remove_all(path_); }
  std::string operator/(std::string_view name) const { return (path_ / name).string(); }

 private:
  fs::path path_;
};

#define EXPECT_REFUSED(code_, expression)                                           \
  try {                                                                             \
    static_cast<void>(expression);                                                  \
    ADD_FAILURE() << "not refused: " #expression;                                   \
  } catch (const Refusal& refusal) {                                                \
    EXPECT_EQ(catalogue(refusal.problem().code).name, catalogue(Code::code_).name); \
  }

/// A school after set-up: the director holds all three keys, two counsellors are certified.
class Vault : public ::testing::Test {
 protected:
  void SetUp() override {
    crypto::start();
    ServerKeys::create(folder_ / "secrets", folder_ / "data");
    keys_.emplace(folder_ / "secrets", folder_ / "data");
    fs::create_directories(folder_ / "data");
    db_ = storage::open_sqlite({.path = folder_ / "data/school.db", .vfs = "", .synchronous = "OFF"});
    db_->migrate(migrations());
    found(school_);
  }
  void found(const SchoolId& school) {
    const RoomKey room{RoomKeyKind::room, 1, room_.box_public, room_.sign_public};
    const RoomKey duty{RoomKeyKind::duty, 1, duty_.box_public, std::nullopt};
    const RoomKey crisis{RoomKeyKind::crisis, 1, crisis_.box_public, std::nullopt};
    for (const auto& key : {room, duty, crisis}) keys_->pin(school, key);
    db_->write(school, [&](storage::WriteTx& tx) {
      for (const auto& key : {room, duty, crisis}) store_room_key(tx, *keys_, key);
      for (const auto* person : {&director_, &counsellor_, &colleague_}) certify_now(tx, *person, "counsellor");
      const crypto::Seed* seeds[] = {&room_seed_, &duty_seed_, &crisis_seed_};
      int i = 0;
      for (const auto& key : {room, duty, crisis})
        store_wrapping(tx, sign_wrapping(school, key, director_.person,
                                         crypto::seal_to(director_.pair.box_public, seeds[i++]->expose()), director_));
    });
  }
  Unlocked person() { return unlock(random_.id<PersonId>(now_), crypto::PersonSecret::random()); }
  void certify_now(storage::WriteTx& tx, const Unlocked& who, std::string_view roles) {
    add_person_key(tx, who.person, who.pair.box_public, who.pair.sign_public, roles);
    auto key = *newest_person_key(tx, who.person);
    certify_person_key(tx, *keys_, who.person, roles, certify(room_, key), director_.person, now_);
  }
  template <class F>
  auto write(F f) {
    return db_->write(school_, f);
  }
  /// A case of the counsellor with its three grants.
  CaseId open_case(const CaseKey& key) {
    const auto id = random_.id<CaseId>(now_);
    write([&](storage::WriteTx& tx) {
      insert_grants(tx, opening_grants(school_, id, key, *certified_key(tx, *keys_, counsellor_.person),
                                       room_key(tx, *keys_, RoomKeyKind::room),
                                       room_key(tx, *keys_, RoomKeyKind::crisis), counsellor_, now_, random_));
    });
    return id;
  }
  CaseKey key_for(const CaseId& id, const Unlocked& who, Instant at) {
    return write([&](storage::WriteTx& tx) { return case_key_for(tx, *keys_, id, who, at); });
  }

  Folder folder_;
  SystemRandom random_;
  Instant now_ = *instant_from_text("2026-11-23T06:00:00Z");
  SchoolId school_ = random_.id<SchoolId>(now_);
  std::optional<ServerKeys> keys_;
  std::unique_ptr<storage::Database> db_;
  crypto::Seed room_seed_ = crypto::Seed::random(), duty_seed_ = crypto::Seed::random(),
               crisis_seed_ = crypto::Seed::random();
  crypto::Pair room_ = crypto::derive(room_seed_), duty_ = crypto::derive(duty_seed_),
               crisis_ = crypto::derive(crisis_seed_);
  Unlocked director_ = person(), counsellor_ = person(), colleague_ = person();
};

inline bool same(const CaseKey& a, const CaseKey& b) { return crypto::equal(a.key.expose(), b.key.expose()); }
}  // namespace xinyi::vault::testing
