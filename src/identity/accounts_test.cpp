#include "identity/accounts.hpp"

#include <gtest/gtest.h>

#include <filesystem>

#include "identity/declarations.hpp"
#include "identity/sessions.hpp"
#include "kernel/embedded.hpp"

namespace xinyi::embedded {
std::span<const File> vault_migrations();
std::span<const File> audit_migrations();
std::span<const File> identity_migrations();
}  // namespace xinyi::embedded

using namespace xinyi;
using namespace xinyi::identity;
using storage::ReadTx;
using storage::WriteTx;

namespace {
/// A school with its data key in a real database.
class Accounts : public ::testing::Test {
 protected:
  Accounts() {
    crypto::start();
    std::string name = (std::filesystem::temp_directory_path() / "xinyi-accounts-XXXXXX").string();
    folder_ = mkdtemp(name.data());
    std::filesystem::create_directories(folder_ + "/data");
    vault::ServerKeys::create(folder_ + "/secrets", folder_ + "/data");
    keys_ = std::make_unique<vault::ServerKeys>(folder_ + "/secrets", folder_ + "/data");
    db_ = storage::open_sqlite({.path = folder_ + "/data/x.db", .vfs = {}});
    std::vector<storage::Migration> steps;
    const auto add = [&](const char* room, std::span<const embedded::File> files) {
      for (const auto& f : files) steps.push_back({std::string(room) + "/" + std::string(f.name), std::string(f.text)});
    };
    add("vault", embedded::vault_migrations());
    add("audit", embedded::audit_migrations());
    add("identity", embedded::identity_migrations());
    db_->migrate(steps);
    school_ = random_.id<SchoolId>(now_);
    db_->write(school_, [&](WriteTx& tx) { key_.emplace(vault::create_data_key(tx, *keys_)); });
  }
  ~Accounts() override {
    db_.reset();
    std::filesystem::remove_all(folder_);
  }
  Account invited(Roles roles, std::string username = "zhou") {
    Account a;
    a.person = random_.id<PersonId>(now_);
    a.username = std::move(username);
    a.name = "周敏";
    a.roles = roles;
    secret_ = make_start_secret(random_);
    db_->write(school_, [&](WriteTx& tx) { invite(tx, *key_, a, secret_, now_); });
    return a;
  }
  Account active(Roles roles, std::string username = "zhou") {
    auto a = invited(roles, std::move(username));
    db_->write(school_, [&](WriteTx& tx) {
      set_password(tx, *key_, a.person, make_password("four plain words here", school_, a.person, false, nullptr), 0);
      a = *account_of(tx, *key_, a.person);
    });
    return a;
  }
  std::optional<Principal> resolved(const Token& t) {
    return db_->read(school_, [&](ReadTx& tx) { return resolve(tx, *key_, t, now_); });
  }

