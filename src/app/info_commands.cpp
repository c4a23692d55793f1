// routes, openapi, migrate, doctor, backup, version.
#include <filesystem>
#include <iostream>

#include "app/commands.hpp"
#include "app/house.hpp"
#include "app/jobs.hpp"
#include "identity/accounts.hpp"
#include "print/fonts.hpp"

namespace xinyi::app {
namespace {
namespace fs = std::filesystem;

struct Check {
  std::string id;
  bool ok;
  std::string zh, en;
};

std::vector<Check> examine(House& house) {
  std::vector<Check> out;
  const auto& options = house.options();
  out.push_back({"keys", true, "密钥文件齐全,权限正确", "The key files are there and closed to others"});
  const auto ailment = house.db().ailment();
  out.push_back({"storage", ailment.empty(), ailment.empty() ? "数据库正常" : "数据库有问题:" + ailment, ailment.empty() ? "The database is well" : "The database: " + ailment});
  const bool scarce = house.db().scarce();
  out.push_back({"reserve", !scarce,
                 options.reserve == 0 ? "没有为磁盘写满预留空间(--reserve 0)" : scarce ? "磁盘已满,正在使用预留空间:只能登录、退出和查阅;请腾出空间,之后自动恢复" : "为磁盘写满预留的空间完好",
                 options.reserve == 0 ? "Nothing is set aside for a full disk (--reserve 0)"
                 : scarce ? "The disk is full and its reserve is in use: people can only sign in, sign out and read. Make room; the rest goes on by itself then"
                          : "What is set aside for a full disk is whole"});
  std::error_code ec;
  const auto space = fs::space(options.data, ec);
  const bool roomy = !ec && space.available > (1ull << 30);
  out.push_back({"disk", roomy, roomy ? "磁盘空间充足" : "磁盘剩余不足 1 GiB", roomy ? "There is room on the disk" : "Less than 1 GiB is left on the disk"});
  const bool apart = fs::absolute(options.heads).parent_path() != fs::absolute(options.data);
  out.push_back({"heads", apart, apart ? "审计树头存放在数据目录之外" : "审计树头和数据放在一起,请用 --heads 放到另一块磁盘",
                 apart ? "Audit heads are kept outside the data folder" : "Audit heads lie beside the data; put them on another disk with --heads"});
  const bool prints = print::font_is_there();
  out.push_back({"font", prints, prints ? "打印用的宋体字体已安装" : "没有找到打印用的宋体字体(Noto Serif CJK SC),表格不能打印;请安装 fonts-noto-cjk",
                 prints ? "The font for printing is installed" : "The font for printing (Noto Serif CJK SC) is missing, so no form can be printed; install fonts-noto-cjk"});
  for (const auto& id : house.schools().all()) {
    const auto school = house.schools().of(id);
    const auto forged = house.db().read(id, [&](storage::ReadTx& tx) { return identity::disbelieved_accounts(tx, school->data_key); });
    out.push_back({"accounts", forged == 0,
                   forged == 0 ? school->name + ":账号都未被篡改" : school->name + ":" + std::to_string(forged) + " 个账号在程序之外被改动过,已停止承认;请保留数据库原样,告诉主任,并查清谁能写入数据库",
                   forged == 0 ? school->name + ": the accounts are as the program wrote them"
                               : school->name + ": " + std::to_string(forged) + " accounts were changed past the program and are not believed; keep the database as it is, "
                                 "tell the director, and find out who can write to it"});
    out.push_back({"school", school->open, school->name + (school->open ? ":已启用" : ":等待主任启用"), school->name + (school->open ? ": open" : ": waits for its director")});
  }
  return out;
}
}  // namespace

int routes(const Options& options) {
  const auto all = all_routes();
  if (options.json) {
    std::cout << boost::json::serialize(http::routes_json(all)) << "\n";
    return 0;
  }
  for (const auto& e : all.entries()) std::cout << contract::enum_name(e.route.method) << " " << e.route.path << "  " << e.route.summary << "\n";
  return 0;
}

int openapi() {
  std::cout << boost::json::serialize(http::openapi(all_routes(), XINYI_VERSION)) << "\n";
  return 0;
}

int migrate(const Options& options) {
  if (options.database != "sqlite") {
    open_database(options)->migrate(all_migrations());
  } else {
    SystemRandom random;
    House house(options, House::Need::existing, random);
  }
  std::cout << "数据库结构已是最新 · The schema is up to date.\n";
  return 0;
}

int doctor(House& house, bool json, std::ostream& out) {
  const auto checks = examine(house);
  bool well = true;
  boost::json::array list;
  for (const auto& c : checks) {
    well = well && c.ok;
    list.push_back(boost::json::object{{"id", c.id}, {"ok", c.ok}, {"text", boost::json::object{{"zh", c.zh}, {"en", c.en}}}});
    if (!json) out << (c.ok ? "[ok] " : "[!!] ") << c.zh << " · " << c.en << "\n";
  }
  if (json) out << boost::json::serialize(boost::json::object{{"well", well}, {"checks", std::move(list)}}) << "\n";
  return well ? 0 : 1;
}

int backup(House& house, const std::string& folder, std::ostream& out) {
  std::error_code failed;
  if (fs::create_directories(folder, failed)) fs::permissions(folder, fs::perms::owner_all, failed);
  if (failed) throw storage::OperatorError("The folder " + folder + " cannot be made (" + failed.message() + "). Nothing was copied. The server writes the copy, so its user needs the right to.");
  const auto file = folder + "/xinyi-" + to_text(house.clock().now()) + ".db";
  for (const auto& school : house.schools().all()) {
    // The act first, so that it is in the copy, and then a head that covers it.
    house.db().write(school, [&](storage::WriteTx& tx) {
      audit::Event e{audit::Actor::operator_(), audit::Act::backup_made};
      e.object = audit::Object::the("backup");
      e.at = house.clock().now();
      audit::append(tx, e);
    });
    seal_and_copy(house, school);
  }
  house.db().backup_to(file, [](storage::WriteTx& tx) {
    identity::forget_sessions(tx);
    http::forget_keys(tx);
    storage::forget_leases(tx);
  });
  out << file << "\n";
  return 0;
}

int version(const Options& options) {
  if (options.json) std::cout << "{\"version\":\"" XINYI_VERSION "\"}\n";
  else std::cout << "xinyi " XINYI_VERSION "\n";
  return 0;
}
}  // namespace xinyi::app
