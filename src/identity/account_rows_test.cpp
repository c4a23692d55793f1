// Rows of accounts and sessions edited past the program, on both engines: they count as not there.
#include "identity/account_rows.hpp"

#include <gtest/gtest.h>

#include "identity/sessions.hpp"
#include "kernel/embedded.hpp"
#include "kernel/log.hpp"
#include "storage/testing/engines.hpp"

namespace xinyi::embedded {
std::span<const File> vault_migrations();
std::span<const File> audit_migrations();
std::span<const File> identity_migrations();
}  // namespace xinyi::embedded

namespace xinyi::identity {
namespace {
using storage::ReadTx;
using storage::WriteTx;

template <class E>
class Rows : public ::testing::Test {
 protected:
  Rows() {
    crypto::start();
    log::set_sink([this](std::string_view line) { log_ += line; });
    vault::ServerKeys::create(folder_.path() + "/secrets");
    keys_.emplace(folder_.path() + "/secrets");
    std::vector<storage::Migration> steps;
    const auto add = [&](const char* room, std::span<const embedded::File> files) {
      for (const auto& f : files) steps.push_back({std::string(room) + "/" + std::string(f.name), std::string(f.text)});
    };
    add("vault", embedded::vault_migrations());
    add("audit", embedded::audit_migrations());
    add("identity", embedded::identity_migrations());
    db_->migrate(steps);
    db_->write(home_, [&](WriteTx& tx) { key_.emplace(vault::create_data_key(tx, *keys_)); });
  }
  ~Rows() override { log::set_sink({}); }

  Account member(Roles roles, std::string username) {
    Account a;
    a.person = random_.id<PersonId>(now_);
    a.username = std::move(username);
    a.name = "周敏";
    a.roles = roles;
    db_->write(home_, [&](WriteTx& tx) {
      invite(tx, *key_, a, make_start_secret(random_), now_);
      set_password(tx, *key_, a.person, password_, 0);
      (void)new_totp(tx, *key_, a.person, random_);
      a = *account_of(tx, *key_, a.person);
    });
    return a;
  }
  Token session(const Account& a) {
    return db_->write(
        home_, [&](WriteTx& tx) { return open_session(tx, *key_, a.person, true, a.role_stamp, true, nullptr, now_); });
  }
  std::optional<Principal> resolved(const Token& t) {
    return db_->read(home_, [&](ReadTx& tx) { return resolve(tx, *key_, t, now_); });
  }
  bool rechecked(const Principal& who) {
    try {
      db_->read(home_, [&](ReadTx& tx) { recheck(tx, *key_, who, now_); });
      return true;
    } catch (const Refusal&) {
      return false;
    }
  }
  std::optional<Account> account(const PersonId& person) {
    return db_->read(home_, [&](ReadTx& tx) { return account_of(tx, *key_, person); });
  }
  std::int64_t disbelieved() {
    return db_->read(home_, [&](ReadTx& tx) { return disbelieved_accounts(tx, *key_); });
  }
  template <class F>
  bool refused(F work) {
    try {
      db_->write(home_, [&](WriteTx& tx) { work(tx); });
      return false;
    } catch (const Refusal&) {
      return true;
    }
  }

