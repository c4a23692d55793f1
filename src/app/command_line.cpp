// Command line: parse, then open the house, or ask the server that has it.
#include <CLI/CLI.hpp>
#include <filesystem>
#include <iostream>

#include "app/commands.hpp"
#include "app/control.hpp"

namespace xinyi::app {
namespace {
void add_common(CLI::App& app, Options& o) {
  app.add_option("--data", o.data, "data folder")->envname("XINYI_DATA");
  app.add_option("--secrets", o.secrets, "folder of machine, epoch and log key; never inside the data folder")->envname("XINYI_SECRETS");
  app.add_option("--listen", o.listen, "address and port")->envname("XINYI_LISTEN");
  app.add_option("--database", o.database, "sqlite or postgresql://…")->envname("XINYI_DATABASE");
  app.add_option("--database-owner", o.database_owner, "the schema owner's postgresql://… (migrate only)")->envname("XINYI_DATABASE_OWNER");
  app.add_option("--heads", o.heads, "file to which signed audit heads are copied; best on another disk")->envname("XINYI_HEADS");
  app.add_option("--trusted-proxy", o.trusted_proxies, "addresses of TLS proxies in front, whose X-Forwarded-For is believed (separated by commas)")
      ->delimiter(',')->envname("XINYI_TRUSTED_PROXY");
  app.add_option("--hook-hosts", o.hook_hosts, "hosts of web hooks that may lie inside the school's network, with commas")->envname("XINYI_HOOK_HOSTS");
  app.add_option("--reserve", o.reserve, "MiB set aside in the data folder for the day its disk is full; 0: nothing")->check(CLI::Range(0, 65'536))->envname("XINYI_RESERVE");
  app.add_flag("--json", o.json, "answer for machines");
  app.set_config("--config", "", "configuration file (TOML)")->envname("XINYI_CONFIG");
  app.fallthrough();
}


/// Everything the parser fills in.
struct Parsed {
  Options options;
  staff::NewSchool school;
  DemoOptions demo;
  ImportArgs import;
  std::string head_file, folder;
  std::int64_t leaf = 0;
  std::function<int()> alone;               // commands that need no opened school, or make one
  std::function<int(House&)> with_house;    // commands that also run inside a server
};

void add_school_commands(CLI::App& cli, Parsed& p, std::ostream& out) {
  auto* serving = cli.add_subcommand("serve", "start the server 启动服务")->fallthrough();
  serving->callback([&p] { p.alone = [&p] { return serve(p.options); }; });

  p.school.code = "school";
  auto* making = cli.add_subcommand("init", "set up a real school 建立学校")->fallthrough();
  making->callback([&p] { p.alone = [&p] { return init(p.options, p.school); }; });
  making->add_option("--name", p.school.name, "name of the school")->required();
  making->add_option("--director", p.school.director_name, "name of the room's director")->required();
  making->add_option("--stage", p.school.stages, "primary, junior, senior (repeat)")->check(CLI::IsMember({"primary", "junior", "senior"}))->required();
  making->add_option("--zone", p.school.zone, "time zone");
  making->add_option("--help-place", p.school.help_place, "where help is, shown without signing in");
  making->add_option("--help-hours", p.school.help_hours, "when somebody is there");
  making->add_option("--help-people", p.school.help_people, "whom to ask for");

  auto* showing = cli.add_subcommand("demo", "make a demonstration school 演示学校")->fallthrough();
  showing->callback([&p] { p.alone = [&p] { return demo(p.options, p.demo); }; });
  showing->add_option("--students", p.demo.students, "number of students");
  showing->add_flag("--everyone", p.demo.everyone, "every student can sign in with the school's password");
  showing->add_option("--seed", p.demo.seed, "same seed, same contents");

  auto* bring = cli.add_subcommand("import", "bring data in 导入")->require_subcommand(1)->fallthrough();
  auto* roster = bring->add_subcommand("roster", "OneRoster 1.1 folder or zip, CSV, XLSX 导入名册")->fallthrough();
  roster->callback([&p, &out] { p.with_house = [&p, &out](House& h) { return import_roster(h, p.import, p.options.json, out); }; });
  roster->add_option("path", p.import.path, "file or folder")->required();
  roster->add_flag("--dry-run", p.import.dry_run, "only say what would happen");
  roster->add_flag("--absent-have-left", p.import.absent_have_left, "students missing in a table have left");
  roster->add_option("--map", p.import.map, "field=column (repeat)");
}

void add_care_commands(CLI::App& cli, Parsed& p, std::ostream& out) {
  auto* audit = cli.add_subcommand("audit", "the audit log 审计日志")->require_subcommand(1)->fallthrough();
  audit->add_subcommand("head", "sign and print the head")->fallthrough()->callback([&p, &out] {
    p.with_house = [&out](House& h) { return audit_head(h, out); };
  });
  auto* verify = audit->add_subcommand("verify", "check the whole log against the last copied head")->fallthrough();
  verify->callback([&p, &out] { p.with_house = [&p, &out](House& h) { return audit_verify(h, p.head_file, p.options.json, out); }; });
  verify->add_option("--head", p.head_file, "file with copied heads");
  auto* prove = audit->add_subcommand("prove", "prove that an event is in the log")->fallthrough();
  prove->callback([&p, &out] { p.with_house = [&p, &out](House& h) { return audit_prove(h, p.leaf, out); }; });
  prove->add_option("number", p.leaf, "event number")->required();

  cli.add_subcommand("doctor", "check this installation 检查安装")->fallthrough()->callback([&p, &out] {
    p.with_house = [&p, &out](House& h) { return doctor(h, p.options.json, out); };
  });
  auto* keep = cli.add_subcommand("backup", "copy the database while it is consistent 备份")->fallthrough();
  keep->callback([&p, &out] { p.with_house = [&p, &out](House& h) { return backup(h, p.folder, out); }; });
  keep->add_option("folder", p.folder, "where the copy goes")->required();

  cli.add_subcommand("routes", "all routes and their rules")->fallthrough()->callback([&p] { p.alone = [&p] { return routes(p.options); }; });
  cli.add_subcommand("openapi", "the API document")->fallthrough()->callback([&p] { p.alone = [] { return openapi(); }; });
  cli.add_subcommand("migrate", "bring the schema up to date")->fallthrough()->callback([&p] { p.alone = [&p] { return migrate(p.options); }; });
  cli.add_subcommand("version", "print the version")->fallthrough()->callback([&p] { p.alone = [&p] { return version(p.options); }; });
}

int with_sentences(std::ostream& out, const std::function<int()>& work) {
  try {
    return work();
  } catch (const Refusal& refusal) {
    const auto& entry = catalogue(refusal.problem().code);
    out << "xinyi: " << entry.zh << " · " << entry.en << "\n";
    // What the room adds for the reader: file and line of an unreadable roster.
    if (const auto* finding = refusal.problem().extra.if_contains("finding")) {
      const auto& f = finding->as_object();
      const auto& text = f.at("text").as_object();
      out << "  " << std::string_view(f.at("file").as_string()) << ":" << f.at("line").as_int64() << "  " << std::string_view(text.at("zh").as_string())
          << " · " << std::string_view(text.at("en").as_string()) << "\n";
    }
  } catch (const std::exception& e) {
    out << "xinyi: " << e.what() << "\n";
  }
  return 1;
}
}  // namespace

int run(std::vector<std::string> arguments, House* house, const std::string& folder, std::ostream& out, std::ostream& err) {
  Parsed p;
  CLI::App cli("Xinyi 心驿 · the school counselling room 学校心理咨询室", "xinyi");
  cli.require_subcommand(1);
  add_common(cli, p.options);
  add_school_commands(cli, p, out);
  add_care_commands(cli, p, out);
  const ControlRequest request{arguments, folder};
  try {
    std::reverse(arguments.begin(), arguments.end());  // the parser takes them from the back
    cli.parse(std::move(arguments));
  } catch (const CLI::ParseError& e) {
    return cli.exit(e, out, err) == 0 ? 0 : 2;
  }
  complete(p.options);
  for (auto* path : {&p.import.path, &p.folder, &p.head_file})
    if (!path->empty()) *path = (std::filesystem::path(folder) / *path).lexically_normal().string();

  return with_sentences(err, [&] {
    if (p.alone) {
      if (house) throw storage::OperatorError("This command does not run inside the server.");
      return p.alone();
    }
    if (house) return p.with_house(*house);
    if (p.options.database == "sqlite")
      if (const auto status = ask_server(p.options.data, request, out, err)) return *status;
    SystemRandom random;
    House own(p.options, House::Need::existing, random);
    return p.with_house(own);
  });
}
}  // namespace xinyi::app
