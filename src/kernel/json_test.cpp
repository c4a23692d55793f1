#include "kernel/json.hpp"

#include <gtest/gtest.h>

using namespace xinyi;
enum class Way { face, phone };
BOOST_DESCRIBE_ENUM(Way, face, phone)
struct Inner { Text<1, 5> name; };
BOOST_DESCRIBE_STRUCT(Inner, (), (name))
struct Outer {
  PersonId id;
  SchoolDate day;
  Whole<5, 120> minutes;
  std::optional<Prose<10>> note;
  bool urgent = false;
  Way way{};
  List<Inner, 2> items;
};
BOOST_DESCRIBE_STRUCT(Outer, (), (id, day, minutes, note, urgent, way, items))

namespace {
Problem refused(std::string_view body) {
  try {
    (void)contract::parse_body<Outer>(body);
  } catch (const Refusal& r) {
    return r.problem();
  }
  return {Code::internal, {}, {}, "accepted"};
}
constexpr auto kGood = R"({"id":"01890a5d-ac96-774b-bcce-b302099a8057","day":"2026-09-01","minutes":50,"way":"phone","items":[{"name":"甲"}]})";
}  // namespace

TEST(Contract, ReadsWhatItWrites) {
  const auto v = contract::parse_body<Outer>(kGood);
  EXPECT_EQ(v.items.at(0).name.str(), "甲");
  EXPECT_EQ(boost::json::serialize(contract::write(contract::parse_body<Outer>(boost::json::serialize(contract::write(v))))),
            boost::json::serialize(contract::write(v)));
}

TEST(Contract, NamesEveryFieldAtFault) {
  const auto p = refused(R"({"id":"x","day":"2026-02-30","minutes":3,"way":"letter","items":[{"name":""},{"nme":"乙"},{}],"extra":1})");
  EXPECT_EQ(p.code, Code::invalid_input);
  std::map<std::string, Code> got;
  for (const auto& f : p.fields) got[f.field] = f.code;
  const std::map<std::string, Code> want = {{"id", Code::field_type}, {"day", Code::field_date}, {"minutes", Code::field_range},
                                            {"way", Code::field_choice}, {"items", Code::field_too_long}, {"extra", Code::field_unknown}};
  EXPECT_EQ(got, want);
}

TEST(Contract, RefusesBrokenAndDeepBodies) {
  EXPECT_EQ(refused("{").code, Code::malformed);
  EXPECT_EQ(refused(std::string(100000, '[')).code, Code::malformed);
  EXPECT_EQ(refused(R"({"id":"x","id":"y"})").code, Code::malformed);  // which of the two is meant?
  EXPECT_EQ(refused(R"({"a":{"b:\\":1,"b:\\":2}})").code, Code::malformed);
  EXPECT_EQ(refused(R"({"a:\"":1,"b":":"})").code, Code::invalid_input);
  EXPECT_EQ(refused("[]").fields.at(0).field, "body");
}

TEST(Contract, ANumberThatJsonCannotSayIsNotAccepted) {
  double out = 0;
  for (const char* body : {"1e999", "-1e999"}) {
    contract::Faults faults;
    EXPECT_FALSE(contract::read(boost::json::parse(body), out, "share", faults)) << body;
    ASSERT_EQ(faults.size(), 1u);
    EXPECT_EQ(faults[0].code, Code::field_range);
  }
  contract::Faults faults;
  EXPECT_TRUE(contract::read(boost::json::parse("1e300"), out, "share", faults));
}

TEST(Contract, SchemaNamesTypesOnce) {
  contract::Components c;
  (void)contract::schema<Outer>(c);
  EXPECT_TRUE(c.contains("Outer"));
  EXPECT_TRUE(c.contains("Inner"));
  EXPECT_EQ(c["Outer"]["required"].as_array().size(), 5u);
}
