// init, demo, import.
#include <unistd.h>

#include <iostream>

#include "app/commands.hpp"
#include "app/house.hpp"
#include "features/people/people.hpp"
#include "identity/accounts.hpp"

namespace xinyi::app {

int init(const Options& options, const staff::NewSchool& school) {
  if (!Zone::named(school.zone)) throw storage::OperatorError("There is no time zone \"" + school.zone + "\". In China it is Asia/Shanghai.");
  SystemRandom random;
  House house(options, House::Need::fresh, random);
  if (!house.schools().all().empty()) throw storage::OperatorError("There is a school in " + options.data + " already; nothing was changed.");
  const auto made = staff::create_school(house.db(), house.keys(), school, house.clock().now(), random);
  if (options.json) {
    std::cout << boost::json::serialize(boost::json::object{{"school", to_text(made.school)}, {"start_secret", made.start_secret}}) << "\n";
    return 0;
  }
  std::cout << "学校已建立 · The school is ready for its director: " << school.name << "\n\n"
            << "  主任的一次性启用码 · the director's one-time start secret:\n\n      " << made.start_secret << "\n\n"
            << "  有效期 7 天。请当面交给主任,不要拍照、不要用聊天软件发送。\n"
            << "  Valid for 7 days. Hand it over in person; do not photograph it or send it by chat.\n\n"
            << "下一步 · next:  xinyi serve --data " << options.data << "   然后由主任打开 · then the director opens  http://" << options.listen << "/office/\n";
  return 0;
}

int demo(const Options& options, const DemoOptions& wanted) {
  SystemRandom random;
  House house(options, House::Need::fresh, random);
  const auto made = make_demo(house, wanted);
  if (options.json) {
    boost::json::array accounts;
    for (const auto& a : made.accounts) accounts.push_back(boost::json::object{{"username", a.username}, {"name", a.name}, {"roles", a.role}});
    std::cout << boost::json::serialize(boost::json::object{{"school", made.school}, {"password", made.password}, {"accounts", std::move(accounts)}}) << "\n";
    return 0;
  }
  std::cout << made.school << "\n密码 · password for all: " << made.password << "\n"
            << "验证器数字显示在登录页 · authenticator digits are shown on the sign-in page\n\n";
  for (const auto& a : made.accounts) std::cout << "  " << a.username << std::string(a.username.size() < 14 ? 14 - a.username.size() : 1, ' ') << a.role << "  " << a.name << "\n";
  std::cout << "\n工作人员 · staff: /office/     学生 · students: /\n";
  return 0;
}

int import_roster(House& house, const ImportArgs& args, bool json, std::ostream& out) {
  SystemRandom random;
  const auto id = house.only_school();
  const auto school = house.schools().of(id);
  people::ImportOptions import{id, school->zone.date_of(house.clock().now()), house.clock().now(), PersonId{}};
  import.dry_run = args.dry_run;
  import.absent_have_left = args.absent_have_left;
  for (const auto& each : args.map) {
    const auto equals = each.find('=');
    if (equals == std::string::npos) throw storage::OperatorError("--map wants field=column, like name=姓名 or birth_date=C.");
    import.map[each.substr(0, equals)] = each.substr(equals + 1);
  }
  const auto report = people::import_roster(house.db(), house.keys(), random, args.path, import);
  if (json) out << boost::json::serialize(people::to_json(report)) << "\n";
  else out << people::to_text(report, true);
  return 0;
}
}  // namespace xinyi::app
