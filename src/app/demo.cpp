#include "app/demo.hpp"

#include <filesystem>
#include <fstream>

#include "app/demo_roster.hpp"
#include "features/cases/opening.hpp"
#include "features/people/people.hpp"
#include "features/staff/staff.hpp"

namespace xinyi::app {
namespace {
using namespace identity;
using storage::ReadTx;
using storage::WriteTx;

struct Someone {
  const char* username;
  const char* name;
  const char* gender;
  Roles roles;
};
// One account for each role that works in the first line.
const Someone kPeople[] = {
    {"director", "林主任", "female", {Role::director, Role::counsellor, Role::crisis_team}},
    {"counsellor", "周敏", "female", {Role::counsellor, Role::crisis_team}},
    {"counsellor2", "何建国", "male", {Role::counsellor}},
    {"trainee", "苏晓", "female", {Role::trainee}},
    {"deputy", "郑副校长", "male", {Role::deputy}},
    {"reception", "钱前台", "female", {Role::reception}},
    {"homeroom", "吴班主任", "male", {Role::homeroom_teacher}},
    {"archivist", "冯档案", "female", {Role::archivist}},
    {"principal", "韩校长", "male", {Role::principal}},
    {"admin", "技术管理员", "", {Role::administrator}},
};

class Maker {
 public:
  Maker(House& house, const DemoOptions& options) : house_(house), options_(options), random_(options.seed) {}

  DemoSchool make() {
    now_ = house_.clock().now();
    staff::NewSchool facts{"心驿示范学校", "demo", "Asia/Shanghai", kPeople[0].name, kPeople[0].gender, {"junior", "senior"}, true, "综合楼二层 203 心理辅导室",
                           "周一至周五 8:00–17:30", "周敏老师、何建国老师"};
    const auto created = staff::create_school(house_.db(), house_.keys(), facts, now_, random_);
    school_ = created.school;
    key_ = house_.schools().of(school_);
    zone_ = &key_->zone;
    today_ = zone_->date_of(now_);
    open_room(created.director);
    for (std::size_t i = 1; i < std::size(kPeople); ++i) add_colleague(kPeople[i]);
    roster();
    calendar();
    visits();
    show_accounts();
    house_.schools().forget(school_);
    return out_;
  }

 private:
  /// Password, second factor and pledge, as after a first sign-in.
  crypto::PersonSecret settle(WriteTx& tx, const PersonId& person, const Roles& roles) {
    auto secret = crypto::PersonSecret::random();
    int generation = 0;
    const bool holder = roles.any(kKeyHolders);
    if (holder) {
      const auto pair = crypto::derive(secret);
      generation = vault::add_person_key(tx, person, pair.box_public, pair.sign_public, to_text(roles));
    }
    set_password(tx, key_->data_key, person, make_password(staff::demo_password(), school_, person, holder, holder ? &secret : nullptr), generation);
    if (roles.any(kStaff)) {
      (void)new_totp(tx, key_->data_key, person, random_);
      confirm_totp(tx, key_->data_key, person);
      for (const auto& d : declarations_due(tx, person)) acknowledge(tx, d.id, person, now_);
    }
    return secret;
  }

  void open_room(const PersonId& director) {
    const staff::RoomSeeds seeds;
    house_.db().write(school_, [&](WriteTx& tx) {
      director_.emplace(vault::unlock(director, settle(tx, director, kPeople[0].roles)));
      const auto message = staff::make_room_message(seeds, director, director_->pair.box_public, director_->pair.sign_public, to_text(kPeople[0].roles),
                                                    staff::setup_challenge(key_->data_key, director));
      staff::make_room(tx, house_.keys(), key_->data_key, *director_, message, now_, random_);
    });
    staff_.emplace_back(kPeople[0].username, director);
  }

  void add_colleague(const Someone& who) {
    Account account;
    account.person = random_.id<PersonId>(now_);
    account.username = who.username;
    account.name = who.name;
    account.gender = who.gender;
    account.roles = who.roles;
    house_.db().write(school_, [&](WriteTx& tx) {
      invite(tx, key_->data_key, account, make_start_secret(random_), now_);
      auto secret = settle(tx, account.person, who.roles);
      if (!who.roles.any(kKeyHolders)) return;
      auto opened = vault::unlock(account.person, std::move(secret));
      staff::certify_colleague(tx, house_.keys(), key_->data_key, *director_, account.person, vault::short_code(opened.pair.box_public, opened.pair.sign_public), now_);
      if (std::string_view(who.username) == "counsellor") counsellor_.emplace(std::move(opened));
    });
    staff_.emplace_back(who.username, account.person);
  }

