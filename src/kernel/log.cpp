#include "kernel/log.hpp"

#include <unistd.h>

#include <array>
#include <boost/json.hpp>
#include <mutex>

#include "kernel/time.hpp"

namespace xinyi::log {
namespace {
constexpr std::array kMessages = {
#define LOG(id, severity, limited, text, paragraph) \
  MessageEntry{Message::id, #id, Severity::severity, limited, text, paragraph},
#include "kernel/log_messages.def"
#undef LOG
};

struct Window {
  std::int64_t minute = -1;
  int written = 0;
  std::int64_t left_out = 0;
};

struct State {
  std::mutex mutex;
  std::array<Window, kMessages.size()> windows;
  std::function<void(std::string_view)> sink;
};
State& state() {
  static State s;
  return s;
}

void to_stderr(std::string_view line) {
  while (!line.empty()) {
    const auto n = ::write(STDERR_FILENO, line.data(), line.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return;  // nobody to tell
    line.remove_prefix(static_cast<std::size_t>(n));
  }
}

/// False when the line is over the limit. `left_out` becomes the number swallowed in the minute before.
bool admit(Window& w, std::int64_t minute, std::int64_t& left_out) {
  if (w.minute != minute) {
    left_out = w.left_out;
    w = {minute, 0, 0};
  }
  if (w.written < kPerMinute) {
    ++w.written;
    return true;
  }
  ++w.left_out;
  return false;
}
}  // namespace

std::vector<MessageEntry> message_catalogue() { return {kMessages.begin(), kMessages.end()}; }

std::string_view to_text(Severity severity) {
  switch (severity) {
    case Severity::info: return "info";
    case Severity::warning: return "warning";
    case Severity::error: return "error";
  }
  return "error";
}

void write(Message message, std::initializer_list<Field> fields) noexcept try {
  const auto& entry = kMessages[static_cast<std::size_t>(message)];
  const auto now = SystemClock().now();
  auto& s = state();
  std::lock_guard lock(s.mutex);
  std::int64_t left_out = 0;
  if (entry.limited && !admit(s.windows[static_cast<std::size_t>(message)], now.micros / 60'000'000, left_out)) return;
  boost::json::object line = {
      {"at", to_text(now)}, {"severity", to_text(entry.severity)}, {"id", entry.id}, {"text", entry.text}};
  for (const auto& f : fields)
    std::visit([&](const auto& v) { line[f.name] = v; }, f.value);
  if (left_out > 0) line["left_out"] = left_out;
  auto out = boost::json::serialize(line);
  out += '\n';
  s.sink ? s.sink(out) : to_stderr(out);
} catch (...) {
  // A log that cannot be written must not end a request.
}

void set_sink(std::function<void(std::string_view)> sink) {
  auto& s = state();
  std::lock_guard lock(s.mutex);
  s.sink = std::move(sink);
  s.windows = {};
}
}  // namespace xinyi::log
