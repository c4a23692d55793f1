// Command line: parse, call, and turn every failure into a sentence and an exit status.
#include <CLI/CLI.hpp>
#include <iostream>

#include "app/commands.hpp"
#include "app/house.hpp"

namespace {
using namespace xinyi;

void add_common(CLI::App& app, app::Options& o) {
  app.add_option("--data", o.data, "data folder")->envname("XINYI_DATA");
  app.add_option("--secrets", o.secrets, "folder of machine, epoch and log key; never inside the data folder")->envname("XINYI_SECRETS");
  app.add_option("--listen", o.listen, "address and port")->envname("XINYI_LISTEN");
  app.add_option("--database", o.database, "sqlite or postgresql://…")->envname("XINYI_DATABASE");
  app.add_option("--database-owner", o.database_owner, "the schema owner's postgresql://… (migrate only)")->envname("XINYI_DATABASE_OWNER");
  app.add_option("--heads", o.heads, "file to which signed audit heads are copied; best on another disk")->envname("XINYI_HEADS");
  app.add_flag("--json", o.json, "answer for machines");
  app.set_config("--config", "", "configuration file (TOML)")->envname("XINYI_CONFIG");
  app.fallthrough();
}

int run(int argc, char** argv) {
  app::Options o;
  CLI::App cli("Xinyi 心驿 · the school counselling room 学校心理咨询室", "xinyi");
  cli.require_subcommand(1);
  add_common(cli, o);
  std::function<int()> todo;
  const auto command = [&](CLI::App& parent, const char* name, const char* text, std::function<int()> work) {
    auto* sub = parent.add_subcommand(name, text);
    sub->fallthrough();
    sub->callback([&todo, work] { todo = work; });
    return sub;
  };

  command(cli, "serve", "start the server 启动服务", [&] { return app::serve(o); });

  staff::NewSchool school;
  school.code = "school";
  auto* init = command(cli, "init", "set up a real school 建立学校", [&] { return app::init(o, school); });
  init->add_option("--name", school.name, "name of the school")->required();
  init->add_option("--director", school.director_name, "name of the room's director")->required();
  init->add_option("--stage", school.stages, "primary, junior, senior (repeat)")->check(CLI::IsMember({"primary", "junior", "senior"}))->required();
  init->add_option("--zone", school.zone, "time zone");
  init->add_option("--help-place", school.help_place, "where help is, shown without signing in");
  init->add_option("--help-hours", school.help_hours, "when somebody is there");
  init->add_option("--help-people", school.help_people, "whom to ask for");

  app::DemoOptions demo_options;
  auto* demo = command(cli, "demo", "make a demonstration school 演示学校", [&] { return app::demo(o, demo_options); });
  demo->add_option("--students", demo_options.students, "number of students");
  demo->add_option("--seed", demo_options.seed, "same seed, same contents");

  app::ImportArgs import_args;
  auto* import = cli.add_subcommand("import", "bring data in 导入");
  import->require_subcommand(1)->fallthrough();
  auto* roster = command(*import, "roster", "OneRoster 1.1 folder or zip, CSV, XLSX 导入名册", [&] { return app::import_roster(o, import_args); });
  roster->add_option("path", import_args.path, "file or folder")->required();
  roster->add_flag("--dry-run", import_args.dry_run, "only say what would happen");
  roster->add_flag("--absent-have-left", import_args.absent_have_left, "students missing in a table have left");
  roster->add_option("--map", import_args.map, "field=column (repeat)");

  auto* audit = cli.add_subcommand("audit", "the audit log 审计日志");
  audit->require_subcommand(1)->fallthrough();
  command(*audit, "head", "sign and print the head", [&] { return app::audit_head(o); });
  std::string head_file;
  command(*audit, "verify", "check the whole log against the last copied head", [&] { return app::audit_verify(o, head_file); })
      ->add_option("--head", head_file, "file with copied heads");
  std::int64_t leaf = 0;
  command(*audit, "prove", "prove that an event is in the log", [&] { return app::audit_prove(o, leaf); })->add_option("number", leaf, "event number")->required();

  command(cli, "routes", "all routes and their rules", [&] { return app::routes(o); });
  command(cli, "openapi", "the API document", [] { return app::openapi(); });
  command(cli, "migrate", "bring the schema up to date", [&] { return app::migrate(o); });
  command(cli, "doctor", "check this installation 检查安装", [&] { return app::doctor(o); });
  std::string folder;
  command(cli, "backup", "copy the database while it is consistent 备份", [&] { return app::backup(o, folder); })->add_option("folder", folder)->required();
  command(cli, "version", "print the version", [&] { return app::version(o); });

  try {
    cli.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    const int status = cli.exit(e);
    return status == 0 ? 0 : 2;
  }
  app::complete(o);
  return todo();
}
}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const xinyi::Refusal& refusal) {
    const auto& entry = xinyi::catalogue(refusal.problem().code);
    std::cerr << "xinyi: " << entry.zh << " · " << entry.en << "\n";
    // What the room adds for the reader, e.g. file and line of an unreadable roster.
    if (const auto& extra = refusal.problem().extra; !extra.empty()) std::cerr << "  " << boost::json::serialize(extra) << "\n";
  } catch (const std::exception& e) {
    std::cerr << "xinyi: " << e.what() << "\n";
  }
  return 1;
}
