// Room, duty and crisis keys: handed on, renewed, and what waits under them.
#include "vault/test_vault.hpp"

using namespace xinyi;
using namespace xinyi::vault;
using namespace xinyi::vault::testing;

TEST_F(Vault, RoomKeysAreHandedOnToCertifiedPeopleOnly) {
  write([&](storage::WriteTx& tx) {
    EXPECT_EQ(open_room_key(tx, *keys_, RoomKeyKind::duty, director_).box_public, duty_.box_public);
    EXPECT_REFUSED(not_found, open_room_key(tx, *keys_, RoomKeyKind::duty, counsellor_));
    EXPECT_REFUSED(not_found, wrap_room_key_for(tx, *keys_, RoomKeyKind::duty, counsellor_, colleague_.person));
    EXPECT_REFUSED(not_allowed, wrap_room_key_for(tx, *keys_, RoomKeyKind::duty, director_, person().person));
    EXPECT_EQ(wrap_room_key_for(tx, *keys_, RoomKeyKind::duty, director_, counsellor_.person), 1);
    EXPECT_EQ(wrap_room_key_for(tx, *keys_, RoomKeyKind::duty, director_, counsellor_.person), 1);  // again: no harm
    EXPECT_EQ(open_room_key(tx, *keys_, RoomKeyKind::duty, counsellor_).box_public, duty_.box_public);
    EXPECT_EQ(holders_of(tx, RoomKeyKind::duty).size(), 2u);
    // A stolen identity: the person's id with another secret.
    const auto impostor = unlock(counsellor_.person, crypto::PersonSecret::random());
    EXPECT_REFUSED(certification_needed, open_room_key(tx, *keys_, RoomKeyKind::duty, impostor));
    // The copy moved to another holder's name, and a changed giver.
    tx.exec("UPDATE room_key_wrappings SET holder = ?2 WHERE holder = ?1", counsellor_.person, colleague_.person);
    EXPECT_REFUSED(content_damaged, open_room_key(tx, *keys_, RoomKeyKind::duty, colleague_));
    tx.exec("UPDATE room_key_wrappings SET holder = ?2 WHERE holder = ?1", colleague_.person, counsellor_.person);
    tx.exec("UPDATE room_key_wrappings SET giver = ?2 WHERE holder = ?1", counsellor_.person, colleague_.person);
    EXPECT_REFUSED(content_damaged, open_room_key(tx, *keys_, RoomKeyKind::duty, counsellor_));
    tx.exec("UPDATE room_key_wrappings SET giver = ?2 WHERE holder = ?1", counsellor_.person, director_.person);
    // A seed of somebody's own making, properly signed by a certified person: not the pinned key.
    const auto other = crypto::Seed::random();
    store_wrapping(tx, sign_wrapping(school_, room_key(tx, *keys_, RoomKeyKind::duty), counsellor_.person,
                                     crypto::seal_to(counsellor_.pair.box_public, other.expose()), colleague_));
    EXPECT_REFUSED(content_damaged, open_room_key(tx, *keys_, RoomKeyKind::duty, counsellor_));
    withdraw_room_key(tx, RoomKeyKind::duty, counsellor_.person);
    EXPECT_FALSE(holds_room_key(tx, RoomKeyKind::duty, counsellor_.person));
    EXPECT_REFUSED(last_director, withdraw_room_key(tx, RoomKeyKind::room, director_.person));
    // Retired people open nothing.
    wrap_room_key_for(tx, *keys_, RoomKeyKind::room, director_, colleague_.person);
    retire_person_keys(tx, colleague_.person);
    EXPECT_REFUSED(certification_needed, open_room_key(tx, *keys_, RoomKeyKind::room, colleague_));
  });
}

TEST_F(Vault, WaitingContentOpensForTheDutyKeyOnly) {
  const UnitSecret unit{crypto::Key::random()}, other_unit{crypto::Key::random()};
  const Place place{school_, CaseId{}, random_.id<UnitId>(now_), "reason", 1};
  auto sealed = seal_waiting(duty_.box_public, unit, place, view("想聊聊考试"));
  EXPECT_EQ(open_waiting(duty_, unit, place, sealed).expose_text(), "想聊聊考试");
  EXPECT_REFUSED(content_damaged, open_waiting(crisis_, unit, place, sealed));
  EXPECT_REFUSED(content_damaged, open_waiting(duty_, other_unit, place, sealed));
  auto elsewhere = place;
  elsewhere.unit = random_.id<UnitId>(now_);
  EXPECT_REFUSED(content_damaged, open_waiting(duty_, unit, elsewhere, sealed));
  for (const std::size_t n : {std::size_t{0}, std::size_t{1}, std::size_t{80}, std::size_t{81}, sealed.size() - 1})
    EXPECT_REFUSED(content_damaged, open_waiting(duty_, unit, place, View(sealed).first(n)));
  sealed[0] = 2;
  EXPECT_REFUSED(content_damaged, open_waiting(duty_, unit, place, sealed));
}