  void roster() {
    const auto file = house_.options().data + "/demo-roster.csv";
    std::ofstream(file) << demo_roster_csv(options_.students, options_.seed, today_);
    people::ImportOptions import{school_, today_, now_, PersonId{}};
    people::import_roster(house_.db(), house_.keys(), random_, file, import);
    std::filesystem::remove(file);
    house_.db().write(school_, [&](WriteTx& tx) {
      for (const auto& s : people::search_students(tx, {.limit = 6}).items) {
        (void)settle(tx, s.id, {Role::student});
        rename(tx, key_->data_key, s.id, "student" + (students_.empty() ? std::string() : std::to_string(students_.size() + 1)));
        students_.push_back(s.id);
      }
    });
    if (options_.everyone) house_.db().write(school_, [&](WriteTx& tx) { let_everyone_in(tx); });
  }

  void let_everyone_in(WriteTx& tx) {
    // One hashing for all: the password is on the sign-in page.
    const auto password = make_password(staff::demo_password(), school_, PersonId{}, false, nullptr);
    std::optional<PersonId> after;
    do {
      const auto page = people::search_students(tx, {.after = after, .limit = 200});
      for (const auto& s : page.items)
        if (const auto a = account_of(tx, key_->data_key, s.id); a && a->state == AccountState::invited)
          set_password(tx, key_->data_key, s.id, password, 0);
      after = page.next;
    } while (after);
  }

  void calendar() {
    house_.db().write(school_, [&](WriteTx& tx) {
      schedule::insert_term(tx, {random_.id<TermId>(now_), "本学期", today_.plus_days(-60), today_.plus_days(90), 1});
      std::vector<RoomId> rooms;
      for (const char* name : {"个别辅导室一", "个别辅导室二"}) {
        rooms.push_back(random_.id<RoomId>(now_));
        schedule::insert_room(tx, {rooms.back(), name, schedule::RoomFunction::individual, 3, 1});
      }
      const PersonId on_duty[] = {staff_.at(1).second, staff_.at(2).second};
      for (int d = -14; d <= 28; ++d) {
        const auto day = today_.plus_days(d);
        // The demonstration is open every day, so that whoever tries it on a Sunday finds something.
        for (std::size_t i = 0; i < 2; ++i) {
          const int from = i == 0 ? 9 * 60 : 13 * 60 + 30;
          for (int half = 0; half < 2; ++half) {
            const WallTime starts{from + half * 300}, ends{from + half * 300 + 160};
            schedule::insert_shift(tx, {random_.id<ShiftId>(now_), {on_duty[i], {}, {}}, {rooms[i], {}}, day, zone_->at(day, starts), zone_->at(day, ends), 40, 0, 1});
          }
        }
      }
    });
  }

  AppointmentId visit(WriteTx& tx, const schedule::Shift& shift, int slot, const PersonId& client, schedule::AppointmentState state, const char* reason) {
    schedule::StoredAppointment a;
    a.id = random_.shuffled_id<AppointmentId>();
    a.client = schedule::become_client(tx, key_->data_key, client);
    a.counsellor = shift.counsellor.id;
    a.room = shift.room.id;
    a.shift = shift.id;
    a.span = schedule::slots_of({shift.starts_at, shift.ends_at}, shift.slot_minutes).at(static_cast<std::size_t>(slot));
    a.state = state;
    if (schedule::occupy_for(tx, key_->data_key, a) != schedule::Take::taken) return {};
    if (reason) {
      a.reason_unit = random_.shuffled_id<UnitId>();
      const auto unit = vault::new_unit(tx, house_.keys(), *a.reason_unit);
      a.reason = vault::seal_waiting(vault::room_key(tx, house_.keys(), vault::RoomKeyKind::duty).box_public, unit,
                                     {school_, {}, *a.reason_unit, "reason", 1}, view(reason));
    }
    schedule::insert_appointment(tx, a);
    audit::Event e{audit::Actor::client(a.client), audit::Act::appointment_booked};
    e.object = audit::Object::of("appointment", a.id);
    e.about = a.client;
    e.at = now_;
    audit::append(tx, e);
    return a.id;
  }

