// The way out of the house: SMTP and HTTPS by libcurl. The only files that know it. Blocks; never on an event loop.
#pragma once
#include <atomic>
#include <chrono>
#include <memory>
#include <set>

#include "identity/password_workers.hpp"
#include "notify/store.hpp"

namespace xinyi::notify {

struct OutsideOptions {
  /// Hosts of web hooks that may lie in a private network or on this machine, as the operator named them.
  std::set<std::string> private_hosts = {};
  std::chrono::seconds connect_timeout{10};
  std::chrono::seconds mail_timeout{40};
  std::chrono::seconds hook_timeout{15};
};

/// When to break off what is under way; from any thread.
class BreakOff {
 public:
  void after(std::chrono::milliseconds d) { at_ = std::chrono::steady_clock::now().time_since_epoch() + d; }
  bool now() const { return std::chrono::steady_clock::now().time_since_epoch() >= at_.load(); }

 private:
  std::atomic<std::chrono::steady_clock::duration> at_{std::chrono::steady_clock::duration::max()};
};

/// Connections of one thread, kept between messages.
class Carrier {
 public:
  /// `break_off` may be null. What is broken off ends as Outcome::started: nobody knows how far it came.
  explicit Carrier(const OutsideOptions& options, const BreakOff* break_off = nullptr);
  ~Carrier();
  Carrier(const Carrier&) = delete;

  /// `id`: becomes the Message-ID, the same for every try.
  Ended mail(const MailSettings& settings, const std::string& to, const MessageId& id, const OutsideMessage& message, Instant now);
  Ended hook(const HookSettings& hook, const MessageId& id, const OutsideMessage& message, Instant now);
  /// Closes what was kept open.
  void hang_up();

 private:
  const OutsideOptions& options_;
  const BreakOff* break_off_;
  std::unique_ptr<void, void (*)(void*)> mail_, hook_;
};

/// What the routes use: a test message sent while its person waits, on a thread of its own.
class Outside {
 public:
  explicit Outside(OutsideOptions options = {});
  const OutsideOptions& options() const { return options_; }
  /// One after the other; Refusal(unavailable) when eight wait already.
  template <class F>
  Task<Ended> run(Executor& executor, F work) {
    co_return co_await workers_.run(executor, [this, work = std::move(work)] {
      Carrier carrier(options_);
      return work(carrier);
    });
  }

 private:
  OutsideOptions options_;
  identity::PasswordWorkers workers_{1, 8};
};

/// "<id@domain of the sender>".
std::string message_id(const MessageId& id, std::string_view sender);

}  // namespace xinyi::notify
