#include "http/stream.hpp"

namespace xinyi::http {

struct FedStream::Wait {
  FedStream& stream;
  bool await_ready() const noexcept { return false; }
  bool await_suspend(std::coroutine_handle<> h) const {
    const std::lock_guard lock(stream.mutex_);
    if (stream.ended_ || !stream.pieces_.empty()) return false;
    stream.waiting_ = h;
    return true;
  }
  void await_resume() const noexcept {}
};

Task<std::optional<std::string>> FedStream::next() {
  co_await Wait{*this};
  const std::lock_guard lock(mutex_);
  if (pieces_.empty()) co_return std::nullopt;
  auto piece = std::move(pieces_.front());
  pieces_.pop_front();
  co_return piece;
}

void FedStream::wake(std::unique_lock<std::mutex>& lock) {
  const auto h = std::exchange(waiting_, {});
  lock.unlock();
  if (h) executor_.post(h);
}

void FedStream::stop() noexcept {
  std::unique_lock lock(mutex_);
  ended_ = true;
  pieces_.clear();
  wake(lock);
}

bool FedStream::feed(std::string piece) {
  std::unique_lock lock(mutex_);
  if (ended_) return false;
  if (pieces_.size() >= kLongestQueue) {
    ended_ = true;
    pieces_.clear();
  } else {
    pieces_.push_back(std::move(piece));
  }
  const bool fed = !ended_;
  wake(lock);
  return fed;
}

void FedStream::finish() {
  std::unique_lock lock(mutex_);
  ended_ = true;
  wake(lock);
}

bool FedStream::ended() const {
  const std::lock_guard lock(mutex_);
  return ended_;
}
}  // namespace xinyi::http