  void visits() {
    house_.db().write(school_, [&](WriteTx& tx) {
      const auto me = staff_.at(1).second;
      const auto span = [&](int from, int to) { return schedule::Interval{zone_->at(today_.plus_days(from), {0}), zone_->at(today_.plus_days(to), {0})}; };
      const auto past = schedule::shifts(tx, span(-7, -6), me), now = schedule::shifts(tx, span(0, 1), me), next = schedule::shifts(tx, span(1, 2), me);
      const auto first = visit(tx, past.at(0), 0, students_.at(0), schedule::AppointmentState::came, "最近总是睡不好,想找人聊聊。");
      write_case(tx, first, students_.at(0), past.at(0));
      visit(tx, past.at(0), 1, students_.at(1), schedule::AppointmentState::no_show, nullptr);
      visit(tx, now.at(0), 1, students_.at(1), schedule::AppointmentState::booked, "和同桌闹别扭了,不知道怎么开口。");
      visit(tx, now.at(1), 0, students_.at(0), schedule::AppointmentState::booked, nullptr);
      visit(tx, now.at(1), 2, students_.at(2), schedule::AppointmentState::booked, "考试前特别紧张。");
      visit(tx, next.at(0), 0, students_.at(3), schedule::AppointmentState::booked, nullptr);
    });
  }

  /// A running case with one signed record, made with the counsellor's own key like any other.
  void write_case(WriteTx& tx, const AppointmentId& appointment, const PersonId& client, const schedule::Shift& shift) {
    const auto ref = key_->data_key.client_ref(client);
    const auto key = vault::make_case_key();
    cases::StoredCase c{random_.shuffled_id<CaseId>(), cases::school_year_of(shift.date), 0, ref, counsellor_->person, cases::CaseState::running, shift.date, 1};
    cases::insert_case(tx, c);
    vault::insert_grants(tx, vault::opening_grants(school_, c.id, key, *vault::certified_key(tx, house_.keys(), counsellor_->person),
                                                   vault::room_key(tx, house_.keys(), vault::RoomKeyKind::room),
                                                   vault::room_key(tx, house_.keys(), vault::RoomKeyKind::crisis), *counsellor_, now_, random_));
    cases::keep_card(tx, ref, shift.date);
    cases::StoredRecord r;
    r.id = random_.shuffled_id<RecordId>();
    r.case_id = c.id;
    r.unit = random_.shuffled_id<UnitId>();
    r.session_on = shift.date;
    r.appointment = appointment;
    r.author = counsellor_->person;
    r.saved_at = shift.ends_at;
    r.due_at = shift.ends_at + cases::kRecordDue;
    cases::RecordFields f;
    f.session_on = shift.date;
    f.starts = zone_->wall_time_of(shift.starts_at);
    f.ends = WallTime{f.starts->minutes + 40};
    f.place = Prose<60>::from("个别辅导室一");
    f.way = cases::Way::face;
    f.complaint = cases::Part::from("“躺下以后脑子停不下来,一直在想月考。”");
    f.process = cases::Part::from("建立关系,了解一周的作息;一起画出睡前两小时的时间线。");
    f.assessment = cases::Part::from("情绪稳定,压力主要来自考试安排。");
    f.risk_level = cases::RiskLevel::none;
    f.measures = cases::Part::from("约定睡前不看手机,记三天睡眠日记。");
    f.next_on = today_;
    const auto content = vault::content_key(key, vault::new_unit(tx, house_.keys(), r.unit));
    r.draft = cases::seal_fields(content, cases::place_of(school_, r, "draft", 1), f);
    cases::insert_record(tx, r);
    audit::Event e{audit::Actor::staff(counsellor_->person), audit::Act::case_opened};
    e.object = audit::Object::of("case", c.id);
    e.about = ref;
    e.at = now_;
    audit::append(tx, e);
  }

  void show_accounts() {
    out_.school = key_->name;
    out_.password = staff::demo_password();
    house_.db().write(school_, [&](WriteTx& tx) {
      auto all = staff_;
      for (std::size_t i = 0; i < 2; ++i) all.emplace_back("", students_.at(i));
      std::vector<PersonId> people;
      for (const auto& [_, person] : all) {
        people.push_back(person);
        const auto a = account_of(tx, key_->data_key, person);
        out_.accounts.push_back({a->username, a->name, to_text(a->roles)});
      }
      staff::show_on_sign_in_page(tx, key_->data_key, people);
    });
  }

  House& house_;
  DemoOptions options_;
  SeededRandom random_;
  Instant now_;
  SchoolDate today_;
  SchoolId school_;
  std::shared_ptr<const School> key_;
  const Zone* zone_ = nullptr;
  std::optional<vault::Unlocked> director_, counsellor_;
  std::vector<std::pair<std::string, PersonId>> staff_;
  std::vector<PersonId> students_;
  DemoSchool out_;
};
}  // namespace

DemoSchool make_demo(House& house, const DemoOptions& options) {
  if (!house.schools().all().empty()) throw storage::OperatorError("There is a school in this data folder already. Choose an empty folder with --data.");
  if (options.students < 12) throw storage::OperatorError("A demonstration school has at least 12 students.");
  return Maker(house, options).make();
}
}  // namespace xinyi::app
