// One unambiguous binary form for everything that is hashed, signed or authenticated: fixed widths are written as they
// are (big-endian), everything of variable length carries its length or stands last.
#pragma once
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string_view>

#include "kernel/bytes.hpp"
#include "kernel/problem.hpp"

namespace xinyi::crypto {

class Encoder {
 public:
  /// `label` names the kind and version of the message, so that no two kinds can be taken for each other.
  explicit Encoder(std::string_view label = {}) { out_.assign(label.begin(), label.end()); }
  Encoder& u8(std::uint8_t v) {
    out_.push_back(v);
    return *this;
  }
  Encoder& u32(std::uint32_t v) { return big_endian<4>(v); }
  Encoder& u64(std::uint64_t v) { return big_endian<8>(v); }
  Encoder& i64(std::int64_t v) { return u64(static_cast<std::uint64_t>(v)); }
  /// As they are: for values of one fixed width, or for the last part.
  Encoder& raw(View v) {
    out_.insert(out_.end(), v.begin(), v.end());
    return *this;
  }
  /// Length in one byte, then the text.
  Encoder& short_text(std::string_view v) {
    invariant(v.size() <= 255, "text too long for its encoding");
    return u8(static_cast<std::uint8_t>(v.size())).raw(view(v));
  }
  /// One byte for "is there", then the value (of one fixed width).
  Encoder& maybe(std::optional<View> v) {
    u8(v ? 1 : 0);
    return v ? raw(*v) : *this;
  }
  void clear() { out_.clear(); }
  const Bytes& bytes() const { return out_; }
  Bytes take() { return std::move(out_); }

 private:
  template <int N>
  Encoder& big_endian(std::uint64_t v) {
    for (int i = N - 1; i >= 0; --i) out_.push_back(static_cast<std::uint8_t>(v >> (8 * i) & 0xff));
    return *this;
  }
  Bytes out_;
};

}  // namespace xinyi::crypto