  E engine_;
  std::unique_ptr<storage::Database> db_ = engine_.open();
  storage::testing::TemporaryFolder folder_;
  std::optional<vault::ServerKeys> keys_;
  std::optional<vault::DataKey> key_;
  SystemRandom random_;
  const SchoolId home_ = storage::testing::school(1), away_ = storage::testing::school(2);
  const Instant now_{1'800'000'000'000'000};
  const NewPassword password_ = make_password("four plain words here", home_, PersonId{}, false, nullptr);
  std::string log_;
};
TYPED_TEST_SUITE(Rows, storage::testing::Engines, storage::testing::EngineNames);

// ?3 is the person of another account.
constexpr storage::Sql kEdits[] = {
    "UPDATE accounts SET username = 'mallory' WHERE school_id = ?1 AND person_id = ?2",
    "UPDATE accounts SET name = 'Somebody' WHERE school_id = ?1 AND person_id = ?2",
    "UPDATE accounts SET gender = 'male' WHERE school_id = ?1 AND person_id = ?2",
    "UPDATE accounts SET roles = 'director' WHERE school_id = ?1 AND person_id = ?2",
    "UPDATE accounts SET roles = 'nonsense' WHERE school_id = ?1 AND person_id = ?2",
    "UPDATE accounts SET state = 'invited' WHERE school_id = ?1 AND person_id = ?2",
    "UPDATE accounts SET state = 'nonsense' WHERE school_id = ?1 AND person_id = ?2",
    "UPDATE accounts SET salt = X'00112233445566778899aabbccddeeff' WHERE school_id = ?1 AND person_id = ?2",
    "UPDATE accounts SET salt = X'00' WHERE school_id = ?1 AND person_id = ?2",
    "UPDATE accounts SET cost = '64x3' WHERE school_id = ?1 AND person_id = ?2",
    "UPDATE accounts SET verifier = X'00112233445566778899aabbccddeeff' WHERE school_id = ?1 AND person_id = ?2",
    "UPDATE accounts SET verifier = NULL WHERE school_id = ?1 AND person_id = ?2",
    "UPDATE accounts SET totp = NULL WHERE school_id = ?1 AND person_id = ?2",
    "UPDATE accounts SET totp = X'0011' WHERE school_id = ?1 AND person_id = ?2",
    "UPDATE accounts SET totp_confirmed = 1 WHERE school_id = ?1 AND person_id = ?2",
    "UPDATE accounts SET totp_last_step = 7 WHERE school_id = ?1 AND person_id = ?2",
    "UPDATE accounts SET totp_ahead_step = 7 WHERE school_id = ?1 AND person_id = ?2",
    "UPDATE accounts SET start_verifier = X'00112233445566778899aabbccddeeff' WHERE school_id = ?1 AND person_id = ?2",
    "UPDATE accounts SET start_expires_at = 9000000000000000 WHERE school_id = ?1 AND person_id = ?2",
    "UPDATE accounts SET role_stamp = role_stamp + 1 WHERE school_id = ?1 AND person_id = ?2",
    "UPDATE accounts SET version = version + 1 WHERE school_id = ?1 AND person_id = ?2",
    "UPDATE accounts SET created_at = 0 WHERE school_id = ?1 AND person_id = ?2",
    "UPDATE accounts SET mac = NULL WHERE school_id = ?1 AND person_id = ?2",
    "UPDATE accounts SET mac = X'' WHERE school_id = ?1 AND person_id = ?2",
    "UPDATE accounts SET mac = X'00112233445566778899aabbccddeeff' WHERE school_id = ?1 AND person_id = ?2",
    "UPDATE accounts SET mac = (SELECT o.mac FROM accounts o WHERE o.school_id = ?1 AND o.username = 'other') WHERE "
    "school_id = ?1 AND person_id = ?2",
    "UPDATE accounts SET verifier = (SELECT o.verifier FROM accounts o WHERE o.school_id = ?1 AND o.username = "
    "'other'), salt = (SELECT o.salt FROM "
    "accounts o WHERE o.school_id = ?1 AND o.username = 'other'), mac = (SELECT o.mac FROM accounts o WHERE "
    "o.school_id = ?1 AND o.username = 'other') "
    "WHERE school_id = ?1 AND person_id = ?2",
};

TYPED_TEST(Rows, AnEditedColumnIsNoAccount) {
  const auto other = this->member({Role::archivist}, "other");
  std::int64_t edited = 0;
  for (const auto& kEdit : kEdits) {
    SCOPED_TRACE(kEdit.text);
    const auto name = "member" + std::to_string(edited);
    const auto a = this->member({Role::reception}, name);
    const auto token = this->session(a);
    const auto who = this->resolved(token);
    ASSERT_TRUE(who && this->rechecked(*who));
    this->log_.clear();
    this->db_->write(this->home_, [&](WriteTx& tx) { ASSERT_EQ(tx.exec(kEdit, tx.school(), a.person), 1); });
    ++edited;
    EXPECT_FALSE(this->account(a.person));
    EXPECT_NE(this->log_.find("account_not_believed"), std::string::npos);
    this->db_->read(this->home_, [&](ReadTx& tx) {
      EXPECT_FALSE(account_named(tx, *this->key_, name));
      EXPECT_FALSE(account_named(tx, *this->key_, "mallory"));
      EXPECT_EQ(staff_accounts(tx, *this->key_).size(), 1u);
      EXPECT_TRUE(may_be_staff(tx, *this->key_, a.person));
    });
    EXPECT_FALSE(this->resolved(token));
    EXPECT_FALSE(this->rechecked(*who));
    EXPECT_EQ(this->disbelieved(), edited);
    log::set_sink([this](std::string_view line) { this->log_ += line; });  // its limit begins anew
  }
  EXPECT_TRUE(this->account(other.person));
}

TYPED_TEST(Rows, ARowMovedElsewhereIsNoAccount) {
  const auto a = this->member({Role::director}, "director"), b = this->member({Role::archivist}, "other");
  const PersonId spare(Fixed<16>{1});
  this->db_->write(this->home_, [&](WriteTx& tx) {
    const auto move = [&](const PersonId& from, const PersonId& to) {
      tx.exec("UPDATE accounts SET person_id = ?3 WHERE school_id = ?1 AND person_id = ?2", tx.school(), from, to);
    };
    move(a.person, spare);
    move(b.person, a.person);
    move(spare, b.person);
  });
  EXPECT_FALSE(this->account(a.person));
  EXPECT_FALSE(this->account(b.person));
  EXPECT_EQ(this->disbelieved(), 2);
}

TYPED_TEST(Rows, AnotherSchoolsRowIsNoAccount) {
  // The same data key in both, as if it had been copied over: the school is in the authenticator all the same.
  const auto a = this->member({Role::director}, "director");
  const auto raw = crypto::Key::random();
  const vault::DataKey here(this->home_, raw.clone()), there(this->away_, raw.clone());
  const auto row = this->db_->read(this->home_, [&](ReadTx& tx) { return *row_of(tx, *this->key_, a.person); });
  this->db_->write(this->away_, [&](WriteTx& tx) {
    insert_row(tx, here, row);
    EXPECT_FALSE(account_of(tx, there, a.person));
    tx.exec("DELETE FROM accounts WHERE school_id = ?1", tx.school());
    insert_row(tx, there, row);
    EXPECT_TRUE(account_of(tx, there, a.person));
  });
}

TYPED_TEST(Rows, NoChangeMakesAForgedRowGood) {
  const auto a = this->member({Role::student}, "s1");
  this->db_->write(this->home_, [&](WriteTx& tx) {
    tx.exec("UPDATE accounts SET roles = 'director' WHERE school_id = ?1 AND person_id = ?2", tx.school(), a.person);
  });
  const auto& key = *this->key_;
  EXPECT_TRUE(this->refused([&](WriteTx& tx) { set_password(tx, key, a.person, this->password_, 0); }));
  EXPECT_TRUE(this->refused([&](WriteTx& tx) { set_state(tx, key, a.person, AccountState::active); }));
  EXPECT_TRUE(this->refused([&](WriteTx& tx) { confirm_totp(tx, key, a.person); }));
  EXPECT_TRUE(this->refused([&](WriteTx& tx) { rename(tx, key, a.person, "s2"); }));
  EXPECT_TRUE(this->refused(
      [&](WriteTx& tx) { invite_again(tx, key, a.person, make_start_secret(this->random_), this->now_); }));
  this->db_->write(this->home_, [&](WriteTx& tx) {
    EXPECT_FALSE(keep_client_account(tx, key, a.person, Role::student, "s1", "周敏", true, this->now_));
    EXPECT_FALSE(use_totp(tx, key, a.person, "000000", this->now_));
    (void)new_totp(tx, key, a.person, this->random_);
  });
  EXPECT_FALSE(this->account(a.person));
}

TYPED_TEST(Rows, AnEditedSessionIsNoSession) {
  constexpr storage::Sql kSessionEdits[] = {
      "UPDATE sessions SET owner = X'00112233445566778899aabbccddeeff' WHERE school_id = ?1 AND lookup = ?2",
      "UPDATE sessions SET owner = X'00' WHERE school_id = ?1 AND lookup = ?2",
      "UPDATE sessions SET sealed = X'0011' WHERE school_id = ?1 AND lookup = ?2",
      "UPDATE sessions SET totp_done = 0 WHERE school_id = ?1 AND lookup = ?2",
      "UPDATE sessions SET idle_ends_at = idle_ends_at + 1 WHERE school_id = ?1 AND lookup = ?2",
      "UPDATE sessions SET ends_at = ends_at + 1 WHERE school_id = ?1 AND lookup = ?2",
      "UPDATE sessions SET mac = NULL WHERE school_id = ?1 AND lookup = ?2",
  };
  const auto a = this->member({Role::reception}, "desk");
  for (const auto& kEdit : kSessionEdits) {
    SCOPED_TRACE(kEdit.text);
    const auto token = this->session(a);
    ASSERT_TRUE(this->resolved(token));
    this->db_->write(this->home_, [&](WriteTx& tx) { ASSERT_EQ(tx.exec(kEdit, tx.school(), token.lookup()), 1); });
    EXPECT_FALSE(this->resolved(token));
  }
}

TYPED_TEST(Rows, RowsFromBeforeGetTheirsOnceAndNeverAgain) {
  const auto a = this->member({Role::director}, "director");
  // As a school of an earlier version left it: the old wrapping, no authenticators.
  auto raw = crypto::Key::random();
  const auto old = crypto::seal(this->keys_->machine().clone(), raw.expose(),
                                crypto::Encoder("xinyi data key v1").raw(this->home_.bytes()).take());
  const vault::DataKey key(this->home_, std::move(raw));
  const auto put_back = [&](WriteTx& tx) {
    tx.exec("UPDATE server_keys SET wrapped = ?2 WHERE school_id = ?1", tx.school(), old);
  };
  const auto strip = [&](WriteTx& tx) { tx.exec("UPDATE accounts SET mac = NULL WHERE school_id = ?1", tx.school()); };
  const auto start = [&] { authenticate_rows_once(*this->db_, *this->keys_, this->home_, this->now_); };
  const auto good = [&] {
    return this->db_->read(this->home_, [&](ReadTx& tx) { return account_of(tx, key, a.person).has_value(); });
  };
  const auto events = [&] {
    return this->db_->read(this->home_, [&](ReadTx& tx) {
      return tx
          .one("SELECT count(*) FROM audit_events WHERE school_id = ?1 AND act = 'accounts.authenticated'", tx.school())
          ->template get<int>(0);
    });
  };
  this->db_->write(this->home_, [&](WriteTx& tx) {
    put_back(tx);
    strip(tx);
  });
  EXPECT_FALSE(good());
  start();
  EXPECT_TRUE(good());
  EXPECT_EQ(events(), 1);

  // Whoever empties the column gets nothing new, at this start or any later one.
  this->db_->write(this->home_, strip);
  start();
  EXPECT_FALSE(good());
  EXPECT_EQ(events(), 1);

  // Nor whoever kept the old wrapping and puts it back.
  this->db_->write(this->home_, put_back);
  EXPECT_THROW(start(), storage::OperatorError);
  const vault::ServerKeys reopened(this->folder_.path() + "/secrets");
  EXPECT_TRUE(reopened.rows_noted(this->home_));
  EXPECT_FALSE(good());
}

TYPED_TEST(Rows, ASchoolMadeTodayIsNotedAtItsFirstStart) {
  const auto a = this->member({Role::director}, "director");
  EXPECT_FALSE(this->keys_->rows_noted(this->home_));
  authenticate_rows_once(*this->db_, *this->keys_, this->home_, this->now_);
  EXPECT_TRUE(this->keys_->rows_noted(this->home_));
  EXPECT_TRUE(this->account(a.person));
  // A school without a key is left alone.
  authenticate_rows_once(*this->db_, *this->keys_, this->away_, this->now_);
  EXPECT_FALSE(this->keys_->rows_noted(this->away_));
}
}  // namespace
}  // namespace xinyi::identity
