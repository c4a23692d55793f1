#include "features/people/importing.hpp"

#include "features/people/accounts.hpp"
#include "features/people/oneroster.hpp"
#include "features/people/rules.hpp"

namespace xinyi::people {
namespace {

constexpr int kTries = 3;  // when the roster changes between reading and writing

Facts read_facts(const Roster& roster, const Present& present, const ImportOptions& options,
                 const std::optional<Mapping>& mapping, Findings& findings) {
  if (roster.oneroster) return read_oneroster(*roster.files, options.today, findings);
  const auto head = read_head(roster.table());
  TableOptions table;
  table.today = options.today;
  table.keep_identity_numbers = present.keep_identity_numbers;
  table.absent_have_left = options.absent_have_left;
  return read_table(roster.table(), head, mapping ? *mapping : with_overrides(head, options.map), table, findings);
}

vault::DataKey school_key(storage::Database& db, const vault::ServerKeys& keys, const SchoolId& school) {
  auto key = db.read(school, [&](storage::ReadTx& tx) { return vault::load_data_key(tx, keys); });
  if (!key) throw Refusal(Code::setup_needed, "the school has no data key");
  return std::move(*key);
}

audit::Event imported(const ImportOptions& options) {
  audit::Event e;
  e.actor = options.actor.is_nil() ? audit::Actor::operator_() : audit::Actor::staff(options.actor);
  e.act = audit::Act::roster_imported;
  e.object = audit::Object::the("roster");
  e.at = options.now;
  return e;
}

}  // namespace

Roster open_roster(const std::string& path) {
  switch (kind_of(path)) {
    case FileKind::folder: return {open_folder(path), true, false};
    case FileKind::zip: return {open_zip(path), true, false};
    case FileKind::xlsx: return {open_zip(path), false, true};
    case FileKind::csv: return {open_single(path), false, false};
    case FileKind::unknown: break;
  }
  throw Unreadable(Fault::file_unknown, {path.substr(path.rfind('/') + 1), 0});
}

Report Proposal::report(bool applied) const {
  return {applied, prepared.plan.counts, findings.list(), findings.refused() + findings.warnings()};
}

Proposal propose(storage::Database& db, const vault::DataKey& key, Random& random, const Roster& roster,
                 const ImportOptions& options, const std::optional<Mapping>& mapping) {
  const auto present = db.read(options.school, [&](storage::ReadTx& tx) { return load_present(tx, key); });
  Proposal out;
  const auto facts = read_facts(roster, present, options, mapping, out.findings);
  auto plan = make_plan(
      facts, present, [&] { return random.id<PersonId>(options.now).bytes(); }, out.findings);
  out.prepared = prepare(std::move(plan), random, options.now);
  return out;
}

void apply_proposal(storage::WriteTx& tx, const vault::DataKey& key, const Proposal& proposal,
                    const ImportOptions& options, const audit::Event& event) {
  apply(tx, key, proposal.prepared, options.today);
  const auto wishes = account_wishes(proposal.prepared.plan);
  (options.accounts ? options.accounts : client_accounts(key, options.now))(tx, wishes);
  audit::append(tx, event);
}

Report import_roster(storage::Database& db, const vault::ServerKeys& keys, Random& random, const std::string& path,
                     const ImportOptions& options) {
  try {
    const auto roster = open_roster(path);
    const auto key = school_key(db, keys, options.school);
    for (int attempt = 1;; ++attempt) {
      const auto proposal = propose(db, key, random, roster, options);
      if (options.dry_run) return proposal.report(false);
      try {
        db.write(options.school,
                 [&](storage::WriteTx& tx) { apply_proposal(tx, key, proposal, options, imported(options)); });
        return proposal.report(true);
      } catch (const Refusal& refusal) {
        if (refusal.problem().code != Code::changed_meanwhile || attempt == kTries) throw;
      }
    }
  } catch (const Unreadable& unreadable) {
    throw unreadable.refusal();
  }
}

boost::json::object to_json(const Report& report) { return contract::write(report).as_object(); }

std::string to_text(const Report& report, bool chinese) {
  const auto& c = report.counts;
  const auto put = [](std::string_view zh_or_en, std::int64_t n) {
    return std::string(zh_or_en) + " " + std::to_string(n) + "  ";
  };
  std::string out = chinese ? (report.applied ? "已导入。" : "没有写入(预演)。")
                            : (report.applied ? "Imported. " : "Nothing was written (dry run). ");
  const char* const zh[] = {"读取", "新增", "更新", "未变", "转班", "升级", "离校", "拒绝", "提醒"};
  const char* const en[] = {"read",     "created", "changed", "unchanged", "moved",
                            "promoted", "left",    "refused", "warnings"};
  const std::int64_t n[] = {c.read,     c.created, c.changed, c.unchanged, c.moved,
                            c.promoted, c.left,    c.refused, c.warnings};
  for (std::size_t i = 0; i < std::size(n); ++i) out += put(chinese ? zh[i] : en[i], n[i]);
  out += "\n";
  for (const auto& f : report.findings) {
    out += f.severity == Severity::refused ? (chinese ? "拒绝 " : "refused ") : (chinese ? "提醒 " : "warning ");
    out += harmless(f.file) + ":" + std::to_string(f.line) + " " + harmless(f.field) + " [" + f.code + "] ";
    out += chinese ? f.text.zh : f.text.en;
    if (!f.value.empty()) out += " «" + f.value + "»";
    out += "\n";
  }
  const auto more = report.findings_total - static_cast<std::int64_t>(report.findings.size());
  if (more > 0)
    out +=
        chinese ? "另有 " + std::to_string(more) + " 条没有列出。\n" : std::to_string(more) + " more are not listed.\n";
  return out;
}

}  // namespace xinyi::people
