#include "notify/doorbell.hpp"

#include <array>

namespace xinyi::notify {
namespace {
using namespace std::chrono_literals;
constexpr auto kUsual = 500ms;
constexpr std::array kSoon = {5ms, 15ms, 40ms, 100ms, 250ms};
}  // namespace

void Doorbell::ring() {
  {
    const std::lock_guard lock(mutex_);
    ++rings_;
  }
  wake_.notify_all();
}

std::uint64_t Doorbell::rung() {
  const std::lock_guard lock(mutex_);
  return rings_;
}

bool Doorbell::Watch::wait() {
  std::unique_lock lock(bell_.mutex_);
  const auto pause = soon_ > 0 ? kSoon[kSoon.size() - static_cast<std::size_t>(soon_)] : std::chrono::milliseconds(kUsual);
  bell_.wake_.wait_for(lock, pause, [this] { return stop_ || bell_.rings_ != heard_; });
  if (bell_.rings_ != heard_) soon_ = static_cast<int>(kSoon.size());
  else if (soon_ > 0) --soon_;
  heard_ = bell_.rings_;
  return !stop_;
}

void Doorbell::Watch::stop() {
  {
    const std::lock_guard lock(bell_.mutex_);
    stop_ = true;
  }
  bell_.wake_.notify_all();
}

Doorbell& doorbell() {
  static Doorbell bell;
  return bell;
}
}  // namespace xinyi::notify