  std::string folder_;
  SystemRandom random_;
  Instant now_{1'800'000'000'000'000};
  SchoolId school_;
  std::unique_ptr<vault::ServerKeys> keys_;
  std::unique_ptr<storage::Database> db_;
  std::optional<vault::DataKey> key_;
  StartSecret secret_;
};
}  // namespace

TEST_F(Accounts, StartSecretWorksOnceAndForSevenDays) {
  const auto a = invited({Role::reception});
  const auto fits = [&](std::string_view typed, Instant at) {
    return db_->read(school_, [&](ReadTx& tx) { return start_secret_fits(tx, *key_, a.person, typed, at); });
  };
  std::string sloppy = secret_.text;
  for (auto& c : sloppy) c = static_cast<char>(c == '-' ? ' ' : std::tolower(c));
  EXPECT_TRUE(fits(secret_.text, now_));
  EXPECT_TRUE(fits(sloppy, now_));
  EXPECT_FALSE(fits("2222-2222-2222-2222", now_));
  EXPECT_FALSE(fits(secret_.text, now_ + std::chrono::hours(24 * 7)));
  db_->write(school_, [&](WriteTx& tx) { set_password(tx, *key_, a.person, make_password("four plain words", school_, a.person, false, nullptr), 0); });
  EXPECT_FALSE(fits(secret_.text, now_));
}

TEST_F(Accounts, AccountNamesAreUnique) {
  invited({Role::reception});
  EXPECT_THROW(invited({Role::archivist}), Refusal);
}

TEST_F(Accounts, PasswordsThatPeopleGuessAreRefused) {
  Account a;
  a.username = "zhoumin";
  a.name = "周敏";
  a.roles = {Role::counsellor};
  const auto code = [&](std::string_view p) {
    try {
      check_password(p, a, "清源实验学校");
    } catch (const Refusal& r) {
      return r.problem().code;
    }
    return Code::internal;
  };
  for (auto p : {"password123", "1234567890", "woaini1314520", "zhoumin1234", "qwertyuiop", "aaaaaaaaaaaa"}) EXPECT_EQ(code(p), Code::password_common) << p;
  EXPECT_EQ(code("kurz"), Code::password_short);
  for (auto p : {"correct horse battery", "窗台 月亮 石榴 算盘", "vB7#kqPz2!wd"}) EXPECT_EQ(code(p), Code::internal) << p;
}

TEST_F(Accounts, RolesThatMustNotMeet) {
  for (Roles bad : {Roles{Role::administrator, Role::counsellor}, Roles{Role::administrator, Role::director}, Roles{Role::principal, Role::director},
                    Roles{Role::administrator, Role::reception}, Roles{Role::bureau, Role::reception},
                    Roles{Role::student, Role::reception}, Roles{}})
    EXPECT_THROW(check_roles(bad), Refusal);
  EXPECT_NO_THROW(check_roles({Role::director, Role::counsellor, Role::archivist, Role::crisis_team}));  // the one-teacher school
}

TEST_F(Accounts, SessionsEndIdleAbsolutelyAndWithTheAccount) {
  const auto a = active({Role::student}, "s1");
  std::optional<Token> token;
  db_->write(school_, [&](WriteTx& tx) { token = open_session(tx, *key_, a.person, false, a.role_stamp, false, nullptr, now_); });
  ASSERT_TRUE(resolved(*token));
  EXPECT_EQ(resolved(*token)->person, a.person);
  EXPECT_EQ(resolved(*Token::from_cookie(token->to_cookie()))->person, a.person);
  const auto start = now_;
  now_ = start + std::chrono::minutes(15);
  EXPECT_FALSE(resolved(*token));
  now_ = start + std::chrono::minutes(14);
  db_->write(school_, [&](WriteTx& tx) { touch(tx, *key_, *resolved(*token), now_); });
  now_ = start + std::chrono::minutes(28);
  EXPECT_TRUE(resolved(*token));
  for (int i = 2; i < 10; ++i) {
    now_ = start + std::chrono::minutes(14 * i);
    if (const auto who = resolved(*token)) db_->write(school_, [&](WriteTx& tx) { touch(tx, *key_, *who, now_); });
  }
  EXPECT_FALSE(resolved(*token));  // two hours are the end, however busy
}

TEST_F(Accounts, AStolenSessionRowOpensNothing) {
  const auto a = active({Role::counsellor});
  const auto secret = crypto::PersonSecret::random();
  std::optional<Token> token;
  db_->write(school_, [&](WriteTx& tx) { token = open_session(tx, *key_, a.person, true, a.role_stamp, true, &secret, now_); });
  ASSERT_TRUE(resolved(*token));
  EXPECT_TRUE(crypto::equal(resolved(*token)->secret->expose(), secret.expose()));
  // The row has no person in it, and another token with the same look-up id does not exist.
  db_->read(school_, [&](ReadTx& tx) {
    const auto row = tx.one("SELECT sealed, owner, lookup FROM sessions WHERE school_id = ?1", school_);
    for (int column = 0; column < 3; ++column) {
      const auto bytes = row->get<Bytes>(column);
      EXPECT_EQ(text(bytes).find(text(a.person.bytes())), std::string_view::npos);
      EXPECT_EQ(text(bytes).find(text(secret.expose())), std::string_view::npos);
    }
  });
  EXPECT_FALSE(resolved(Token{school_, crypto::Key::random()}));
}

TEST_F(Accounts, WhoCanOnlyWriteRowsMakesNoSession) {
  // The form of a row is no secret: somebody with the database puts one there for the director, with a token of their own.
  const auto a = active({Role::director});
  std::optional<Token> token;
  const auto elsewhere = random_.id<SchoolId>(now_);
  const auto guessed = db_->write(elsewhere, [&](WriteTx& tx) { return vault::create_data_key(tx, *keys_); });
  db_->write(school_, [&](WriteTx& tx) { token = open_session(tx, guessed, a.person, true, a.role_stamp, true, nullptr, now_); });
  EXPECT_FALSE(resolved(*token));
}

TEST_F(Accounts, ASessionFromBeforeTheSecondFactorDoesNotGrow) {
  const auto a = active({Role::reception});
  std::optional<Token> owner, thief, client;
  const auto pupil = active({Role::student}, "s1");
  db_->write(school_, [&](WriteTx& tx) {
    owner = open_session(tx, *key_, a.person, true, a.role_stamp, false, nullptr, now_);
    thief = open_session(tx, *key_, a.person, true, a.role_stamp, false, nullptr, now_);
    client = open_session(tx, *key_, pupil.person, false, pupil.role_stamp, false, nullptr, now_);
  });
  const auto who = resolved(*owner);
  ASSERT_TRUE(who);
  ASSERT_TRUE(resolved(*thief));
  db_->write(school_, [&](WriteTx& tx) { confirm_totp(tx, *key_, a.person); });
  EXPECT_FALSE(resolved(*thief));
  db_->write(school_, [&](WriteTx& tx) { totp_shown(tx, *key_, *who); });
  ASSERT_TRUE(resolved(*owner));
  EXPECT_FALSE(resolved(*owner)->needs_now(Need::totp));
  EXPECT_FALSE(resolved(*thief));
  EXPECT_TRUE(resolved(*client));  // nobody else's
}

TEST_F(Accounts, DisablingEndsSessionsAtOnce) {
  const auto a = active({Role::reception});
  std::optional<Token> token;
  db_->write(school_, [&](WriteTx& tx) { token = open_session(tx, *key_, a.person, true, a.role_stamp, true, nullptr, now_); });
  const auto who = resolved(*token);
  ASSERT_TRUE(who);
  db_->write(school_, [&](WriteTx& tx) { set_state(tx, *key_, a.person, AccountState::disabled); });
  EXPECT_FALSE(resolved(*token));
  EXPECT_THROW(db_->read(school_, [&](ReadTx& tx) { recheck(tx, *key_, *who, now_); }), Refusal);
}

TEST_F(Accounts, CodesWorkOnce) {
  const auto a = active({Role::reception});
  Bytes secret;
  const auto use = [&](std::string code, Instant at) {
    return db_->write(school_, [&](WriteTx& tx) { return use_totp(tx, *key_, a.person, code, at); });
  };
  db_->write(school_, [&](WriteTx& tx) { secret = new_totp(tx, *key_, a.person, random_); });
  EXPECT_FALSE(use("000000", now_) && use("000001", now_));
  const auto code = totp_code(secret, now_);
  EXPECT_TRUE(use(code, now_));
  EXPECT_FALSE(use(code, now_));
  const auto next = now_ + std::chrono::seconds(30);
  EXPECT_TRUE(use(totp_code(secret, next), now_));             // a clock that is half a minute ahead
  EXPECT_FALSE(use(totp_code(secret, now_), next));            // never back again
  EXPECT_FALSE(use(totp_code(secret, now_ + std::chrono::minutes(5)), now_));
}

TEST(Totp, AClockThatWasAheadKeepsNobodyOutAndNoCodeComesBack) {
  constexpr std::int64_t now = 60'000'000, year = 1'051'200;  // steps
  const TotpUse today{now - 10, 0};
  EXPECT_EQ(totp_after(today, now, now), (TotpUse{now, 0}));
  EXPECT_FALSE(totp_after({now, 0}, now, now));
  EXPECT_FALSE(totp_after({now + 1, 0}, now, now)) << "a phone half a minute ahead: steps only rise";
  // The clock went a year ahead, a code was used there, and the clock came back.
  const auto ahead = totp_after(today, now + year, now + year);
  ASSERT_TRUE(ahead);
  const auto back = totp_after(*ahead, now, now);
  ASSERT_TRUE(back);
  EXPECT_FALSE(totp_after(*back, now, now)) << "once";
  EXPECT_FALSE(totp_after(*back, now - 1, now)) << "steps only rise, again";
  EXPECT_TRUE(totp_after(*back, now + 1, now + 1));
  EXPECT_FALSE(totp_after(*back, now + year, now + year)) << "the very code that was used then stays spent";
  EXPECT_TRUE(totp_after(*back, now + year + 1, now + year + 1));
  // A second trip that does not go as far does not forget the first.
  const auto again = totp_after(*totp_after(*back, now + 500, now + 500), now + 1, now + 1);
  ASSERT_TRUE(again);
  EXPECT_FALSE(totp_after(*again, now + year, now + year));
}

TEST_F(Accounts, TheOwnerSignsInAfterTheClockWasAhead) {
  const auto a = active({Role::reception});
  Bytes secret;
  const auto use = [&](std::string code, Instant at) {
    return db_->write(school_, [&](WriteTx& tx) { return use_totp(tx, *key_, a.person, code, at); });
  };
  db_->write(school_, [&](WriteTx& tx) { secret = new_totp(tx, *key_, a.person, random_); });
  const auto wrong = now_ + std::chrono::hours(24 * 365);
  EXPECT_TRUE(use(totp_code(secret, wrong), wrong));
  EXPECT_TRUE(use(totp_code(secret, now_), now_));
  EXPECT_FALSE(use(totp_code(secret, now_), now_));
  EXPECT_FALSE(use(totp_code(secret, wrong), wrong));
}

TEST(SlowDown, NoPauseOutlastsItsLength) {
  const Instant now{1'800'000'000'000'000};
  EXPECT_EQ(wait_left(5, now, now), 30);
  EXPECT_EQ(wait_left(5, now, now + std::chrono::seconds(29)), 1);
  EXPECT_EQ(wait_left(5, now, now + std::chrono::seconds(30)), 0);
  EXPECT_EQ(wait_left(99, now + std::chrono::seconds(20), now), 900) << "tries under way at once: a little ahead of each other";
  EXPECT_EQ(wait_left(99, now + std::chrono::hours(24 * 365), now), 0) << "noted by a clock that was a year ahead";
  for (int minutes = -60; minutes <= 60; ++minutes) EXPECT_LE(wait_left(99, now + std::chrono::minutes(minutes), now), 900);
}

TEST_F(Accounts, ASessionFromAClockThatWasAheadIsOver) {
  const auto a = active({Role::student}, "s1");
  std::optional<Token> token;
  const auto right = now_;
  now_ = right + std::chrono::hours(24 * 365);
  db_->write(school_, [&](WriteTx& tx) { token = open_session(tx, *key_, a.person, false, a.role_stamp, false, nullptr, now_); });
  EXPECT_TRUE(resolved(*token));
  now_ = right;
  EXPECT_FALSE(resolved(*token)) << "it would live for a year";
}

TEST(Totp, KnownAnswer) {
  // RFC 6238 appendix B, the last six digits.
  const auto secret = view("12345678901234567890");
  EXPECT_EQ(totp_code(secret, Instant{59'000'000}), "287082");
  EXPECT_EQ(totp_code(secret, Instant{1'111'111'109'000'000}), "081804");
}

TEST_F(Accounts, GuessingIsSlowedAndTheOwnerStaysIn) {
  const auto wait = [&](std::string_view remote) {
    return db_->read(school_, [&](ReadTx& tx) { return wait_seconds(tx, *key_, "zhou", remote, now_); });
  };
  db_->write(school_, [&](WriteTx& tx) { note_success(tx, *key_, "zhou", "10.0.0.5"); });
  for (int i = 0; i < 40; ++i) db_->write(school_, [&](WriteTx& tx) { note_failure(tx, *key_, "zhou", "10.0.0." + std::to_string(100 + i % 20), now_); });
  EXPECT_GT(wait("10.0.0.200"), 0);   // a stranger's next address waits too
  EXPECT_EQ(wait("10.0.0.5"), 0);     // the owner's does not
  for (int i = 0; i < 5; ++i) db_->write(school_, [&](WriteTx& tx) { note_failure(tx, *key_, "zhou", "10.0.0.5", now_); });
  EXPECT_GT(wait("10.0.0.5"), 0);
  EXPECT_LE(wait("10.0.0.5"), 30);
}

TEST(SlowDown, GrowsToAQuarterOfAnHourAndNoFurther) {
  std::int64_t before = 0;
  for (int n = 0; n < 100; ++n) {
    EXPECT_GE(wait_after(n), before);
    EXPECT_LE(wait_after(n), 900);
    before = wait_after(n);
  }
  EXPECT_EQ(wait_after(4), 0);
  EXPECT_EQ(wait_after(5), 30);
  EXPECT_EQ(wait_after(99), 900);
}

TEST_F(Accounts, ANewPledgeAsksAgain) {
  const auto a = active({Role::counsellor});
  const auto due = [&] { return db_->read(school_, [&](ReadTx& tx) { return pledge_due(tx, a.person); }); };
  db_->write(school_, [&](WriteTx& tx) { publish_first_pledge(tx, random_.id<DeclarationId>(now_), now_); });
  EXPECT_TRUE(due());
  const auto first = db_->read(school_, [&](ReadTx& tx) { return declarations_due(tx, a.person).at(0); });
  db_->write(school_, [&](WriteTx& tx) { acknowledge(tx, first.id, a.person, now_); });
  EXPECT_FALSE(due());
  auto second = first;
  second.id = random_.id<DeclarationId>(now_);
  db_->write(school_, [&](WriteTx& tx) { EXPECT_EQ(publish(tx, second, a.person), 2); });
  EXPECT_TRUE(due());
  EXPECT_THROW(db_->write(school_, [&](WriteTx& tx) { acknowledge(tx, first.id, a.person, now_); }), Refusal);  // the old one is history
}

TEST_F(Accounts, RosterAccountsFollowTheRoster) {
  const auto person = random_.id<PersonId>(now_);
  const auto keep = [&](std::string_view name, bool allowed) {
    return db_->write(school_, [&](WriteTx& tx) { return keep_client_account(tx, *key_, person, Role::student, "2026001", name, allowed, now_); });
  };
  const auto state = [&] { return db_->read(school_, [&](ReadTx& tx) { return account_of(tx, *key_, person)->state; }); };
  EXPECT_TRUE(keep("王一", true));
  EXPECT_EQ(state(), AccountState::invited);
  keep("王一", false);
  EXPECT_EQ(state(), AccountState::disabled);
  keep("王一", true);
  EXPECT_EQ(state(), AccountState::invited);
  const auto version = db_->read(school_, [&](ReadTx& tx) { return account_of(tx, *key_, person)->version; });
  keep("王一", true);
  EXPECT_EQ(db_->read(school_, [&](ReadTx& tx) { return account_of(tx, *key_, person)->version; }), version);  // twice changes nothing
  invited({Role::reception}, "taken");
  EXPECT_FALSE(db_->write(school_, [&](WriteTx& tx) {
    return keep_client_account(tx, *key_, random_.id<PersonId>(now_), Role::student, "taken", "李二", true, now_);
  }));
}
