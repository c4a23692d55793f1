// Posting, sending and listening on both engines.
#include "notify/store.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "http/testing/house.hpp"
#include "storage/testing/engines.hpp"

namespace xinyi::embedded {
std::span<const File> notify_migrations();
}

namespace xinyi::notify {
namespace {
using namespace std::chrono_literals;
using storage::ReadTx;
using storage::WriteTx;

Instant at(std::string_view text) { return *instant_from_text(text); }
constexpr std::string_view kAddress = "li.xinruo.canary@example.org";

template <class E>
class NotifyOn : public ::testing::Test {
 protected:
  void SetUp() override {
    crypto::start();
    vault::ServerKeys::create(folder_.path() + "/secrets");
    keys_.emplace(folder_.path() + "/secrets");
    auto steps = http::testing::migrations();
    for (auto& s : http::testing::steps(embedded::notify_migrations())) steps.push_back(std::move(s));
    db_->migrate(steps);
    db_->write(home_, [&](WriteTx& tx) {
      tx.exec("INSERT INTO schools (id, code, name, stages, zone, state, created_at) VALUES (?1,'test','心驿中学','junior','Asia/Shanghai','open',?2)", home_,
              clock_.now());
      vault::create_data_key(tx, *keys_);
    });
    schools_.emplace(*db_, *keys_);
    school_ = schools_->of(home_);
  }
  template <class F>
  auto write(F f) { return db_->write(home_, std::move(f)); }
  template <class F>
  auto read(F f) { return db_->read(home_, std::move(f)); }

  Posted post_to(const Recipient& to, Kind kind, std::uint8_t event, std::string_view step) {
    return write([&](WriteTx& tx) { return post(tx, *school_, to, {kind, Fixed<16>{event}, step, clock_.now() + 24h}, clock_.now(), random_); });
  }
  void offer_mail() {
    MailSettings m;
    m.enabled = true;
    m.host = "127.0.0.1";
    m.port = 25;
    m.password = "canary-password";
    m.sender = "n@school.cn";
    write([&](WriteTx& tx) { EXPECT_TRUE(keep_mail_settings(tx, school_->data_key, m, 0, clock_.now())); });
  }
  void choose(const ClientRef& self) {
    write([&](WriteTx& tx) { choose_address(tx, school_->data_key, person_owner(school_->data_key, self), std::string(kAddress), clock_.now()); });
  }
  std::optional<Message> begin(std::int64_t fence) {
    return write([&](WriteTx& tx) { return begin_next(tx, *school_, fence, true, true, clock_.now()); });
  }
  bool end(const Message& m, std::int64_t fence, Outcome how, long reply = 0) {
    return write([&](WriteTx& tx) { return end_try(tx, *school_, m, fence, {how, reply}, clock_.now()); });
  }
  bool due() {
    return read([&](ReadTx& tx) { return anything_due(tx, true, true, clock_.now()); });
  }
  Outbox box() {
    return read([](ReadTx& tx) { return outbox(tx); });
  }

