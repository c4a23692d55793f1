// Operator's log: JSON lines on stderr, one per message of a closed catalogue (log_messages.def). Not the audit log:
// it knows no people. A field is a number or a word of our own (code, route pattern, request id), never input text.
#pragma once
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace xinyi::log {

enum class Severity { info, warning, error };

enum class Message {
#define LOG(id, severity, limited, text, paragraph) id,
#include "kernel/log_messages.def"
#undef LOG
};

struct MessageEntry {
  Message message;
  std::string_view id;
  Severity severity;
  bool limited;                // strangers can trigger it: at most kPerMinute lines a minute
  std::string_view text;
  std::string_view paragraph;  // for the operator's manual
};
/// All messages in catalogue order, for the manual.
std::vector<MessageEntry> message_catalogue();
std::string_view to_text(Severity severity);

struct Field {
  std::string_view name;
  std::variant<std::int64_t, std::string_view> value;
  Field(std::string_view n, std::string_view v) : name(n), value(v) {}
  Field(std::string_view n, const char* v) : name(n), value(std::string_view(v)) {}
  Field(std::string_view n, const std::string& v) : name(n), value(std::string_view(v)) {}
  template <class T>
    requires std::is_integral_v<T>
  Field(std::string_view n, T v) : name(n), value(static_cast<std::int64_t>(v)) {}
};

/// Lines a minute of a message that strangers can trigger.
constexpr int kPerMinute = 10;

/// Writes one line; safe from any thread, never throws.
void write(Message message, std::initializer_list<Field> fields = {}) noexcept;

/// Sends lines elsewhere (tests); empty: stderr again. Also forgets what was counted for the limits.
void set_sink(std::function<void(std::string_view line)> sink);

}  // namespace xinyi::log
