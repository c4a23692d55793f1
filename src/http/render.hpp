// Writes a described value as JSON text without building a document first: half of a list's time went into that tree.
// The same text as serialize(contract::write(v)); a test compares them.
#pragma once
#include <charconv>
#include <chrono>

#include "kernel/json.hpp"

namespace xinyi::http::render {

inline void string(std::string& out, std::string_view v) {
  static constexpr char kHex[] = "0123456789abcdef";
  out += '"';
  std::size_t from = 0;
  for (std::size_t i = 0; i < v.size(); ++i) {
    const auto c = static_cast<unsigned char>(v[i]);
    if (c >= 0x20 && c != '"' && c != '\\') continue;
    out.append(v, from, i - from);
    from = i + 1;
    switch (c) {
      case '"': out += "\\\""; break;
      case '\\': out += "\\\\"; break;
      case '\b': out += "\\b"; break;
      case '\f': out += "\\f"; break;
      case '\n': out += "\\n"; break;
      case '\r': out += "\\r"; break;
      case '\t': out += "\\t"; break;
      default: out.append("\\u00").append(1, kHex[c >> 4]).append(1, kHex[c & 15]);
    }
  }
  out.append(v, from);
  out += '"';
}

inline void uuid(std::string& out, const Fixed<16>& bytes) {
  static constexpr char kHex[] = "0123456789abcdef";
  char text[38];
  char* at = text;
  *at++ = '"';
  for (std::size_t i = 0; i < 16; ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) *at++ = '-';
    *at++ = kHex[bytes[i] >> 4];
    *at++ = kHex[bytes[i] & 15];
  }
  *at++ = '"';
  out.append(text, sizeof text);
}

/// `width` decimal digits with zeros before them, e.g. 07; returns the end.
inline char* digits(char* at, std::int64_t value, int width) {
  for (int i = width - 1; i >= 0; --i, value /= 10) at[i] = static_cast<char>('0' + value % 10);
  return at + width;
}
inline char* date(char* at, const std::chrono::year_month_day& d) {
  at = digits(at, static_cast<int>(d.year()), 4);
  *at++ = '-';
  at = digits(at, static_cast<unsigned>(d.month()), 2);
  *at++ = '-';
  return digits(at, static_cast<unsigned>(d.day()), 2);
}
/// The days in which any time of ours lies: four digits of a year, nothing before it.
inline bool four_digits(const std::chrono::year_month_day& d) { return d.year() >= std::chrono::year(0) && d.year() <= std::chrono::year(9999); }

/// Like to_text, without its formatting library: a list of slots is mostly times. False: leave it to to_text.
inline bool time(std::string& out, const SchoolDate& v) {
  if (!four_digits(v.ymd)) return false;
  char text[12] = {'"'};
  *date(text + 1, v.ymd) = '"';
  out.append(text, sizeof text);
  return true;
}
inline bool time(std::string& out, const Instant& v) {
  using namespace std::chrono;
  const sys_time<microseconds> at{microseconds(v.micros)};
  const auto day = floor<days>(at);
  const year_month_day ymd(day);
  if (!four_digits(ymd)) return false;
  const std::int64_t rest = (at - day).count(), s = rest / 1'000'000, us = rest % 1'000'000;
  char text[32] = {'"'};
  char* to = date(text + 1, ymd);
  *to++ = 'T';
  to = digits(to, s / 3600, 2);
  *to++ = ':';
  to = digits(to, s / 60 % 60, 2);
  *to++ = ':';
  to = digits(to, s % 60, 2);
  if (us != 0) {
    *to++ = '.';
    to = digits(to, us, 6);
  }
  *to++ = 'Z';
  *to++ = '"';
  out.append(text, static_cast<std::size_t>(to - text));
  return true;
}

template <class T>
struct IsId : std::false_type {};
template <class Tag>
struct IsId<Id<Tag>> : std::true_type {};
template <class T>
struct IsList : std::false_type {};
template <class T>
struct IsList<std::vector<T>> : std::true_type {};
template <class T, std::size_t Max>
struct IsList<List<T, Max>> : std::true_type {};

template <class T>
void value(std::string& out, const T& v) {
  if constexpr (std::is_same_v<T, bool>) {
    out += v ? "true" : "false";
  } else if constexpr (std::is_integral_v<T>) {
    char digits[24];
    out.append(digits, std::to_chars(digits, digits + sizeof digits, v).ptr);
  } else if constexpr (std::is_same_v<T, std::string>) {
    string(out, v);
  } else if constexpr (IsId<T>::value) {
    uuid(out, v.bytes());
  } else if constexpr (std::is_same_v<T, Instant> || std::is_same_v<T, SchoolDate>) {
    if (!time(out, v)) string(out, to_text(v));
  } else if constexpr (contract::DescribedEnum<T>) {
    string(out, contract::enum_name(v));
  } else if constexpr (contract::IsOptional<T>::value) {
    if (v) value(out, *v);
    else out += "null";
  } else if constexpr (IsList<T>::value) {
    out += '[';
    bool first = true;
    for (const auto& e : v) {
      if (!std::exchange(first, false)) out += ',';
      value(out, e);
    }
    out += ']';
  } else if constexpr (contract::Described<T>) {
    out += '{';
    bool first = true;
    boost::mp11::mp_for_each<contract::Members<T>>([&](auto d) {
      static const std::string name = ",\"" + std::string(contract::member_name(d.name)) + "\":";
      out.append(name, std::exchange(first, false) ? 1 : 0);
      value(out, v.*d.pointer);
    });
    out += '}';
  } else {
    out += boost::json::serialize(contract::write(v));
  }
}

}  // namespace xinyi::http::render
