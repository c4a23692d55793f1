#include "identity/declarations.hpp"

#include "kernel/problem.hpp"

namespace xinyi::identity {
namespace {
// Our own wording of the duties in ETH-1, ETH-2, CNF-4 and CNF-6.
constexpr std::string_view kPledgeZh =
    "一、我尊重每一位来访者,平等、温和地对待,把来访者的利益放在第一位,帮助他们成长、学会自助。\n"
    "二、来访者在这里说的话属于最高等级的秘密。我只为工作需要查阅,每一次查阅都会留下记录。\n"
    "三、我不把个案当作谈资;只在专业督导、会诊中讨论,并隐去身份。\n"
    "四、只有在来访者同意,或者有人正面临危险、未成年人受到侵害、法律明确要求时,我才向有责任、能保密、能解决问题的人说明最少的必要内容。\n"
    "五、我与来访者和家长之间不建立咨询以外的关系,不收礼物和报酬。\n"
    "六、我不作诊断,不给来访者贴标签;超出能力时,我会寻求督导或转介。\n"
    "七、发现未成年人受到侵害或处于危险,我立即报告。\n"
    "八、离开岗位以后,保密的责任仍然有效。";
constexpr std::string_view kPledgeEn =
    "1. I respect every client, meet them as equals and with warmth, put their interest first, and help them grow and help themselves.\n"
    "2. What clients say here is secret at the highest level. I look only where my work needs it, and every look leaves a trace.\n"
    "3. A case is never talk material. I discuss it only in supervision or joint consultation, with the identity removed.\n"
    "4. Only with the client's consent, or when somebody is in danger, a minor is being harmed, or the law clearly demands it, do I tell the "
    "least that is needed to those who are responsible, keep the secret and can help.\n"
    "5. I keep no relation other than counselling with clients or their parents and take no gifts or payment.\n"
    "6. I make no diagnosis and label nobody; beyond my competence I ask for supervision or refer.\n"
    "7. When a minor is harmed or in danger, I report it at once.\n"
    "8. The duty of secrecy stays when I leave the post.";

Declaration read(const storage::Row& row) {
  return {row.get<DeclarationId>(0), row.get<std::string>(1), row.get<std::int64_t>(2), row.get<std::string>(3), row.get<std::string>(4),
          row.get<std::string>(5), row.get<std::string>(6), row.get<Instant>(7)};
}
}  // namespace

bool pledge_due(storage::ReadTx& tx, const PersonId& person) {
  auto row = tx.one("SELECT d.id FROM declarations d WHERE d.school_id = ?1 AND d.kind = 'ethics_pledge' AND d.version = "
                    "(SELECT max(version) FROM declarations WHERE school_id = ?1 AND kind = 'ethics_pledge') AND NOT EXISTS "
                    "(SELECT 1 FROM acknowledgements a WHERE a.school_id = ?1 AND a.declaration_id = d.id AND a.person_id = ?2)",
                    tx.school(), person);
  return row.has_value();
}

std::vector<Declaration> declarations_due(storage::ReadTx& tx, const PersonId& person) {
  std::vector<Declaration> out;
  for (auto row : tx.query("SELECT d.id, d.kind, d.version, d.title_zh, d.title_en, d.text_zh, d.text_en, d.published_at FROM declarations d "
                           "WHERE d.school_id = ?1 AND d.version = (SELECT max(m.version) FROM declarations m WHERE m.school_id = ?1 AND m.kind = d.kind) "
                           "AND NOT EXISTS (SELECT 1 FROM acknowledgements a WHERE a.school_id = ?1 AND a.declaration_id = d.id AND a.person_id = ?2) "
                           "ORDER BY d.kind", tx.school(), person))
    out.push_back(read(row));
  return out;
}

std::vector<Declaration> declarations(storage::ReadTx& tx) {
  std::vector<Declaration> out;
  for (auto row : tx.query("SELECT id, kind, version, title_zh, title_en, text_zh, text_en, published_at FROM declarations "
                           "WHERE school_id = ?1 ORDER BY kind, version DESC", tx.school()))
    out.push_back(read(row));
  return out;
}

std::int64_t publish(storage::WriteTx& tx, const Declaration& text, const std::optional<PersonId>& by) {
  const auto last = tx.one("SELECT coalesce(max(version), 0) FROM declarations WHERE school_id = ?1 AND kind = ?2", tx.school(), text.kind);
  const auto version = last->get<std::int64_t>(0) + 1;
  tx.exec("INSERT INTO declarations (school_id, id, kind, version, title_zh, title_en, text_zh, text_en, published_at, published_by) "
          "VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10)",
          tx.school(), text.id, text.kind, version, text.title_zh, text.title_en, text.text_zh, text.text_en, text.published_at, by);
  return version;
}

void acknowledge(storage::WriteTx& tx, const DeclarationId& id, const PersonId& person, Instant now) {
  const auto in_force = tx.one("SELECT 1 FROM declarations d WHERE d.school_id = ?1 AND d.id = ?2 AND d.version = "
                               "(SELECT max(m.version) FROM declarations m WHERE m.school_id = ?1 AND m.kind = d.kind)", tx.school(), id);
  if (!in_force) throw Refusal(Code::not_found);
  tx.exec("INSERT INTO acknowledgements (school_id, declaration_id, person_id, at) VALUES (?1,?2,?3,?4) ON CONFLICT DO NOTHING", tx.school(),
          id, person, now);
}

void publish_first_pledge(storage::WriteTx& tx, const DeclarationId& id, Instant now) {
  if (tx.one("SELECT 1 FROM declarations WHERE school_id = ?1 AND kind = 'ethics_pledge'", tx.school())) return;
  publish(tx, {id, std::string(kEthicsPledge), 1, "伦理与保密承诺", "Ethics and confidentiality pledge", std::string(kPledgeZh),
               std::string(kPledgeEn), now}, std::nullopt);
}
}  // namespace xinyi::identity
