// Randomness is injected: the operating system's in the product, a seeded one for demonstration and tests.
#pragma once
#include <random>

#include "kernel/id.hpp"
#include "kernel/time.hpp"

namespace xinyi {
class Random {
 public:
  virtual ~Random() = default;
  virtual void fill(std::span<std::uint8_t> out) = 0;
  template <std::size_t N>
  Fixed<N> bytes() {
    Fixed<N> out;
    fill(out);
    return out;
  }
  /// Time-ordered id (UUIDv7).
  template <class IdType>
  IdType id(Instant now) { return IdType(uuid7(now)); }
  /// Id without any order (UUIDv4): where the order of rows would betray somebody.
  template <class IdType>
  IdType shuffled_id() { return IdType(uuid4()); }

 private:
  Fixed<16> uuid7(Instant now);
  Fixed<16> uuid4();
};

/// getrandom(2).
class SystemRandom final : public Random {
 public:
  void fill(std::span<std::uint8_t> out) override;
};

/// Repeatable; for the demonstration school's contents and for tests, never for keys of a real school.
class SeededRandom final : public Random {
 public:
  explicit SeededRandom(std::uint64_t seed) : engine_(seed) {}
  void fill(std::span<std::uint8_t> out) override;

 private:
  std::mt19937_64 engine_;
};
}  // namespace xinyi
