#include "identity/access.hpp"

#include <gtest/gtest.h>

#include "kernel/json.hpp"
#include "kernel/random.hpp"

using namespace xinyi;
using namespace xinyi::identity;

namespace {
Principal somebody(Roles roles) {
  Principal p;
  p.roles = roles;
  p.has_totp = true;
  if (roles.any(kKeyHolders)) p.secret = std::make_shared<const crypto::PersonSecret>(crypto::PersonSecret::random());
  return p;
}
Facts standing(Relations relations) { return {true, relations, "case", {}, {}}; }
const Rule kCase = Rule::may({Role::counsellor}, {Relation::assigned, Relation::granted}).or_may({Role::director}, {Relation::room_key}).with_content();
std::vector<Role> all_roles() {
  std::vector<Role> out;
  boost::mp11::mp_for_each<boost::describe::describe_enumerators<Role>>([&](auto d) { out.push_back(d.value); });
  return out;
}
}  // namespace

TEST(Access, NobodyWithoutASession) {
  EXPECT_EQ(decide(nullptr, kCase, standing({Relation::assigned})).why, Code::sign_in_needed);
  EXPECT_TRUE(decide(nullptr, Rule::anonymous(), Facts::none()).allowed);
}

TEST(Access, RoleAndRelationTogether) {
  const auto me = somebody({Role::counsellor});
  EXPECT_TRUE(decide(&me, kCase, standing({Relation::assigned})).allowed);
  EXPECT_TRUE(decide(&me, kCase, standing({Relation::granted})).allowed);
  // The director's relation does not help a counsellor.
  EXPECT_EQ(decide(&me, kCase, standing({Relation::room_key})).why, Code::not_found);
}

TEST(Access, AStrangersObjectAndNoObjectAreOneAnswer) {
  for (auto role : {Role::counsellor, Role::director}) {
    const auto me = somebody({role});
    const auto stranger = decide(&me, kCase, standing({})), missing = decide(&me, kCase, Facts::missing("case", {}));
    EXPECT_FALSE(stranger.allowed);
    EXPECT_EQ(stranger.why, missing.why);
  }
}

TEST(Access, AWrongRoleLearnsNothingOfTheObject) {
  const auto me = somebody({Role::archivist});
  for (const auto& facts : {standing({Relation::assigned}), standing({}), Facts::missing("case", {})})
    EXPECT_EQ(decide(&me, kCase, facts).why, Code::not_allowed);
}

TEST(Access, TheAdministratorReachesNoContentWhateverElseHeIs) {
  for (auto other : all_roles()) {
    auto me = somebody({Role::administrator, other});
    me.secret = std::make_shared<const crypto::PersonSecret>(crypto::PersonSecret::random());
    EXPECT_FALSE(decide(&me, kCase, standing({Relation::assigned, Relation::granted, Relation::room_key})).allowed);
  }
}

TEST(Access, WhatIsOwedComesFirst) {
  auto me = somebody({Role::counsellor});
  me.needs = {Need::pledge};
  EXPECT_EQ(decide(&me, kCase, standing({Relation::assigned})).why, Code::pledge_needed);  // ETH-1
  me.needs = {Need::certification, Need::pledge};
  EXPECT_EQ(decide(&me, kCase, standing({Relation::assigned})).why, Code::certification_needed);
  me.needs = {Need::totp, Need::certification, Need::pledge};
  EXPECT_EQ(decide(&me, kCase, standing({Relation::assigned})).why, Code::totp_setup_needed);
  me.needs.clear();
  me.secret.reset();
  EXPECT_EQ(decide(&me, kCase, standing({Relation::assigned})).why, Code::key_locked);
}

TEST(Access, WhoComesToTheRoomIsNotShownBeforeThePledge) {
  const auto rule = Rule::may({Role::deputy, Role::reception}).with_clients();
  auto deputy = somebody({Role::deputy});
  EXPECT_TRUE(decide(&deputy, rule, Facts::none()).allowed);
  deputy.needs = {Need::pledge};
  EXPECT_EQ(decide(&deputy, rule, Facts::none()).why, Code::pledge_needed);
  const auto reception = somebody({Role::reception});  // holds no key
  EXPECT_TRUE(decide(&reception, rule, Facts::none()).allowed);
}

TEST(Access, PropertyAllowedOnlyThroughAClause) {
  const auto roles = all_roles();
  for (unsigned relation_bits = 0; relation_bits < 32; ++relation_bits)
    for (auto role : roles) {
      Relations relations;
      for (unsigned r = 0; r < 5; ++r)
        if (relation_bits >> r & 1u) relations.add(static_cast<Relation>(r));
      const auto me = somebody({role});
      const bool expected = (role == Role::counsellor && relations.any({Relation::assigned, Relation::granted})) ||
                            (role == Role::director && relations.has(Relation::room_key));
      EXPECT_EQ(decide(&me, kCase, standing(relations)).allowed, expected);
    }
}

TEST(Roles, TextRoundTripKeepsTheOrderThatCertificatesSign) {
  const Roles roles = {Role::crisis_team, Role::director, Role::counsellor};
  EXPECT_EQ(to_text(roles), "counsellor,director,crisis_team");
  EXPECT_EQ(roles_from_text(to_text(roles)), roles);
  EXPECT_EQ(roles_from_text(""), Roles{});
}
