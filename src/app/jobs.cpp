#include "app/jobs.hpp"

#include "audit/sealer.hpp"
#include "features/people/people_api.hpp"
#include "kernel/log.hpp"

namespace xinyi::app {
namespace {
constexpr auto kRound = std::chrono::seconds(20);
constexpr int kSealEvery = 3;  // rounds: heads are at most 60 s apart
}  // namespace

std::optional<audit::StoredHead> seal_and_copy(House& house, const SchoolId& school) {
  const auto known = audit::last_copied_head(house.options().heads, school);
  const auto head = audit::seal_head(house.db(), school, house.keys().log_key(), house.clock(), known);
  if (!head) return std::nullopt;
  if (!known || known->size != head->size) {
    audit::copy_head(house.options().heads, *head);
    house.db().write(school, [&](storage::WriteTx& tx) { audit::mark_copied(tx, head->size, house.clock().now()); });
  }
  return house.db().read(school, [](storage::ReadTx& tx) { return audit::newest_head(tx); });
}

Jobs::Jobs(House& house, bool heads) : house_(house), heads_(heads), thread_([this] { run(); }) {}

Jobs::~Jobs() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

void Jobs::run() {
  round(true);
  for (int n = 1;; ++n) {
    {
      std::unique_lock lock(mutex_);
      if (wake_.wait_for(lock, kRound, [this] { return stop_; })) break;
    }
    round(n % kSealEvery == 0);
  }
  round(true);  // the last events of a run are sealed at its end
}

void Jobs::round(bool seal) {
  try {
    for (const auto& school : house_.schools().all()) {
      house_.db().write(school, [&](storage::WriteTx& tx) {
        identity::clear_ended_sessions(tx, house_.clock().now());
        http::clear_ended_keys(tx, house_.clock().now());
        notify::clear_old(tx, house_.clock().now());
        people::clear_old_uploads(tx, house_.options().data, house_.clock().now());
      });
      if (seal && heads_) seal_and_copy(house_, school);
    }
  } catch (const audit::Damaged&) {
    log::write(log::Message::audit_damaged);
  } catch (const std::exception&) {
    log::write(log::Message::job_failed);
  }
}
}  // namespace xinyi::app
