// Prepares a demonstration school for script/bench: opened sessions, free slots, drafts, all by the rooms' own functions.
//   xinyi_bench_seed --data DIR --out DIR        the school of `xinyi demo` in --data, not being served
// Writes into --out what the load generator needs, a line each: clients (cookie), slots (shift and time), drafts (id),
// unsigned (ids to be signed), staff (name and cookie).
#include <fmt/format.h>

#include <fstream>
#include <iostream>

#include "app/house.hpp"
#include "features/cases/opening.hpp"
#include "features/staff/staff.hpp"
#include "identity/sessions.hpp"

namespace {
using namespace xinyi;
using storage::WriteTx;

constexpr int kPlaces = 40, kDays = 60, kFirstDay = 100;  // far behind what the lists show
constexpr int kSlotMinutes = 15, kSlotsADay = 40;
constexpr int kDrafts = 1024, kToSign = 32;

class Seeder {
 public:
  Seeder(app::House& house, std::string out) : house_(house), out_(std::move(out)), school_(house.only_school()), facts_(house.schools().of(school_)) {
    now_ = house.clock().now();
    today_ = facts_->zone.date_of(now_);
  }

  void run() {
    house_.db().write(school_, [&](WriteTx& tx) { clients(tx); });
    house_.db().write(school_, [&](WriteTx& tx) { slots(tx); });
    std::ofstream staff(out_ + "/staff");
    const auto first = sign_in("counsellor"), second = sign_in("counsellor2");
    house_.db().write(school_, [&](WriteTx& tx) {
      std::ofstream to_sign(out_ + "/unsigned"), drafts(out_ + "/drafts");
      records(tx, first, students_.at(20), kToSign, to_sign);
      records(tx, second, students_.at(21), kDrafts, drafts);
      full_day(tx, first.person);
      for (const auto* who : {&first, &second}) staff << cookie_of(tx, *who) << "\n";
    });
  }

 private:
  vault::Unlocked sign_in(const char* username) {
    const auto found = house_.db().read(school_, [&](storage::ReadTx& tx) {
      auto account = identity::account_named(tx, facts_->data_key, username);
      invariant(account.has_value(), "no demonstration school");
      return std::pair(*account, vault::person_secret(tx, account->person));
    });
    auto tried = identity::try_password(staff::demo_password(), &found.first, school_, found.second, Fixed<16>{});
    invariant(tried.right && tried.secret, "the demonstration password does not open its account");
    return vault::unlock(found.first.person, std::move(*tried.secret));
  }

  std::string cookie_of(WriteTx& tx, const vault::Unlocked& who) {
    return identity::open_session(tx, facts_->data_key, who.person, true, identity::account_of(tx, facts_->data_key, who.person)->role_stamp, true, &who.secret, now_).to_cookie();
  }

  /// Every student has signed in.
  void clients(WriteTx& tx) {
    std::ofstream out(out_ + "/clients");
    std::optional<PersonId> after;
    do {
      const auto page = people::search_students(tx, {.after = after, .limit = 200});
      for (const auto& s : page.items) {
        identity::set_state(tx, facts_->data_key, s.id, identity::AccountState::active);
        const auto account = identity::account_of(tx, facts_->data_key, s.id);
        out << identity::open_session(tx, facts_->data_key, s.id, false, account->role_stamp, false, nullptr, now_).to_cookie() << "\n";
        students_.push_back(s.id);
      }
      after = page.next;
    } while (after);
  }

  /// Colleagues with a room each, every slot distinct; in the order of time, so that a client never meets itself.
  void slots(WriteTx& tx) {
    std::vector<std::pair<PersonId, RoomId>> places;
    for (int i = 0; i < kPlaces; ++i) {
      identity::Account account;
      account.person = random_.id<PersonId>(now_);
      account.username = fmt::format("bench{}", i);
      account.name = fmt::format("测量{}", i);
      account.roles = {identity::Role::counsellor};
      identity::invite(tx, facts_->data_key, account, identity::make_start_secret(random_), now_);
      identity::set_state(tx, facts_->data_key, account.person, identity::AccountState::active);
      places.emplace_back(account.person, random_.id<RoomId>(now_));
      schedule::insert_room(tx, {places.back().second, account.name, schedule::RoomFunction::individual, 2, 1});
    }
    std::ofstream out(out_ + "/slots");
    for (int d = 0; d < kDays; ++d) {
      const auto day = today_.plus_days(kFirstDay + d);
      const WallTime starts{8 * 60}, ends{8 * 60 + kSlotsADay * kSlotMinutes};
      std::vector<schedule::Shift> shifts;
      for (const auto& [person, room] : places) {
        shifts.push_back({random_.id<ShiftId>(now_), {person, {}, {}}, {room, {}}, day, facts_->zone.at(day, starts), facts_->zone.at(day, ends), kSlotMinutes, 0, 1});
        schedule::insert_shift(tx, shifts.back());
      }
      for (const auto& slot : schedule::slots_of({shifts[0].starts_at, shifts[0].ends_at}, kSlotMinutes))
        for (const auto& s : shifts) out << to_text(s.id) << " " << to_text(slot.starts_at) << "\n";
    }
  }

