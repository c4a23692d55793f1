#include "app/jobs.hpp"

#include <algorithm>
#include <functional>
#include <vector>

#include "features/people/people_api.hpp"
#include "kernel/log.hpp"

namespace xinyi::app {
namespace {
using storage::Lease;
using storage::ReadTx;
using storage::Weight;
using storage::WriteTx;
using namespace std::chrono_literals;

constexpr auto kRound = 10s;
constexpr auto kRenew = 15s;  // a lease lasts three times as long
constexpr const char* kSealer = "sealer";

void clear(House& house, const SchoolId& school, const Lease& lease) {
  const auto now = house.clock().now();
  house.db().write(school, [&](WriteTx& tx) {
    storage::hold_lease(tx, lease);
    identity::clear_ended_sessions(tx, now);
    http::clear_ended_keys(tx, now);
    notify::clear_old(tx, now);
    people::clear_old_uploads(tx, now);
  });
}

void seal(House& house, const SchoolId& school, const Lease& lease) {
  const auto known = audit::last_copied_head(house.options().heads, school);
  const auto head = audit::seal_head(house.db(), school, house.keys().log_key(), house.clock(), lease, known);
  if (!head || (known && known->size == head->size)) return;
  audit::copy_head(house.options().heads, *head);
  house.db().write(
      school,
      [&](WriteTx& tx) {
        storage::hold_lease(tx, lease);
        audit::mark_copied(tx, head->size, house.clock().now());
      },
      Weight::vital);
}

/// Runs a piece of the work; false when its lease is another's by now.
bool attempt(const char* job, const std::function<void()>& piece) {
  try {
    piece();
  } catch (const storage::LeaseLost&) {
    log::write(log::Message::lease_lost, {{"job", job}});
    return false;
  } catch (const audit::Damaged&) {
    log::write(log::Message::audit_damaged);
  } catch (const Refusal& e) {
    // A full disk has said so once, and the work is done when there is room.
    if (e.problem().code != Code::storage_full) log::write(log::Message::job_failed, {{"job", job}});
  } catch (const std::exception&) {
    log::write(log::Message::job_failed, {{"job", job}});
  }
  return true;
}
}  // namespace

const Jobs::Work Jobs::kWorks[] = {{"clearing", 60s, clear}, {kSealer, 60s, seal}};

std::optional<audit::StoredHead> seal_and_copy(House& house, const SchoolId& school) {
  bool ours = false;
  const auto lease = house.db().write(
      school,
      [&](WriteTx& tx) {
        ours = storage::lease_holder(tx, kSealer) == house.holder();  // the command runs inside the server that seals
        return storage::seize_lease(tx, kSealer, house.holder());
      },
      Weight::vital);
  seal(house, school, lease);
  if (!ours) house.db().write(school, [&](WriteTx& tx) { storage::release_lease(tx, lease); }, Weight::vital);
  return house.db().read(school, [](ReadTx& tx) { return audit::newest_head(tx); });
}

Jobs::Jobs(House& house) : house_(house), thread_([this] { run(); }) {}

Jobs::~Jobs() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

void Jobs::run() {
  log::write(log::Message::jobs_joined, {{"holder", to_hex(house_.holder())}});
  round(false);
  first_ = false;
  while (true) {
    {
      std::unique_lock lock(mutex_);
      if (wake_.wait_for(lock, kRound, [this] { return stop_; })) break;
    }
    round(false);
  }
  round(true);  // the last events of a run are sealed at its end
}

void Jobs::round(bool last) {
  people::clear_upload_files(house_.options().data, house_.clock().now());
  attempt("schools", [&] {
    for (const auto& school : house_.schools().all()) {
      attempt("leases", [&] { keep(school); });
      work(school, last);
      if (last) attempt("leases", [&] { release(school); });
    }
  });
}

void Jobs::keep(const SchoolId& school) {
  const auto now = std::chrono::steady_clock::now();
  std::vector<const Work*> wanted;
  for (const auto& work : kWorks) {
    const auto held = held_.find({school, &work});
    if (held == held_.end() || now - held->second.renewed >= kRenew) wanted.push_back(&work);
  }
  if (wanted.empty()) return;
  // Asked first: a process that has nothing to do here writes nothing.
  const bool any = house_.db().read(school, [&](ReadTx& tx) {
    return (first_ && house_.alone()) || std::any_of(wanted.begin(), wanted.end(), [&](const Work* work) {
      return storage::lease_is_free(tx, work->name, house_.holder());
    });
  });
  std::map<const Work*, Lease> got;
  if (any)
    got = house_.db().write(
        school,
        [&](WriteTx& tx) {
          std::map<const Work*, Lease> out;
          for (const auto* work : wanted) {
            // At the start of the only process there can be, whoever held it before is gone.
            if (first_ && house_.alone()) out[work] = storage::seize_lease(tx, work->name, house_.holder());
            else if (auto lease = storage::take_lease(tx, work->name, house_.holder())) out[work] = std::move(*lease);
          }
          return out;
        },
        Weight::vital);
  for (const auto* work : wanted) {
    const auto lease = got.find(work);
    const auto held = held_.find({school, work});
    if (lease != got.end()) {
      const auto due = held == held_.end() ? now : held->second.due;
      held_[{school, work}] = {lease->second, now, due};
    } else if (held != held_.end()) {
      held_.erase(held);
      log::write(log::Message::lease_lost, {{"job", work->name}});
    }
  }
}

void Jobs::work(const SchoolId& school, bool last) {
  for (const auto& work : kWorks) {
    const auto held = held_.find({school, &work});
    const auto now = std::chrono::steady_clock::now();
    if (held == held_.end() || (now < held->second.due && !last)) continue;
    held->second.due = now + work.every;
    if (!attempt(work.name, [&] { work.run(house_, school, held->second.lease); })) held_.erase(held);
  }
}

void Jobs::release(const SchoolId& school) {
  house_.db().write(
      school,
      [&](WriteTx& tx) {
        for (const auto& work : kWorks)
          if (const auto held = held_.find({school, &work}); held != held_.end()) storage::release_lease(tx, held->second.lease);
      },
      Weight::vital);
}
}  // namespace xinyi::app