TEST_F(Vault, ARenewedDutyKeyShutsOutWhoKeptTheOldOneAndNothingElse) {
  const UnitSecret unit{crypto::Key::random()};
  const Place place{school_, CaseId{}, random_.id<UnitId>(now_), "reason", 1};
  const auto before = seal_waiting(duty_.box_public, unit, place, view("以前的话"));
  const auto seed = crypto::Seed::random();
  write([&](storage::WriteTx& tx) {
    for (const auto* each : {&counsellor_, &colleague_}) wrap_room_key_for(tx, *keys_, RoomKeyKind::duty, director_, each->person);
    EXPECT_REFUSED(not_found, renew_room_key(tx, *keys_, RoomKeyKind::duty, seed, counsellor_));  // holds no room key
    withdraw_room_key(tx, RoomKeyKind::duty, colleague_.person);
    EXPECT_EQ(renew_room_key(tx, *keys_, RoomKeyKind::duty, seed, director_), 2);
    const auto now = room_key(tx, *keys_, RoomKeyKind::duty);
    EXPECT_EQ(now.generation, 2);
    const auto after = seal_waiting(now.box_public, unit, place, view("以后的话"));
    for (const auto* each : {&director_, &counsellor_}) {
      EXPECT_EQ(open_waiting_as(tx, *keys_, *each, unit, place, before).expose_text(), "以前的话");
      EXPECT_EQ(open_waiting_as(tx, *keys_, *each, unit, place, after).expose_text(), "以后的话");
    }
    EXPECT_REFUSED(not_found, open_waiting_as(tx, *keys_, colleague_, unit, place, after));
    EXPECT_REFUSED(content_damaged, open_waiting(duty_, unit, place, after));  // the copy that was kept
    // Somebody who comes later reads what still waits under either.
    wrap_room_key_for(tx, *keys_, RoomKeyKind::duty, director_, colleague_.person);
    EXPECT_EQ(generations_held(tx, RoomKeyKind::duty, colleague_.person), (std::vector<int>{2, 1}));
  });
}

TEST_F(Vault, ADutyKeyThatTheRoomDidNotVouchForIsNone) {
  const auto mine = crypto::derive(crypto::Seed::random());
  write([&](storage::WriteTx& tx) {
    const auto plant = [&](const std::optional<crypto::Signature>& by) {
      tx.exec("DELETE FROM room_keys WHERE kind = 'duty' AND generation = 2");
      tx.exec("INSERT INTO room_keys (school_id, kind, generation, box_public, certificate) VALUES (?1, 'duty', 2, ?2, ?3)", school_,
              mine.box_public.bytes, by ? std::optional(by->bytes) : std::nullopt);
    };
    const RoomKey planted{RoomKeyKind::duty, 2, mine.box_public, std::nullopt};
    plant(std::nullopt);
    EXPECT_REFUSED(no_duty_key, room_key(tx, *keys_, RoomKeyKind::duty));
    plant(crypto::sign(mine, renewal_message(school_, planted)));
    EXPECT_REFUSED(no_duty_key, room_key(tx, *keys_, RoomKeyKind::duty));
    plant(crypto::sign(director_.pair, renewal_message(school_, planted)));
    EXPECT_REFUSED(no_duty_key, room_key(tx, *keys_, RoomKeyKind::duty));
    auto elsewhere = planted;
    elsewhere.generation = 3;
    plant(crypto::sign(room_, renewal_message(school_, elsewhere)));
    EXPECT_REFUSED(no_duty_key, room_key(tx, *keys_, RoomKeyKind::duty));
    plant(crypto::sign(room_, renewal_message(random_.id<SchoolId>(now_), planted)));
    EXPECT_REFUSED(no_duty_key, room_key(tx, *keys_, RoomKeyKind::duty));
    plant(crypto::sign(room_, renewal_message(school_, planted)));  // the control
    EXPECT_EQ(room_key(tx, *keys_, RoomKeyKind::duty).box_public, mine.box_public);
  });
}
