// What database.hpp promises about values, statements and one transaction, on both engines.
#include <limits>

#include "storage/testing/engines.hpp"

namespace xinyi::storage::testing {
namespace {

template <class E>
class Conformance : public EngineTest<E> {};
TYPED_TEST_SUITE(Conformance, Engines, EngineNames);

template <class T, class Read = T>
Read round_trip(Database& db, const SchoolId& s, Sql insert, Sql select, const T& value) {
  db.write(s, [&](WriteTx& tx) {
    tx.exec("DELETE FROM vals WHERE school_id = ?1", s);
    tx.exec(insert, s, value);
  });
  return db.read(s, [&](ReadTx& tx) { return tx.one(select, s)->template get<Read>(0); });
}

TYPED_TEST(Conformance, IntegersKeepAll64Bits) {
  for (const std::int64_t v : {std::int64_t{0}, std::int64_t{-1}, (std::int64_t{1} << 53) + 1,
                               std::numeric_limits<std::int64_t>::max(), std::numeric_limits<std::int64_t>::min()}) {
    EXPECT_EQ(round_trip(*this->database, this->home, "INSERT INTO vals (school_id, id, i) VALUES (?1, 1, ?2)",
                         "SELECT i FROM vals WHERE school_id = ?1", v),
              v);
  }
}

TYPED_TEST(Conformance, SumsAndCountsAreIntegers) {
  auto& db = *this->database;
  const auto s = this->home;
  db.write(s, [&](WriteTx& tx) {
    const auto sum = [&] {
      return tx.one("SELECT sum(i) FROM vals WHERE school_id = ?1", s)->template get<std::optional<std::int64_t>>(0);
    };
    EXPECT_EQ(sum(), std::nullopt);
    std::int64_t id = 0;
    for (const std::int64_t v : {std::int64_t{9'007'199'254'740'993}, std::int64_t{1}, std::int64_t{20'006}}) {
      tx.exec("INSERT INTO vals (school_id, id, i) VALUES (?1, ?2, ?3)", s, ++id, v);
    }
    EXPECT_EQ(sum(), 9'007'199'254'761'000);
    tx.exec("UPDATE vals SET i = -i WHERE school_id = ?1", s);
    EXPECT_EQ(sum(), -9'007'199'254'761'000);
    tx.exec("UPDATE vals SET i = 0 WHERE school_id = ?1", s);
    EXPECT_EQ(sum(), 0);
    tx.exec("DELETE FROM vals WHERE school_id = ?1", s);
    tx.exec("INSERT INTO vals (school_id, id, i) VALUES (?1, 1, ?2)", s, std::numeric_limits<std::int64_t>::min());
    EXPECT_EQ(sum(), std::numeric_limits<std::int64_t>::min());
    EXPECT_EQ(tx.one("SELECT count(*) FROM vals WHERE school_id = ?1", s)->template get<int>(0), 1);
    EXPECT_TRUE(tx.one("SELECT EXISTS (SELECT 1 FROM vals WHERE school_id = ?1)", s)->template get<bool>(0));
  });
}

TYPED_TEST(Conformance, RealsComeBackBitByBit) {
  for (const double v : {0.1, -1.0 / 3, 1e300, 5e-324, std::numeric_limits<double>::infinity()}) {
    EXPECT_EQ(round_trip(*this->database, this->home, "INSERT INTO vals (school_id, id, r) VALUES (?1, 1, ?2)",
                         "SELECT r FROM vals WHERE school_id = ?1", v),
              v);
  }
  EXPECT_THROW(this->database->write(
                   this->home,
                   [&](WriteTx& tx) { tx.exec("UPDATE vals SET r = ?1", std::numeric_limits<double>::quiet_NaN()); }),
               Bug);
}

TYPED_TEST(Conformance, TextsKeepEveryCharacter) {
  std::string all;
  for (char32_t c = 1; c < 0x80; ++c) all += static_cast<char>(c);
  for (const std::string& v : {std::string(), std::string("心驿 𠮷 🙂 é"), std::string(100'000, 'x'), all,
                               std::string("quote ' \" ?1 $1 -- \\x")}) {
    EXPECT_EQ(round_trip(*this->database, this->home, "INSERT INTO vals (school_id, id, t) VALUES (?1, 1, ?2)",
                         "SELECT t FROM vals WHERE school_id = ?1", v),
              v);
  }
}

TYPED_TEST(Conformance, TextThatIsNoneIsRefused) {
  for (const std::string& v : {std::string("a\0b", 3), std::string("\xff"), std::string("\xed\xa0\x80")}) {
    try {
      this->database->write(this->home, [&](WriteTx& tx) {
        tx.exec("INSERT INTO vals (school_id, id, t) VALUES (?1, 1, ?2)", tx.school(), v);
      });
      FAIL() << "stored";
    } catch (const Refusal& e) {
      EXPECT_EQ(e.problem().code, Code::invalid_input);
    }
  }
}

TYPED_TEST(Conformance, BlobsKeepEveryByte) {
  Bytes all(256);
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = static_cast<std::uint8_t>(i);
  for (const Bytes& v : {Bytes{}, Bytes{0}, Bytes{0, 0, 0}, all, Bytes(3'000'000, 7)}) {
    EXPECT_EQ(round_trip(*this->database, this->home, "INSERT INTO vals (school_id, id, b) VALUES (?1, 1, ?2)",
                         "SELECT b FROM vals WHERE school_id = ?1", v),
              v);
  }
}

TYPED_TEST(Conformance, NullIsNeitherEmptyNorZero) {
  auto& db = *this->database;
  db.write(this->home, [&](WriteTx& tx) {
    tx.exec("INSERT INTO vals (school_id, id, t, b) VALUES (?1, 1, ?2, ?3)", tx.school(), "", Bytes{});
    tx.exec("INSERT INTO vals (school_id, id, t, b, i, r) VALUES (?1, 2, ?2, ?3, ?4, ?5)", tx.school(), nullptr,
            std::optional<Bytes>(), std::optional<int>(), std::optional<double>());
    // The other way round: the same statement first with NULL, then with values.
    tx.exec("UPDATE vals SET i = ?2 WHERE id = ?1", 2, std::optional<int>());
    for (const std::optional<int> v : {std::optional<int>(), std::optional<int>(5)}) {
      tx.exec("UPDATE vals SET i = ?2 WHERE id = ?1", 1, v);
    }
  });
  db.read(this->home, [&](ReadTx& tx) {
    auto row = tx.one("SELECT t, b, i FROM vals WHERE id = 1");
    EXPECT_EQ(row->template get<std::optional<std::string>>(0), "");
    EXPECT_EQ(row->template get<std::optional<Bytes>>(1), Bytes{});
    EXPECT_EQ(row->template get<std::optional<int>>(2), 5);
    auto nulls = tx.one("SELECT t, b, i, r FROM vals WHERE id = 2");
    for (int c = 0; c < 4; ++c) EXPECT_TRUE(nulls->null(c)) << c;
    EXPECT_THROW(nulls->template get<std::string>(0), Bug);
    EXPECT_THROW(nulls->template get<Bytes>(1), Bug);
    EXPECT_THROW(nulls->template get<std::int64_t>(2), Bug);
    EXPECT_THROW(nulls->template get<double>(3), Bug);
    EXPECT_THROW(row->template get<std::int64_t>(0), Bug) << "a text is no number";
    EXPECT_THROW(row->template get<std::string>(1), Bug) << "a blob is no text";
    EXPECT_THROW(row->null(3), Bug) << "no such column";
  });
}

TYPED_TEST(Conformance, TextIsOrderedByteByByte) {
  this->database->write(this->home, [&](WriteTx& tx) {
    int id = 0;
    for (const char* t : {"b", "B", "a", "中", "é", "Z", "_"}) {
      tx.exec("INSERT INTO vals (school_id, id, t) VALUES (?1, ?2, ?3)", tx.school(), ++id, t);
    }
  });
  std::string order;
  this->database->read(this->home, [&](ReadTx& tx) {
    for (Row row : tx.query("SELECT t FROM vals ORDER BY t")) order += row.get<std::string>(0);
  });
  EXPECT_EQ(order, "BZ_abé中");
}

TYPED_TEST(Conformance, AWriteReadsWhatItWrote) {
  auto& db = *this->database;
  db.write(this->home, [&](WriteTx& tx) {
    this->put(tx, 1);
    EXPECT_TRUE(tx.one("SELECT 1 FROM vals WHERE id = ?1", 1).has_value());
    EXPECT_EQ(tx.exec("UPDATE vals SET i = 5 WHERE id <= ?1", 1), 1);
    EXPECT_EQ(tx.exec("UPDATE vals SET i = 5 WHERE id > ?1", 1), 0);
    auto returned = tx.one("UPDATE vals SET i = i + 1 WHERE id = ?1 RETURNING i", 1);
    EXPECT_EQ(returned->template get<int>(0), 6);
    EXPECT_EQ(tx.exec("DELETE FROM vals"), 1);
    this->put(tx, 2);
  });
  EXPECT_EQ(this->count(this->home), 1) << "seen by the next read";
}

TYPED_TEST(Conformance, AWriteGivesItsResult) {
  EXPECT_EQ(this->database->write(this->home,
                                  [](WriteTx& tx) { return std::string("x") + std::to_string(tx.school().is_nil()); }),
            "x0");
}

TYPED_TEST(Conformance, AThrowingJobIsUndone) {
  for (int n = 0; n < 2; ++n) {
    EXPECT_THROW(this->database->write(this->home,
                                       [&](WriteTx& tx) {
                                         this->put(tx, 1);
                                         if (n == 0) throw Refusal(Code::not_found);
                                         throw std::runtime_error("bug");
                                       }),
                 std::exception);
  }
  EXPECT_EQ(this->count(this->home), 0);
}

TYPED_TEST(Conformance, ConstraintsHaveTheirKind) {
  auto& db = *this->database;
  const auto kind = [&](auto f) {
    try {
      db.write(this->home, f);
    } catch (const ConstraintError& e) {
      EXPECT_FALSE(e.detail().empty());
      return std::optional(e.kind());
    }
    return std::optional<ConstraintError::Kind>();
  };
  db.write(this->home,
           [&](WriteTx& tx) { tx.exec("INSERT INTO vals (school_id, id, t) VALUES (?1, 1, 'a')", tx.school()); });
  EXPECT_EQ(kind([&](WriteTx& tx) { this->put(tx, 1); }), ConstraintError::Kind::unique) << "primary key";
  EXPECT_EQ(kind([](WriteTx& tx) { tx.exec("INSERT INTO vals (school_id, id, t) VALUES (?1, 2, 'a')", tx.school()); }),
            ConstraintError::Kind::unique);
  EXPECT_EQ(kind([](WriteTx& tx) { tx.exec("INSERT INTO vals (school_id, id, i) VALUES (?1, 2, -13)", tx.school()); }),
            ConstraintError::Kind::other)
      << "check";
  EXPECT_EQ(
      kind([](WriteTx& tx) { tx.exec("INSERT INTO vals (school_id, id) VALUES (?1, ?2)", tx.school(), nullptr); }),
      ConstraintError::Kind::other)
      << "not null";
}

TYPED_TEST(Conformance, AfterARefusedConstraintTheTransactionGoesOn) {
  int runs = 0;
  this->database->write(this->home, [&](WriteTx& tx) {
    ++runs;
    this->put(tx, 1);
    for (int n = 0; n < 3; ++n) EXPECT_THROW(this->put(tx, 1), ConstraintError);
    EXPECT_THROW(tx.one("INSERT INTO vals (school_id, id) VALUES (?1, 1) RETURNING id", tx.school()), ConstraintError);
    EXPECT_TRUE(tx.one("SELECT 1 FROM vals WHERE id = 1").has_value());
    this->put(tx, 2);
    EXPECT_THROW(this->put(tx, 2), ConstraintError);
  });
  EXPECT_EQ(this->count(this->home), 2);
  EXPECT_LE(runs, 2);
}

TYPED_TEST(Conformance, CursorsNestAndMayChangeWhatTheyRead) {
  auto& db = *this->database;
  db.write(this->home, [&](WriteTx& tx) {
    for (int id = 1; id <= 20; ++id) this->put(tx, id);
  });
  const auto pairs = [&](ReadTx& tx) {
    int n = 0;
    const auto same = Sql("SELECT id FROM vals WHERE id > ?1 ORDER BY id");
    for (Row outer : tx.query(same, 0)) {
      const auto id = outer.get<std::int64_t>(0);
      for (Row inner : tx.query(same, id)) n += inner.get<std::int64_t>(0) > outer.get<std::int64_t>(0);
    }
    return n;
  };
  EXPECT_EQ(db.read(this->home, pairs), 190);
  db.write(this->home, [&](WriteTx& tx) {
    EXPECT_EQ(pairs(tx), 190);
    int seen = 0;
    for (Row row : tx.query("SELECT id FROM vals WHERE id <= ?1", 20)) {
      ++seen;
      const auto id = row.get<std::int64_t>(0);
      tx.exec("INSERT INTO vals (school_id, id) VALUES (?1, ?2)", tx.school(), -id);
      tx.exec("DELETE FROM vals WHERE id = ?1", id);
    }
    EXPECT_EQ(seen, 20) << "a query sees the rows of its beginning";
  });
  EXPECT_EQ(this->count(this->home), 20);
}

TYPED_TEST(Conformance, ParametersMayBeTemporaries) {
  this->database->write(this->home, [&](WriteTx& tx) {
    for (int id = 0; id < 50; ++id) {
      tx.exec("INSERT INTO vals (school_id, id, t) VALUES (?1, ?2, ?3)", tx.school(), id,
              std::string(40, 'a') + std::to_string(id));
    }
  });
  const auto n = this->database->read(this->home, [&](ReadTx& tx) {
    auto rows = tx.query("SELECT t FROM vals WHERE t >= ?1 ORDER BY t", std::string(40, 'a'));
    std::vector<std::string> noise(100, std::string(41, 'z'));  // over what a freed temporary left
    int found = 0;
    for (Row row : rows) found += row.get<std::string>(0).size() > noise[0].size() - 1;
    return found;
  });
  EXPECT_EQ(n, 50);
}

TYPED_TEST(Conformance, AReadSeesOneMoment) {
  auto& db = *this->database;
  db.read(this->home, [&](ReadTx& tx) {
    const auto n = [&] { return tx.one("SELECT count(*) FROM vals")->template get<int>(0); };
    EXPECT_EQ(n(), 0);
    db.write(this->home, [&](WriteTx& other) { this->put(other, 1); });
    EXPECT_EQ(n(), 0);
  });
  EXPECT_EQ(this->count(this->home), 1);
}

template <class T>
concept CanWrite = requires(T& tx) {
  tx.exec("DELETE FROM vals");
};
static_assert(CanWrite<WriteTx> && !CanWrite<ReadTx>, "a read handle has no word for writing");

TYPED_TEST(Conformance, AReadCannotWriteByAQueryEither) {
  EXPECT_THROW(
      this->database->read(
          this->home,
          [&](ReadTx& tx) { tx.one("INSERT INTO vals (school_id, id) VALUES (?1, 1) RETURNING id", tx.school()); }),
      Refusal);
  EXPECT_EQ(this->count(this->home), 0);
}

TYPED_TEST(Conformance, AStatementIsExactlyOneAndFits) {
  EXPECT_ANY_THROW(
      this->database->write(this->home, [](WriteTx& tx) { tx.exec("DELETE FROM vals; DELETE FROM occupancy"); }));
  EXPECT_ANY_THROW(this->database->write(this->home, [](WriteTx& tx) { tx.exec("DELETE FROM vals WHERE id = ?1"); }));
  EXPECT_ANY_THROW(this->database->write(this->home, [](WriteTx& tx) { tx.exec("DELETE FROM nowhere"); }));
  EXPECT_EQ(this->count(this->home), 0) << "and the engine goes on";
}

TYPED_TEST(Conformance, TasksComeBackWithValuesAndErrors) {
  InlineExecutor here;
  auto& db = *this->database;
  const auto run = [&](auto task) {
    std::promise<int> promise;
    spawn(std::move(task), [&](std::optional<int> v, std::exception_ptr e) {
      if (e)
        promise.set_exception(e);
      else
        promise.set_value(*v);
    });
    return promise.get_future().get();
  };
  EXPECT_EQ(run(db.write_task(this->home, here, [&](WriteTx& tx) { return this->put(tx, 1), 7; })), 7);
  EXPECT_EQ(run(db.read_task(this->home, here,
                             [](ReadTx& tx) { return tx.one("SELECT count(*) FROM vals")->template get<int>(0); })),
            1);
  EXPECT_THROW(run(db.write_task(this->home, here, [&](WriteTx& tx) { return this->put(tx, 1), 7; })), ConstraintError);
  EXPECT_THROW(run(db.read_task(this->home, here, [](ReadTx&) -> int { throw Refusal(Code::not_found); })), Refusal);
}

}  // namespace
}  // namespace xinyi::storage::testing
