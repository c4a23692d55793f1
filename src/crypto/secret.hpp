// Values that must not outlive their use. They are wiped when destroyed or moved from, cannot be copied by accident,
// compared with == or printed; expose() is the one word to look for in a review.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>

#include "kernel/bytes.hpp"

namespace xinyi::crypto {

/// Overwrites in a way that the compiler may not drop.
void wipe(std::span<std::uint8_t> bytes) noexcept;
/// Fills from the operating system's generator (libsodium).
void random_fill(std::span<std::uint8_t> out);
/// Same length and same bytes, in time that depends on the length only.
bool equal(View a, View b) noexcept;

[[noreturn]] void wrong_length();  // throws Bug

/// N secret bytes.
template <std::size_t N>
class Secret {
 public:
  static constexpr std::size_t kSize = N;
  /// Copies `bytes`; any other length than N is a Bug. The source is the caller's to wipe.
  static Secret from(View bytes) {
    if (bytes.size() != N) wrong_length();
    return made([&](std::span<std::uint8_t, N> out) { std::copy(bytes.begin(), bytes.end(), out.begin()); });
  }
  static Secret random() {
    return made([](std::span<std::uint8_t, N> out) { random_fill(out); });
  }
  /// `fill(std::span<uint8_t, N>)` writes the bytes in place.
  template <class F>
  static Secret made(F&& fill) {
    Secret out;
    std::forward<F>(fill)(std::span<std::uint8_t, N>(out.bytes_));
    return out;
  }
  Secret(Secret&& other) noexcept : bytes_(other.bytes_) { wipe(other.bytes_); }
  Secret& operator=(Secret&& other) noexcept {
    if (this != &other) {
      bytes_ = other.bytes_;
      wipe(other.bytes_);
    }
    return *this;
  }
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;
  ~Secret() { wipe(bytes_); }

  Secret clone() const { return from(bytes_); }
  View expose() const { return bytes_; }
  bool operator==(const Secret&) const = delete;

 private:
  Secret() = default;
  Fixed<N> bytes_{};
};

using Key = Secret<32>;

/// Secret bytes of any length: opened content, mostly. Never reallocates, so no unwiped copies stay behind.
class SecretBytes {
 public:
  SecretBytes() = default;
  explicit SecretBytes(std::size_t size) : bytes_(size) {}
  static SecretBytes from(View bytes) {
    SecretBytes out(bytes.size());
    std::copy(bytes.begin(), bytes.end(), out.bytes_.begin());
    return out;
  }
  SecretBytes(SecretBytes&& other) noexcept : bytes_(std::exchange(other.bytes_, {})) {}
  SecretBytes& operator=(SecretBytes&& other) noexcept {
    if (this != &other) {
      wipe(bytes_);
      bytes_ = std::exchange(other.bytes_, {});
    }
    return *this;
  }
  SecretBytes(const SecretBytes&) = delete;
  SecretBytes& operator=(const SecretBytes&) = delete;
  ~SecretBytes() { wipe(bytes_); }

  SecretBytes clone() const { return from(bytes_); }
  View expose() const { return bytes_; }
  std::string_view expose_text() const { return text(bytes_); }
  std::size_t size() const { return bytes_.size(); }
  /// For filling in place.
  std::span<std::uint8_t> writable() { return bytes_; }
  bool operator==(const SecretBytes&) const = delete;

 private:
  Bytes bytes_;
};

/// A long-lived server key: locked, guarded pages that are read-only after filling and left out of core files.
class GuardedKey {
 public:
  explicit GuardedKey(Key&& key);
  GuardedKey(GuardedKey&& other) noexcept : memory_(std::exchange(other.memory_, nullptr)) {}
  GuardedKey& operator=(GuardedKey&& other) noexcept {
    std::swap(memory_, other.memory_);
    return *this;
  }
  GuardedKey(const GuardedKey&) = delete;
  GuardedKey& operator=(const GuardedKey&) = delete;
  ~GuardedKey();
  View expose() const { return {memory_, Key::kSize}; }
  /// A short-lived copy for one operation.
  Key clone() const { return Key::from(expose()); }

 private:
  std::uint8_t* memory_ = nullptr;
};

}  // namespace xinyi::crypto
