// What the technical administrator sees: the state of the house, never its content.
#include <filesystem>

#include "audit/sealer.hpp"
#include "features/staff/me.hpp"

namespace xinyi::staff {
namespace {
using namespace identity;
using http::Call;
using storage::ReadTx;

constexpr std::uintmax_t kRoomy = 1ull << 30;              // bytes
constexpr Span kFreshHead = std::chrono::minutes(10);

Health health(const char* id, bool ok, const char* zh_good, const char* zh_bad, const char* en_good, const char* en_bad) {
  return {id, ok, {ok ? zh_good : zh_bad, ok ? en_good : en_bad}};
}

Task<Healths> doctor(Call& call) {
  struct Found { std::optional<audit::StoredHead> head; std::int64_t forged; };
  const auto [head, forged] = co_await call.read([&](ReadTx& tx) { return Found{audit::newest_head(tx), disbelieved_accounts(tx, call.data_key())}; });
  std::error_code ec;
  const auto space = std::filesystem::space(call.services().data_dir, ec);
  Healths out;
  out.items.push_back(health("storage", call.services().db.ailment().empty(), "数据库正常", "数据库有问题,请查看服务器日志", "The database is well",
                             "The database has a problem; see the server's log"));
  out.items.push_back(health("reserve", !call.services().db.scarce(), "为磁盘写满预留的空间完好",
                             "磁盘已满:现在只能登录、退出和查阅,其他都不能保存;腾出空间后自动恢复", "What is set aside for a full disk is whole",
                             "The disk is full: people can only sign in, sign out and read, nothing else is saved. It goes on by itself when there is room"));
  out.items.push_back(health("disk", !ec && space.available > kRoomy, "磁盘空间充足", "磁盘剩余不足 1 GiB", "There is room on the disk",
                             "Less than 1 GiB is left on the disk"));
  out.items.push_back(health("audit_copy", head && head->copied_at && *head->copied_at + kFreshHead > call.now(), "审计树头已复制到外部文件",
                             "审计树头很久没有复制出去", "The audit head was copied out lately", "The audit head was not copied out for a while"));
  out.items.push_back(health("accounts", forged == 0, "账号都未被篡改", "有账号在程序之外被改动过,已停止承认;请管理员保留数据库原样并运行 xinyi doctor",
                             "The accounts are as the program wrote them",
                             "Accounts were changed past the program and are not believed; keep the database as it is and run xinyi doctor"));
  co_return out;
}

Task<AuditHead> head_route(Call& call) {
  co_return co_await call.read([](ReadTx& tx) -> AuditHead {
    const auto head = audit::newest_head(tx);
    if (!head) throw Refusal(Code::not_found);
    return {static_cast<std::int64_t>(head->size), to_hex(head->root), head->at, to_base64(head->signature.bytes), head->copied_at};
  });
}
}  // namespace

void add_system_routes(http::Routes& routes) {
  using enum http::Method;
  constexpr Roles kWatchers = {Role::administrator, Role::director, Role::deputy, Role::principal};
  routes.add<http::Nothing, Healths>({get, "/api/v1/system/doctor", "The state of storage, disk, audit copy and accounts.", Rule::may(kWatchers), http::no_object()},
                                     doctor);
  routes.add<http::Nothing, AuditHead>({get, "/api/v1/audit/head", "The newest signed head of the audit log.", Rule::may(kWatchers), http::no_object()},
                                       head_route);
}
}  // namespace xinyi::staff
