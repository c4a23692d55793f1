// Types of the staff room: signing in, set-up, colleagues, declarations.
#pragma once
#include "identity/accounts.hpp"
#include "identity/declarations.hpp"
#include "kernel/json.hpp"

namespace xinyi::staff {

using identity::Need;
using identity::Role;
using Username = Text<2, 40>;
using Password = Text<1, 200>;  // judged by identity::check_password; kept as typed

struct SchoolFacts {
  SchoolId id;
  std::string name;
  std::vector<std::string> stages;
  std::string zone;
};
BOOST_DESCRIBE_STRUCT(SchoolFacts, (), (id, name, stages, zone))

/// Who is signed in and what is still owed.
struct Me {
  PersonId person_id;
  std::string name, username;
  std::vector<Role> roles;
  SchoolFacts school;
  bool demo = false;
  std::vector<Need> needs;
  Instant idle_ends_at, ends_at;
  bool totp = false;
  std::optional<std::string> short_code;  // of one's own key, while it waits to be confirmed in person
};
BOOST_DESCRIBE_STRUCT(Me, (), (person_id, name, username, roles, school, demo, needs, idle_ends_at, ends_at, totp, short_code))

struct SignIn {
  Username username;
  Password password;
  std::optional<Text<6, 6>> totp;
  std::optional<Text<1, 40>> school;  // code, where several schools share a server
};
BOOST_DESCRIBE_STRUCT(SignIn, (), (username, password, totp, school))
struct FirstSignIn {
  Username username;
  Text<8, 40> start_secret;
  Password password;
  std::optional<Text<1, 40>> school;
};
BOOST_DESCRIBE_STRUCT(FirstSignIn, (), (username, start_secret, password, school))
struct TotpSecret { std::string secret, uri; };
BOOST_DESCRIBE_STRUCT(TotpSecret, (), (secret, uri))
struct TotpCode { Text<6, 6> code; };
BOOST_DESCRIBE_STRUCT(TotpCode, (), (code))
struct ChangePassword { Password current, replacement; };
BOOST_DESCRIBE_STRUCT(ChangePassword, (), (current, replacement))

// -- help and demonstration, before signing in
struct HelpLine { std::string name_zh, name_en, number; };
BOOST_DESCRIBE_STRUCT(HelpLine, (), (name_zh, name_en, number))
struct Help {
  std::string place, hours, people;
  std::vector<HelpLine> lines;
};
BOOST_DESCRIBE_STRUCT(Help, (), (place, hours, people, lines))
struct About {
  std::optional<SchoolFacts> school;
  bool demo = false;
  bool setup_needed = false;
  std::string version;
  Help help;
};
BOOST_DESCRIBE_STRUCT(About, (), (school, demo, setup_needed, version, help))
struct DemoAccount {
  std::string username, name;
  Role role{};
  std::optional<std::string> totp_code;
};
BOOST_DESCRIBE_STRUCT(DemoAccount, (), (username, name, role, totp_code))
struct Demo {
  std::string password;
  std::vector<DemoAccount> accounts;
};
BOOST_DESCRIBE_STRUCT(Demo, (), (password, accounts))

// -- set-up
struct Claim {
  Text<8, 40> start_secret;
  Username username;
  Password password;
};
BOOST_DESCRIBE_STRUCT(Claim, (), (start_secret, username, password))
/// The claimed director comes back with the password chosen at the claim.
struct Resume {
  Username username;
  Password password;
};
BOOST_DESCRIBE_STRUCT(Resume, (), (username, password))
struct Claimed {
  PersonId person_id;
  SchoolId school_id;
  Base64 box_public, sign_public, challenge;
  std::string roles;  // as the certificate says them
};
BOOST_DESCRIBE_STRUCT(Claimed, (), (person_id, school_id, box_public, sign_public, challenge, roles))
struct RoomPublics { Base64 box_public, sign_public; };
BOOST_DESCRIBE_STRUCT(RoomPublics, (), (box_public, sign_public))
struct MakeRoom {
  RoomPublics room;
  Base64 duty_public, crisis_public;
  Base64 room_sealed, duty_sealed, crisis_sealed;  // seeds sealed to the director
  Base64 certificate;                              // of the director, by the room's signing half
  Base64 cards_proof;                              // of the challenge, by the half rebuilt from two cards
};
BOOST_DESCRIBE_STRUCT(MakeRoom, (), (room, duty_public, crisis_public, room_sealed, duty_sealed, crisis_sealed, certificate, cards_proof))

// -- colleagues
enum class StaffState { invited, uncertified, active, disabled };
BOOST_DESCRIBE_ENUM(StaffState, invited, uncertified, active, disabled)
enum class Gender { female, male };
BOOST_DESCRIBE_ENUM(Gender, female, male)
struct Colleague {
  PersonId id;
  std::string name, username;
  std::vector<Role> roles;
  StaffState state{};
  std::optional<std::string> short_code;  // while it waits to be compared in person
  std::int64_t version = 1;
};
BOOST_DESCRIBE_STRUCT(Colleague, (), (id, name, username, roles, state, short_code, version))
struct Colleagues { std::vector<Colleague> items; };
BOOST_DESCRIBE_STRUCT(Colleagues, (), (items))
struct Invite {
  Name name;
  Username username;
  List<Role, 8> roles;
  std::optional<Gender> gender;
};
BOOST_DESCRIBE_STRUCT(Invite, (), (name, username, roles, gender))
struct Invited {
  PersonId id;
  std::string username, start_secret;
};
BOOST_DESCRIBE_STRUCT(Invited, (), (id, username, start_secret))
struct Certify {
  Text<4, 20> short_code;
  Text<2, 200> reason;
};
BOOST_DESCRIBE_STRUCT(Certify, (), (short_code, reason))
struct Because { Text<2, 200> reason; };
BOOST_DESCRIBE_STRUCT(Because, (), (reason))

// -- the house itself, without content
struct Health {
  std::string id;
  bool ok = false;
  Bilingual text;
};
BOOST_DESCRIBE_STRUCT(Health, (), (id, ok, text))
struct Healths { std::vector<Health> items; };
BOOST_DESCRIBE_STRUCT(Healths, (), (items))
struct AuditHead {
  std::int64_t size = 0;
  std::string root;       // hex
  Instant at;
  std::string signature;  // base64
  std::optional<Instant> copied_at;
};
BOOST_DESCRIBE_STRUCT(AuditHead, (), (size, root, at, signature, copied_at))

// -- declarations
enum class DeclarationKind { ethics_pledge };
BOOST_DESCRIBE_ENUM(DeclarationKind, ethics_pledge)
struct DeclarationText {
  DeclarationId id;
  DeclarationKind kind{};
  std::int64_t version = 1;
  Bilingual title, text;
  Instant published_at;
};
BOOST_DESCRIBE_STRUCT(DeclarationText, (), (id, kind, version, title, text, published_at))
struct DeclarationTexts { std::vector<DeclarationText> items; };
BOOST_DESCRIBE_STRUCT(DeclarationTexts, (), (items))
struct Publish {
  DeclarationKind kind{};
  Text<2, 80> title_zh, title_en;
  Text<10, 8000, Lines::many> text_zh, text_en;
};
BOOST_DESCRIBE_STRUCT(Publish, (), (kind, title_zh, title_en, text_zh, text_en))

}  // namespace xinyi::staff
