// Replies that go on: a stream of pieces instead of one body.
#pragma once
#include <deque>
#include <mutex>
#include <optional>
#include <string>

#include "kernel/task.hpp"

namespace xinyi::http {

/// A reply that goes on: the connection sends its pieces as they come, and then closes.
class Stream {
 public:
  virtual ~Stream() = default;
  /// The next piece; nothing when the stream has ended. Goes on at the call's executor; one asks at a time.
  virtual Task<std::optional<std::string>> next() = 0;
  /// The peer is gone or the server stops: a waiting next() comes back with nothing. From any thread, also twice.
  virtual void stop() noexcept = 0;
};

/// A stream that another thread feeds.
class FedStream final : public Stream {
 public:
  /// Pieces that wait for a slow reader, at most; beyond them the stream ends, and the reader comes back and resumes.
  static constexpr std::size_t kLongestQueue = 256;
  explicit FedStream(Executor& executor) : executor_(executor) {}
  Task<std::optional<std::string>> next() override;
  void stop() noexcept override;
  /// From any thread. False when the stream has ended.
  bool feed(std::string piece);
  /// What was fed is still sent, then the stream ends.
  void finish();
  bool ended() const;

 private:
  struct Wait;
  void wake(std::unique_lock<std::mutex>& lock);
  Executor& executor_;
  mutable std::mutex mutex_;
  std::deque<std::string> pieces_;
  std::coroutine_handle<> waiting_;
  bool ended_ = false;
};

}  // namespace xinyi::http
