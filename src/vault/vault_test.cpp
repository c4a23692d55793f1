// The vault against a real SQLite file: who can open what, and that everything else is refused.
#include "vault/test_vault.hpp"

using namespace xinyi;
using namespace xinyi::vault;
using namespace xinyi::vault::testing;

TEST_F(Vault, SecretsFolderIsRefusedWhenItIsNotSafe) {
  const auto dir = folder_ / "s2";
  ServerKeys::create(dir);
  struct stat info {};
  for (const char* name : {"machine.key", "epoch.key", "log.key"}) {
    ASSERT_EQ(::stat((dir + "/" + name).c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777, 0600u);
    EXPECT_EQ(info.st_size, 32);
  }
  EXPECT_NO_THROW(ServerKeys{dir});
  EXPECT_THROW(ServerKeys::create(dir), SecretsError);        // never overwrites
  EXPECT_THROW(ServerKeys(dir, folder_ / ""), SecretsError);  // inside the data folder
  EXPECT_THROW(ServerKeys::create(folder_ / "data/s", folder_ / "data"), SecretsError);
  EXPECT_THROW(ServerKeys(folder_ / "nowhere"), SecretsError);
  ::chmod((dir + "/epoch.key").c_str(), 0640);
  try {
    ServerKeys wide(dir);
    ADD_FAILURE() << "a key file that the group may read was accepted";
  } catch (const SecretsError& e) {
    EXPECT_NE(std::string(e.what()).find("chmod 600"), std::string::npos);
  }
  ::chmod((dir + "/epoch.key").c_str(), 0600);
  fs::resize_file(dir + "/log.key", 31);
  EXPECT_THROW(ServerKeys{dir}, SecretsError);
}

TEST_F(Vault, PinsOutliveTheProcessAndCannotBeReplacedByARow) {
  const ServerKeys again(folder_ / "secrets");
  const RoomKey room{RoomKeyKind::room, 1, room_.box_public, room_.sign_public};
  EXPECT_TRUE(again.pinned(school_, room));
  EXPECT_FALSE(again.pinned(random_.id<SchoolId>(now_), room));
  write([&](storage::WriteTx& tx) { EXPECT_EQ(room_key(tx, again, RoomKeyKind::duty).box_public, duty_.box_public); });
  const auto evil = crypto::derive(crypto::Seed::random());
  // A hostile database administrator changes the row: whoever seals refuses.
  write([&](storage::WriteTx& tx) {
    tx.exec("UPDATE room_keys SET box_public = ?2 WHERE school_id = ?1 AND kind = 'duty'", school_,
            evil.box_public.bytes);
    tx.exec("UPDATE room_keys SET sign_public = ?2 WHERE school_id = ?1 AND kind = 'room'", school_,
            evil.sign_public.bytes);
    EXPECT_REFUSED(no_duty_key, room_key(tx, *keys_, RoomKeyKind::duty));
    EXPECT_REFUSED(setup_needed, room_key(tx, *keys_, RoomKeyKind::room));
    EXPECT_FALSE(certified_key(tx, *keys_, counsellor_.person));
    EXPECT_REFUSED(not_allowed,
                   store_room_key(tx, *keys_, RoomKey{RoomKeyKind::duty, 2, evil.box_public, std::nullopt}));
  });
  std::ofstream(folder_ / "secrets/room.pin", std::ios::app) << "nonsense\n";
  EXPECT_THROW(ServerKeys(folder_ / "secrets"), SecretsError);
}

TEST_F(Vault, PseudonymsDependOnSchoolPersonAndLabel) {
  const auto key = write([&](storage::WriteTx& tx) { return create_data_key(tx, *keys_); });
  const auto loaded = db_->read(school_, [&](storage::ReadTx& tx) { return load_data_key(tx, *keys_); });
  ASSERT_TRUE(loaded);
  const auto a = random_.id<PersonId>(now_), b = random_.id<PersonId>(now_);
  EXPECT_EQ(key.client_ref(a), loaded->client_ref(a));
  EXPECT_NE(key.client_ref(a), key.client_ref(b));
  EXPECT_NE(key.client_ref(a).bytes(), a.bytes());
  EXPECT_NE(key.keyed("session", a.bytes()), key.keyed("principal", a.bytes()));
  EXPECT_NE(key.keyed("a", view("bc")), key.keyed("ab", view("c")));
  EXPECT_EQ(key.keyed("session", a.bytes()), loaded->keyed("session", a.bytes()));
  const auto other = random_.id<SchoolId>(now_);
  const auto there = db_->write(other, [&](storage::WriteTx& tx) { return create_data_key(tx, *keys_); });
  EXPECT_NE(key.client_ref(a), there.client_ref(a));
  EXPECT_THROW(write([&](storage::WriteTx& tx) { create_data_key(tx, *keys_); }), storage::ConstraintError);
}

TEST_F(Vault, ProtectedColumnsOpenOnlyAtTheirPlace) {
  const auto key = write([&](storage::WriteTx& tx) { return create_data_key(tx, *keys_); });
  const Bytes row(16, 1), other_row(16, 2);
  const auto sealed = key.protect("13800000000", "people.phone", row);
  EXPECT_EQ(key.reveal(sealed, "people.phone", row).expose_text(), "13800000000");
  EXPECT_REFUSED(content_damaged, key.reveal(sealed, "people.phone", other_row));
  EXPECT_REFUSED(content_damaged, key.reveal(sealed, "people.mail", row));
  // The same key in another school's name, as if rows had been copied over.
  const auto there =
      db_->write(random_.id<SchoolId>(now_), [&](storage::WriteTx& tx) { return create_data_key(tx, *keys_); });
  EXPECT_REFUSED(content_damaged, there.reveal(sealed, "people.phone", row));
}

TEST_F(Vault, DataKeyIsRecoveredByTheRoomKeyOnly) {
  const auto person = random_.id<PersonId>(now_);
  const auto ref = write([&](storage::WriteTx& tx) {
    const auto key = create_data_key(tx, *keys_);
    EXPECT_FALSE(recover_data_key(tx, room_));
    seal_data_key_for_recovery(tx, key, room_key(tx, *keys_, RoomKeyKind::room));
    return key.client_ref(person);
  });
  ServerKeys::create(folder_ / "new_machine");
  const ServerKeys machine(folder_ / "new_machine");
  write([&](storage::WriteTx& tx) {
    EXPECT_REFUSED(internal, load_data_key(tx, machine));
    EXPECT_FALSE(recover_data_key(tx, duty_));
    const auto recovered = recover_data_key(tx, room_);
    ASSERT_TRUE(recovered);
    rewrap_data_key(tx, machine, *recovered);
    EXPECT_EQ(load_data_key(tx, machine)->client_ref(person), ref);
  });
}

TEST_F(Vault, CertificatesBindPersonKeysAndRoles) {
  const auto stranger = person();
  write([&](storage::WriteTx& tx) {
    EXPECT_EQ(add_person_key(tx, stranger.person, stranger.pair.box_public, stranger.pair.sign_public, "counsellor"),
              1);
    EXPECT_FALSE(certified_key(tx, *keys_, stranger.person));
    const auto pending = *newest_person_key(tx, stranger.person);
    // Signed by somebody else; right signature but other roles; right signature for another person.
    EXPECT_REFUSED(not_allowed, certify_person_key(tx, *keys_, stranger.person, "counsellor",
                                                   certify(colleague_.pair, pending), director_.person, now_));
    EXPECT_REFUSED(not_allowed, certify_person_key(tx, *keys_, stranger.person, "director", certify(room_, pending),
                                                   director_.person, now_));
    EXPECT_REFUSED(not_allowed, certify_person_key(tx, *keys_, stranger.person, "counsellor",
                                                   certify(room_, *newest_person_key(tx, colleague_.person)),
                                                   director_.person, now_));
    certify_person_key(tx, *keys_, stranger.person, "counsellor", certify(room_, pending), director_.person, now_);
    ASSERT_TRUE(certified_key(tx, *keys_, stranger.person));
    EXPECT_EQ(certified_key(tx, *keys_, stranger.person)->certified_by, director_.person);
    // Rows changed behind the program's back.
    tx.exec("UPDATE person_keys SET roles = 'director' WHERE person_id = ?1", stranger.person);
    EXPECT_FALSE(certified_key(tx, *keys_, stranger.person));
    tx.exec("UPDATE person_keys SET roles = 'counsellor' WHERE person_id = ?1", stranger.person);
    const auto evil = person();
    tx.exec("UPDATE person_keys SET box_public = ?2 WHERE person_id = ?1", stranger.person, evil.pair.box_public.bytes);
    EXPECT_FALSE(certified_key(tx, *keys_, stranger.person));
    tx.exec("UPDATE person_keys SET box_public = ?2 WHERE person_id = ?1", stranger.person,
            stranger.pair.box_public.bytes);
    EXPECT_TRUE(certified_key(tx, *keys_, stranger.person));
    // A new pair after a reset starts uncertified; the old one still proves old signatures.
    EXPECT_EQ(add_person_key(tx, stranger.person, evil.pair.box_public, evil.pair.sign_public, "counsellor"), 2);
    EXPECT_FALSE(certified_key(tx, *keys_, stranger.person));
    EXPECT_EQ(certified_history(tx, *keys_, stranger.person).size(), 1u);
  });
  EXPECT_EQ(short_code(stranger.pair.box_public, stranger.pair.sign_public).size(), 9u);
  EXPECT_NE(short_code(stranger.pair.box_public, stranger.pair.sign_public),
            short_code(room_.box_public, room_.sign_public));
}

TEST_F(Vault, WrappedSecretsOpenForTheSamePersonSchoolAndPurpose) {
  const auto key = crypto::Key::random();
  const auto wrapped = wrap_secret(key, school_, counsellor_.person, "password", counsellor_.secret);
  const auto opened = unwrap_secret(key, school_, counsellor_.person, "password", wrapped);
  ASSERT_TRUE(opened);
  EXPECT_TRUE(crypto::equal(opened->expose(), counsellor_.secret.expose()));
  EXPECT_FALSE(unwrap_secret(key, school_, colleague_.person, "password", wrapped));
  EXPECT_FALSE(unwrap_secret(key, school_, counsellor_.person, "session", wrapped));
  EXPECT_FALSE(unwrap_secret(key, random_.id<SchoolId>(now_), counsellor_.person, "password", wrapped));
  EXPECT_FALSE(unwrap_secret(crypto::Key::random(), school_, counsellor_.person, "password", wrapped));
  write([&](storage::WriteTx& tx) {
    save_person_secret(tx, counsellor_.person, {1, wrapped, random_.bytes<16>(), crypto::kVaultCost});
    save_person_secret(tx, counsellor_.person, {2, wrapped, Fixed<16>{9}, crypto::kLightCost});
    const auto stored = person_secret(tx, counsellor_.person);
    ASSERT_TRUE(stored);
    EXPECT_EQ(stored->generation, 2);
    EXPECT_EQ(stored->wrapped, wrapped);
    EXPECT_EQ(stored->salt, Fixed<16>{9});
    EXPECT_EQ(stored->cost, crypto::kLightCost);
    forget_person_secret(tx, counsellor_.person);
    EXPECT_FALSE(person_secret(tx, counsellor_.person));
  });
}

TEST_F(Vault, CaseOpensForItsThreeHoldersAndNobodyElse) {
  const auto key = make_case_key();
  const auto id = open_case(key);
  EXPECT_TRUE(same(key_for(id, counsellor_, now_), key));
  EXPECT_REFUSED(not_found, key_for(id, colleague_, now_));
  EXPECT_REFUSED(not_found, key_for(id, director_, now_));
  EXPECT_REFUSED(not_found, key_for(random_.id<CaseId>(now_), counsellor_, now_));
  write([&](storage::WriteTx& tx) {
    EXPECT_TRUE(same(case_key_by_room(tx, *keys_, id, director_, now_), key));
    EXPECT_TRUE(same(case_key_by_crisis(tx, *keys_, id, director_, now_), key));
    EXPECT_REFUSED(not_found, case_key_by_room(tx, *keys_, id, counsellor_, now_));
    EXPECT_REFUSED(not_found, case_key_by_crisis(tx, *keys_, id, colleague_, now_));
    EXPECT_TRUE(has_live_grant(tx, id, counsellor_.person, now_));
    EXPECT_FALSE(has_live_grant(tx, id, director_.person, now_));
    EXPECT_EQ(granted_cases(tx, counsellor_.person, now_), std::vector{id});
    for (const auto& grant : grants_of(tx, id))
      if (grant.holder_kind == Grant::Holder::room) {
        EXPECT_TRUE(end_grant(tx, grant.id, now_));
      }
    EXPECT_REFUSED(not_found, case_key_by_room(tx, *keys_, id, director_, now_));
  });
}

TEST_F(Vault, GrantsBeginEndAndAreRevoked) {
  const auto key = make_case_key();
  const auto id = open_case(key);
  using namespace std::chrono_literals;
  const auto grant = write([&](storage::WriteTx& tx) {
    auto g = make_grant(school_, id, key, to_person(*certified_key(tx, *keys_, colleague_.person)), counsellor_,
                        "supervision", now_ + 1h, now_ + 2h, random_);
    insert_grant(tx, g);
    return g;
  });
  EXPECT_REFUSED(not_found, key_for(id, colleague_, now_));
  EXPECT_TRUE(same(key_for(id, colleague_, now_ + 1h), key));
  EXPECT_TRUE(same(key_for(id, colleague_, now_ + 2h - 1us), key));
  EXPECT_REFUSED(not_found, key_for(id, colleague_, now_ + 2h));
  write([&](storage::WriteTx& tx) {
    EXPECT_TRUE(end_grant(tx, grant.id, now_ + 1h));
    EXPECT_FALSE(end_grant(tx, grant.id, now_ + 1h));
  });
  EXPECT_REFUSED(not_found, key_for(id, colleague_, now_ + 1h));
  // The counsellor leaves: by revocation, by retiring the key.
  EXPECT_EQ(write([&](storage::WriteTx& tx) { return end_grants_of(tx, counsellor_.person, now_); }), 1);
  EXPECT_REFUSED(not_found, key_for(id, counsellor_, now_));
  const auto second = open_case(key);
  write([&](storage::WriteTx& tx) { retire_person_keys(tx, counsellor_.person); });
  EXPECT_REFUSED(certification_needed, key_for(second, counsellor_, now_));
}

TEST_F(Vault, EveryChangeOfAGrantIsNoticed) {
  const auto key = make_case_key();
  const auto id = open_case(key), other = open_case(make_case_key());
  using namespace std::chrono_literals;
  write([&](storage::WriteTx& tx) {
    insert_grant(tx, make_grant(school_, id, key, to_person(*certified_key(tx, *keys_, colleague_.person)), counsellor_,
                                "supervision", now_, now_ + 1h, random_));
    tx.exec("DELETE FROM grants WHERE case_id = ?1 AND holder <> ?2", id, colleague_.person);
  });
  const auto changed = [&](Code expected, auto change) {
    struct Undo {};
    try {
      write([&](storage::WriteTx& tx) {
        ASSERT_EQ(change(tx), 1);
        try {
          case_key_for(tx, *keys_, id, colleague_, now_);
          ADD_FAILURE() << "a changed grant opened";
        } catch (const Refusal& refusal) {
          EXPECT_EQ(refusal.problem().code, expected);
        }
        throw Undo{};
      });
    } catch (const Undo&) {
    }
  };
  EXPECT_TRUE(same(key_for(id, colleague_, now_), key));
  const auto damaged = Code::content_damaged;
  changed(damaged,
          [&](auto& tx) { return tx.exec("UPDATE grants SET ends_at = ends_at + 1000000 WHERE case_id = ?1", id); });
  changed(damaged, [&](auto& tx) { return tx.exec("UPDATE grants SET ends_at = NULL WHERE case_id = ?1", id); });
  changed(damaged,
          [&](auto& tx) { return tx.exec("UPDATE grants SET starts_at = starts_at - 1 WHERE case_id = ?1", id); });
  changed(damaged,
          [&](auto& tx) { return tx.exec("UPDATE grants SET reason = 'responsible' WHERE case_id = ?1", id); });
  changed(damaged,
          [&](auto& tx) { return tx.exec("UPDATE grants SET giver = ?2 WHERE case_id = ?1", id, director_.person); });
  changed(damaged, [&](auto& tx) {
    return tx.exec("UPDATE grants SET giver = ?2 WHERE case_id = ?1", id, random_.id<PersonId>(now_));
  });
  changed(damaged, [&](auto& tx) {
    return tx.exec("UPDATE grants SET sealed = ?2 WHERE case_id = ?1", id,
                   crypto::seal_to(colleague_.pair.box_public, make_case_key().key.expose()));
  });
  changed(damaged,
          [&](auto& tx) { return tx.exec("UPDATE grants SET signature = ?2 WHERE case_id = ?1", id, Fixed<64>{1}); });
  changed(damaged, [&](auto& tx) {
    return tx.exec("UPDATE grants SET id = ?2 WHERE case_id = ?1", id, random_.id<GrantId>(now_));
  });
  // Another case's grant of the same reader put under this case.
  changed(damaged, [&](auto& tx) {
    insert_grant(tx,
                 make_grant(school_, other, make_case_key(), to_person(*certified_key(tx, *keys_, colleague_.person)),
                            counsellor_, "supervision", now_, std::nullopt, random_));
    tx.exec("DELETE FROM grants WHERE case_id = ?1", id);
    return tx.exec("UPDATE grants SET case_id = ?1 WHERE case_id = ?2 AND holder = ?3", id, other, colleague_.person);
  });
  // A later pair of the reader: the old grant opens for nobody.
  changed(Code::not_found, [&](auto& tx) {
    const auto next = person();
    add_person_key(tx, colleague_.person, next.pair.box_public, next.pair.sign_public, "counsellor");
    auto pending = *newest_person_key(tx, colleague_.person);
    certify_person_key(tx, *keys_, colleague_.person, "counsellor", certify(room_, pending), director_.person, now_);
    return 1;
  });
  // Signed by a person whose certificate is forged.
  changed(damaged, [&](auto& tx) {
    const auto evil = person();
    add_person_key(tx, evil.person, evil.pair.box_public, evil.pair.sign_public, "director");
    auto pending = *newest_person_key(tx, evil.person);
    tx.exec("UPDATE person_keys SET state = 'certified', certificate = ?2 WHERE person_id = ?1", evil.person,
            certify(evil.pair, pending).bytes);
    tx.exec("DELETE FROM grants WHERE case_id = ?1", id);
    insert_grant(tx, make_grant(school_, id, key, to_person(*certified_key(tx, *keys_, colleague_.person)), evil,
                                "responsible", now_, std::nullopt, random_));
    return 1;
  });
  EXPECT_TRUE(same(key_for(id, colleague_, now_), key));
}

TEST_F(Vault, AnotherSchoolsGrantsDoNotOpenHere) {
  const auto key = make_case_key();
  const auto id = open_case(key);
  const auto there = random_.id<SchoolId>(now_);
  found(there);  // the same people and keys, even the same room key
  db_->write(there,
             [&](storage::WriteTx& tx) { EXPECT_REFUSED(not_found, case_key_for(tx, *keys_, id, counsellor_, now_)); });
  write([&](storage::WriteTx& tx) { tx.exec("UPDATE grants SET school_id = ?1", there); });
  db_->write(there, [&](storage::WriteTx& tx) {
    EXPECT_REFUSED(content_damaged, case_key_for(tx, *keys_, id, counsellor_, now_));
    EXPECT_REFUSED(content_damaged, case_key_by_room(tx, *keys_, id, director_, now_));
  });
}

TEST_F(Vault, ContentOpensAtItsOwnPlaceOnly) {
  const auto key = make_case_key();
  const auto unit = random_.id<UnitId>(now_), other_unit = random_.id<UnitId>(now_);
  const auto [a, b] = write([&](storage::WriteTx& tx) {
    auto first = new_unit(tx, *keys_, unit);
    auto second = new_unit(tx, *keys_, other_unit);
    return std::pair(content_key(key, first), content_key(key, second));
  });
  const Place place{school_, random_.id<CaseId>(now_), unit, "process", 3};
  const auto sealed = seal_content(a, place, view("我们谈到了睡眠。"));
  EXPECT_EQ(open_content(a, place, sealed).expose_text(), "我们谈到了睡眠。");
  const auto reloaded =
      db_->read(school_, [&](storage::ReadTx& tx) { return content_key(key, load_unit(tx, *keys_, unit)); });
  EXPECT_EQ(open_content(reloaded, place, sealed).expose_text(), "我们谈到了睡眠。");

  const auto with = [&](auto change) {
    auto out = place;
    change(out);
    return out;
  };
  const Place wrong[] = {
      with([&](Place& p) { p.school = random_.id<SchoolId>(now_); }),
      with([&](Place& p) { p.case_id = random_.id<CaseId>(now_); }),
      with([&](Place& p) { p.case_id = CaseId{}; }),
      with([&](Place& p) { p.unit = other_unit; }),
      with([&](Place& p) { p.field = "aims"; }),
      with([&](Place& p) { p.field = "process "; }),
      with([&](Place& p) { p.version = 2; }),
      with([&](Place& p) { p.version = 4; }),
  };
  for (const auto& p : wrong) EXPECT_REFUSED(content_damaged, open_content(a, p, sealed));
  EXPECT_REFUSED(content_damaged, open_content(b, place, sealed));
  EXPECT_REFUSED(content_damaged,
                 open_content(content_key(make_case_key(), UnitSecret{crypto::Key::random()}), place, sealed));
  for (std::size_t i = 0; i < sealed.size(); ++i) {
    auto broken = sealed;
    broken[i] ^= 1;
    EXPECT_REFUSED(content_damaged, open_content(a, place, broken));
  }
}

TEST_F(Vault, SwappedCiphertextsAreAlwaysRefused) {
  const auto key = make_case_key();
  const auto case_id = random_.id<CaseId>(now_);
  struct Value {
    Place place;
    Bytes sealed;
  };
  std::vector<Value> values;
  std::vector<ContentKey> unit_keys;
  for (int u = 0; u < 4; ++u) {
    const auto unit = random_.id<UnitId>(now_);
    unit_keys.push_back(content_key(key, write([&](storage::WriteTx& tx) { return new_unit(tx, *keys_, unit); })));
    for (const char* field : {"aims", "process", "risk_narrative"})
      for (int version = 1; version <= 4; ++version) {
        const Place place{school_, case_id, unit, field, version};
        values.push_back({place, seal_content(unit_keys.back(), place, view("the same words"))});
      }
  }
  int refused = 0, opened = 0;
  for (std::size_t i = 0; i < values.size(); ++i)
    for (std::size_t j = 0; j < values.size(); ++j) try {
        open_content(unit_keys[i / 12], values[i].place, values[j].sealed);
        ++opened;
        EXPECT_EQ(i, j);
      } catch (const Refusal&) {
        ++refused;
      }
  EXPECT_EQ(opened, 48);
  EXPECT_EQ(refused, 48 * 47);
}

TEST_F(Vault, UnitSecretsAreBoundToTheirUnitAndCanBeDestroyed) {
  const auto unit = random_.id<UnitId>(now_), other = random_.id<UnitId>(now_);
  write([&](storage::WriteTx& tx) {
    new_unit(tx, *keys_, unit);
    EXPECT_THROW(new_unit(tx, *keys_, unit), storage::ConstraintError);
    tx.exec("UPDATE unit_keys SET unit_id = ?2 WHERE unit_id = ?1", unit, other);
    EXPECT_REFUSED(content_damaged, load_unit(tx, *keys_, other));
    tx.exec("UPDATE unit_keys SET unit_id = ?2 WHERE unit_id = ?1", other, unit);
    load_unit(tx, *keys_, unit);
    destroy_unit(tx, unit);
    EXPECT_REFUSED(not_found, load_unit(tx, *keys_, unit));
    new_unit(tx, *keys_, unit);
    // Another epoch key: noise.
    ServerKeys::create(folder_ / "epoch2");
    const ServerKeys next(folder_ / "epoch2");
    EXPECT_REFUSED(content_damaged, load_unit(tx, next, unit));
  });
}

TEST_F(Vault, ReasonsAreSealedAndTheirHashesSayNothing) {
  const auto key = make_case_key();
  const auto id = random_.id<CaseId>(now_);
  const auto why = seal_why(key, school_, id, "督导前查阅"), again = seal_why(key, school_, id, "督导前查阅");
  EXPECT_NE(why.salted_hash, again.salted_hash);
  EXPECT_EQ(open_why(key, school_, id, why).expose_text(), "督导前查阅");
  EXPECT_REFUSED(content_damaged, open_why(make_case_key(), school_, id, why));
  EXPECT_REFUSED(content_damaged, open_why(key, school_, random_.id<CaseId>(now_), why));
  EXPECT_REFUSED(content_damaged, open_why(key, school_, id, Why{again.salted_hash, why.sealed}));
  const auto to_room =
      seal_why_to_room(RoomKey{RoomKeyKind::room, 1, room_.box_public, room_.sign_public}, "停用:离职");
  EXPECT_EQ(open_why_by_room(room_, to_room).expose_text(), "停用:离职");
  EXPECT_REFUSED(content_damaged, open_why_by_room(duty_, to_room));
  EXPECT_REFUSED(content_damaged, open_why_by_room(room_, Why{why.salted_hash, to_room.sealed}));
}