  E engine_;
  std::unique_ptr<storage::Database> db_ = engine_.open();
  storage::testing::TemporaryFolder folder_;
  std::optional<vault::ServerKeys> keys_;
  std::optional<identity::Schools> schools_;
  std::shared_ptr<const identity::School> school_;
  FakeClock clock_{at("2026-11-23T02:00:00Z")};  // 10:00 on the wall
  SystemRandom random_;
  const SchoolId home_ = storage::testing::school(1);
  const PersonId zhang_{Fixed<16>{7}};
  const ClientRef child_{Fixed<16>{9}};
};
TYPED_TEST_SUITE(NotifyOn, storage::testing::Engines, storage::testing::EngineNames);

TYPED_TEST(NotifyOn, OneThingIsToldOnceAndARepeatIsCounted) {
  this->offer_mail();
  this->choose(this->child_);
  const auto to = Recipient::client(this->child_);
  const auto first = this->post_to(to, Kind::appointment_soon, 1, "day_before");
  EXPECT_FALSE(first.repeated);
  const auto again = this->post_to(to, Kind::appointment_soon, 1, "day_before");
  EXPECT_TRUE(again.repeated);
  EXPECT_EQ(again.id, first.id);
  EXPECT_FALSE(this->post_to(to, Kind::appointment_soon, 1, "hour_before").repeated) << "another step";
  EXPECT_FALSE(this->post_to(Recipient::client(ClientRef(Fixed<16>{8})), Kind::appointment_soon, 1, "day_before").repeated) << "another child";
  this->read([&](ReadTx& tx) {
    EXPECT_EQ(tx.one("SELECT repeats FROM notices WHERE school_id = ?1 AND id = ?2", tx.school(), first.id)->template get<std::int64_t>(0), 1);
    EXPECT_EQ(tx.one("SELECT count(*) FROM outbox WHERE school_id = ?1", tx.school())->template get<std::int64_t>(0), 2) << "who chose no address gets no mail";
    EXPECT_EQ(tx.one("SELECT count(*) FROM browser_events WHERE school_id = ?1", tx.school())->template get<std::int64_t>(0), 3);
  });
  EXPECT_THROW(this->post_to(to, Kind::ring, 1, "x"), Bug) << "a staff notice for a client";
  // What is undone with its fact was never told.
  EXPECT_THROW(this->write([&](WriteTx& tx) {
    post(tx, *this->school_, to, {Kind::something_new, Fixed<16>{5}, "x"}, this->clock_.now(), this->random_);
    throw Refusal(Code::slot_taken);
  }), Refusal);
  EXPECT_FALSE(this->post_to(to, Kind::something_new, 5, "x").repeated);
}

TYPED_TEST(NotifyOn, ARoomIsRungOnceForAnEventHoweverManyAreTold) {
  this->write([&](WriteTx& tx) {
    insert_hook(tx, this->school_->data_key, {HookId(Fixed<16>{1}), {HookKind::wecom, "群", "https://h.cn/canary-key", "", true}}, this->clock_.now());
  });
  for (std::uint8_t p = 1; p <= 3; ++p) this->post_to(Recipient::staff(PersonId(Fixed<16>{p})), Kind::ring, 1, "alarm");
  this->post_to(Recipient::staff(this->zhang_), Kind::appointment_made, 2, "booked");  // the robot wants urgent ones only
  this->post_to(Recipient::client(this->child_), Kind::something_new, 3, "x");
  EXPECT_EQ(this->box().waiting, 1);
  const auto m = this->begin(1);
  ASSERT_TRUE(m);
  EXPECT_EQ(m->sentence, Sentence::staff_now);
  EXPECT_EQ(m->channel, Channel::hook);
}

TYPED_TEST(NotifyOn, AStolenCopyShowsNoAddressNoKindNoPerson) {
  this->offer_mail();
  this->choose(this->child_);
  this->choose(this->school_->data_key.client_ref(this->zhang_));
  this->post_to(Recipient::client(this->child_), Kind::appointment_soon, 0xab, "day_before");
  this->post_to(Recipient::staff(this->zhang_), Kind::appointment_made, 0xab, "booked");
  this->write([&](WriteTx& tx) {
    insert_hook(tx, this->school_->data_key, {HookId(Fixed<16>{1}), {HookKind::wecom, "canary-room", "https://h.cn/canary-key", "canary-secret", true}}, this->clock_.now());
  });
  Bytes all;
  const auto add = [&](auto rows) {
    for (auto row : rows)
      for (int c = 0; c < 3; ++c) {
        const auto v = row.template get<View>(c);
        all.insert(all.end(), v.begin(), v.end());
      }
  };
  this->read([&](ReadTx& tx) {
    add(tx.query("SELECT sealed, owner, key FROM notices WHERE school_id = ?1", tx.school()));
    add(tx.query("SELECT sealed, id, key FROM outbox WHERE school_id = ?1", tx.school()));
    add(tx.query("SELECT address, owner, owner FROM own_channels WHERE school_id = ?1", tx.school()));
    add(tx.query("SELECT owner, object, owner FROM browser_events WHERE school_id = ?1", tx.school()));
    add(tx.query("SELECT sealed, school_id, school_id FROM mail_settings WHERE school_id = ?1", tx.school()));
    add(tx.query("SELECT sealed, id, id FROM hooks WHERE school_id = ?1", tx.school()));
  });
  const auto holds = [&](View needle) { return std::search(all.begin(), all.end(), needle.begin(), needle.end()) != all.end(); };
  EXPECT_TRUE(holds(this->school_->id.bytes())) << "the search finds what is there";
  for (const std::string_view canary : {std::string_view("canary"), kAddress, std::string_view("appointment"), std::string_view("day_before")}) EXPECT_FALSE(holds(view(canary))) << canary;
  for (const auto& id : {this->zhang_.bytes(), this->child_.bytes(), Fixed<16>{0xab}}) EXPECT_FALSE(holds(id));
  // Two lists of one member of staff do not meet (CARE-17): no pseudonym stands beside notices of both.
  const auto& key = this->school_->data_key;
  const auto self = key.client_ref(this->zhang_);
  const auto joined = person_owner(key, self);
  this->post_to(Recipient::client(self), Kind::something_new, 0xac, "x");
  this->read([&](ReadTx& tx) {
    std::set<Bytes> staff, client;
    for (const auto& [owner, into] : {std::pair{list_owner(key, Recipient::staff(this->zhang_)), &staff}, std::pair{list_owner(key, Recipient::client(self)), &client}}) {
      into->insert(Bytes(owner.begin(), owner.end()));
      for (auto row : tx.query("SELECT n.id, n.key, n.owner, e.owner FROM notices n JOIN browser_events e ON e.school_id = n.school_id AND e.object = n.id "
                               "WHERE n.school_id = ?1 AND n.owner = ?2", tx.school(), owner))
        for (int c = 0; c < 4; ++c) into->insert(row.template get<Bytes>(c));
    }
    EXPECT_GT(staff.size(), 2u);
    EXPECT_GT(client.size(), 2u);
    for (const auto& each : staff) EXPECT_FALSE(client.contains(each));
    EXPECT_FALSE(staff.contains(Bytes(joined.begin(), joined.end())) || client.contains(Bytes(joined.begin(), joined.end())));
  });
}

TYPED_TEST(NotifyOn, QuietHoursAreJudgedWhenPostingAndWhenSending) {
  this->offer_mail();
  this->choose(this->school_->data_key.client_ref(this->zhang_));
  this->clock_.set(at("2026-11-23T14:00:00Z"));  // 22:00
  this->post_to(Recipient::staff(this->zhang_), Kind::appointment_made, 1, "booked");
  EXPECT_FALSE(this->due());
  this->post_to(Recipient::staff(this->zhang_), Kind::ring, 2, "alarm");
  EXPECT_TRUE(this->due());
  const auto urgent = this->begin(1);
  ASSERT_TRUE(urgent);
  EXPECT_TRUE(urgent->urgent);
  EXPECT_TRUE(this->end(*urgent, 1, Outcome::sent));
  EXPECT_FALSE(this->begin(1));
  this->clock_.set(at("2026-11-23T23:00:00Z"));  // 07:00
  EXPECT_TRUE(this->due());
  // The hours were changed meanwhile: now they last until eight.
  const QuietHours longer{{{21 * 60}, {8 * 60}}, {{12 * 60}, {13 * 60}}};
  this->write([&](WriteTx& tx) { keep_quiet_hours(tx, longer); });
  this->read([&](ReadTx& tx) {
    const auto kept = quiet_hours(tx);
    EXPECT_EQ(kept.mail, longer.mail);
    EXPECT_EQ(kept.hook, longer.hook);
  });
  EXPECT_FALSE(this->begin(1)) << "judged again";
  EXPECT_FALSE(this->due()) << "and put off";
  this->clock_.set(at("2026-11-24T00:00:00Z"));
  EXPECT_TRUE(this->begin(1));
}

TYPED_TEST(NotifyOn, AnEarlierHolderChangesNothing) {
  this->offer_mail();
  this->choose(this->school_->data_key.client_ref(this->zhang_));
  this->post_to(Recipient::staff(this->zhang_), Kind::appointment_made, 1, "booked");
  const std::int64_t one = 1, two = 2;  // fences, as storage/lease.hpp hands them out
  const auto begun = this->begin(one);
  ASSERT_TRUE(begun);
  EXPECT_FALSE(begun->repeat);
  EXPECT_FALSE(this->begin(one)) << "it is on its way";
  EXPECT_TRUE(this->due()) << "and stays to be looked at until its end is noted";
  EXPECT_EQ(this->write([](WriteTx& tx) { return recover(tx); }), 1);
  const auto again = this->begin(two);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->id, begun->id) << "so its Message-ID is the same";
  EXPECT_TRUE(again->repeat);
  EXPECT_FALSE(this->end(*begun, one, Outcome::sent)) << "the first one wakes up late";
  EXPECT_FALSE(this->end(*again, one, Outcome::refused)) << "a number of the past, whatever try it speaks of";
  EXPECT_TRUE(this->end(*again, two, Outcome::sent));
  EXPECT_FALSE(this->end(*again, two, Outcome::refused)) << "ended is ended";
  const auto tries = this->read([&](ReadTx& tx) {
    std::string out;
    for (auto row : tx.query("SELECT outcome FROM outbox_tries WHERE school_id = ?1 ORDER BY number", tx.school())) out += std::string(row.template get<std::string_view>(0)) + " ";
    return out;
  });
  EXPECT_EQ(tries, "started sent ") << "a try without an end stays to be seen";
}

TYPED_TEST(NotifyOn, WhatWaitedInARestoredCopyMayHaveBeenSentSince) {
  this->offer_mail();
  this->choose(this->child_);
  for (std::uint8_t e = 1; e <= 2; ++e) this->post_to(Recipient::client(this->child_), Kind::something_new, e, "a");
  ASSERT_TRUE(this->begin(7)) << "its lease is not in the copy, and numbers begin anew";
  this->write([](WriteTx& tx) { distrust_outbox(tx); });
  for (int n = 0; n < 2; ++n) {
    const auto m = this->begin(1);
    ASSERT_TRUE(m);
    EXPECT_TRUE(m->repeat);
  }
}

TYPED_TEST(NotifyOn, ABounceIsFinalAndTroubleIsTriedAgainUntilItsEnd) {
  this->offer_mail();
  const auto self = this->school_->data_key.client_ref(this->zhang_);
  this->choose(self);
  this->write([&](WriteTx& tx) { keep_quiet_hours(tx, {{{0}, {0}}, {{0}, {0}}}); });
  this->post_to(Recipient::staff(this->zhang_), Kind::appointment_made, 1, "booked");
  int n = 0;
  for (std::optional<Message> m; (m = this->begin(1)); this->clock_.advance(1h)) {
    ++n;
    ASSERT_TRUE(this->end(*m, 1, Outcome::unreachable));
    EXPECT_FALSE(this->begin(1)) << "not at once";
  }
  EXPECT_EQ(n, 30);
  EXPECT_EQ(this->box().failed, 1);
  EXPECT_EQ(this->box().items[0].state, State::given_up);
  EXPECT_EQ(this->box().items[0].tries.size(), 30u);

  this->post_to(Recipient::staff(this->zhang_), Kind::appointment_made, 2, "booked");
  ASSERT_TRUE(this->end(*this->begin(1), 1, Outcome::refused, 550));
  EXPECT_EQ(this->box().failed, 2);
  EXPECT_EQ(this->box().items[0].state, State::refused);
  EXPECT_EQ(this->box().items[0].tries[0].reply, 550);
  this->post_to(Recipient::staff(this->zhang_), Kind::appointment_made, 3, "booked");
  EXPECT_FALSE(this->begin(1)) << "an address that refuses gets nothing more";
  this->choose(self);
  this->post_to(Recipient::staff(this->zhang_), Kind::appointment_made, 4, "booked");
  EXPECT_TRUE(this->begin(1)) << "until it is chosen anew";
}

TYPED_TEST(NotifyOn, OwnNoticesAreReadByTheirOwnerAlone) {
  this->post_to(Recipient::client(this->child_), Kind::appointment_soon, 1, "a");
  this->clock_.advance(1s);
  const auto second = this->post_to(Recipient::client(this->child_), Kind::something_new, 2, "b").id;
  const auto other = this->post_to(Recipient::client(ClientRef(Fixed<16>{8})), Kind::something_new, 2, "b").id;
  const auto& key = this->school_->data_key;
  const Mine mine{list_owner(key, Recipient::staff(this->zhang_)), list_owner(key, Recipient::client(this->child_))};
  auto list = this->read([&](ReadTx& tx) { return notices(tx, *this->school_, mine, {}, 30); });
  ASSERT_EQ(list.items.size(), 2u);
  EXPECT_EQ(list.unread, 2);
  EXPECT_EQ(list.items[0].id, second) << "newest first";
  EXPECT_EQ(this->read([&](ReadTx& tx) { return notices(tx, *this->school_, mine, second, 30); }).items.size(), 1u);
  EXPECT_THROW(this->read([&](ReadTx& tx) { return notices(tx, *this->school_, mine, other, 30); }), Refusal);
  this->write([&](WriteTx& tx) {
    EXPECT_EQ(mark_read(tx, mine, {List<NoticeId, 200>{other}}, this->clock_.now()), 0);
    EXPECT_EQ(mark_read(tx, mine, {List<NoticeId, 200>{second}}, this->clock_.now()), 1);
  });
  list = this->read([&](ReadTx& tx) { return notices(tx, *this->school_, mine, {}, 30); });
  EXPECT_EQ(list.unread, 1);
  EXPECT_TRUE(list.items[0].read);
}

TYPED_TEST(NotifyOn, NumbersOfEventsNeverMeanSomethingElse) {
  const auto& key = this->school_->data_key;
  const auto me = list_owner(key, Recipient::client(this->child_)), you = list_owner(key, Recipient::client(ClientRef(Fixed<16>{8})));
  this->write([&](WriteTx& tx) {
    for (int i = 0; i < 3; ++i) tell(tx, me, {EventKind::notices_read, {}}, this->clock_.now());
    tell(tx, you, {EventKind::notices_read, {}}, this->clock_.now());
  });
  const auto mine = this->read([&](ReadTx& tx) { return events_of(tx, me, 1); });
  ASSERT_EQ(mine.size(), 2u);
  EXPECT_EQ(mine[1].number, 3);
  EXPECT_EQ(this->read([&](ReadTx& tx) { return events_of(tx, you, 0); })[0].number, 1) << "counts say nothing about others";
  this->clock_.advance(72h);
  this->write([&](WriteTx& tx) {
    clear_old(tx, this->clock_.now());
    EXPECT_EQ(numbers_of(tx, me), (std::pair<std::int64_t, std::int64_t>(3, 3)));
    tell(tx, me, {EventKind::notices_read, {}}, this->clock_.now());
    EXPECT_EQ(numbers_of(tx, me).second, 4);
  });
}

TYPED_TEST(NotifyOn, OldMessagesAndNoticesGo) {
  this->offer_mail();
  this->choose(this->child_);
  this->post_to(Recipient::client(this->child_), Kind::something_new, 1, "a");
  ASSERT_TRUE(this->end(*this->begin(1), 1, Outcome::sent));
  const auto rows = [&] {
    return this->read([](ReadTx& tx) {
      return tx.one("SELECT (SELECT count(*) FROM notices WHERE school_id = ?1) * 100 + (SELECT count(*) FROM outbox WHERE school_id = ?1) * 10 + "
                    "(SELECT count(*) FROM outbox_tries WHERE school_id = ?1)", tx.school())->template get<std::int64_t>(0);
    });
  };
  EXPECT_EQ(rows(), 111);
  this->clock_.advance(24h * 31);
  this->write([&](WriteTx& tx) { clear_old(tx, this->clock_.now()); });
  EXPECT_EQ(rows(), 100);
  this->clock_.advance(24h * 180);
  this->write([&](WriteTx& tx) { clear_old(tx, this->clock_.now()); });
  EXPECT_EQ(rows(), 0);
}
}  // namespace
}  // namespace xinyi::notify