  /// One running case of the counsellor with drafts ready to be signed.
  void records(WriteTx& tx, const vault::Unlocked& me, const PersonId& client, int count, std::ostream& out) {
    const auto& keys = house_.keys();
    const auto ref = schedule::become_client(tx, facts_->data_key, client);
    const auto key = vault::make_case_key();
    cases::StoredCase c{random_.shuffled_id<CaseId>(), cases::school_year_of(today_), 0, ref, me.person, cases::CaseState::running, today_, 1};
    cases::insert_case(tx, c);
    vault::insert_grants(tx, vault::opening_grants(school_, c.id, key, *vault::certified_key(tx, keys, me.person),
                                                   vault::room_key(tx, keys, vault::RoomKeyKind::room),
                                                   vault::room_key(tx, keys, vault::RoomKeyKind::crisis), me, now_, random_));
    for (int i = 0; i < count; ++i) {
      cases::StoredRecord r;
      r.id = random_.shuffled_id<RecordId>();
      r.case_id = c.id;
      r.unit = random_.shuffled_id<UnitId>();
      r.session_number = i + 1;
      r.session_on = today_;
      r.author = me.person;
      r.saved_at = now_;
      r.due_at = now_ + cases::kRecordDue;
      cases::RecordFields f;
      f.session_on = today_;
      f.way = cases::Way::face;
      f.complaint = cases::Part::from("“躺下以后脑子停不下来,一直在想月考。”");
      f.process = cases::Part::from("建立关系,了解一周的作息;一起画出睡前两小时的时间线。");
      f.assessment = cases::Part::from("情绪稳定,压力主要来自考试安排。");
      f.risk_level = cases::RiskLevel::none;
      f.measures = cases::Part::from("约定睡前不看手机,记三天睡眠日记。");
      r.draft = cases::seal_fields(vault::content_key(key, vault::new_unit(tx, keys, r.unit)), cases::place_of(school_, r, "draft", 1), f);
      cases::insert_record(tx, r);
      out << to_text(r.id) << "\n";
    }
  }

  /// Whatever is still free today in the counsellor's shifts is booked.
  void full_day(WriteTx& tx, const PersonId& counsellor) {
    const schedule::Interval day{facts_->zone.at(today_, {0}), facts_->zone.at(today_.plus_days(1), {0})};
    std::size_t next = 30;
    for (const auto& shift : schedule::shifts(tx, day, counsellor))
      for (const auto& slot : schedule::slots_of({shift.starts_at, shift.ends_at}, static_cast<int>(shift.slot_minutes))) {
        schedule::StoredAppointment a;
        a.id = random_.shuffled_id<AppointmentId>();
        a.client = schedule::become_client(tx, facts_->data_key, students_.at(next++));
        a.counsellor = counsellor;
        a.room = shift.room.id;
        a.shift = shift.id;
        a.span = slot;
        if (schedule::occupy_for(tx, facts_->data_key, a) == schedule::Take::taken) schedule::insert_appointment(tx, a);
      }
  }

  app::House& house_;
  std::string out_;
  SchoolId school_;
  std::shared_ptr<const identity::School> facts_;
  SystemRandom random_;
  Instant now_;
  SchoolDate today_;
  std::vector<PersonId> students_;
};
}  // namespace

int main(int argc, char** argv) {
  app::Options options;
  std::string out;
  for (int i = 1; i + 1 < argc; i += 2) (std::string_view(argv[i]) == "--data" ? options.data : out) = argv[i + 1];
  if (options.data.empty() || out.empty()) {
    fmt::print(stderr, "usage: {} --data DIR --out DIR\n", argv[0]);
    return 2;
  }
  try {
    app::complete(options);
    SystemRandom random;
    app::House house(options, app::House::Need::existing, random);
    Seeder(house, out).run();
    return 0;
  } catch (const storage::OperatorError& e) {
    fmt::print(stderr, "{}\n", e.what());
  } catch (const Refusal& e) {
    fmt::print(stderr, "refused: {} {}\n", catalogue(e.problem().code).name, e.problem().inside);
  } catch (const std::exception& e) {
    fmt::print(stderr, "{}\n", e.what());
  }
  return 1;
}
