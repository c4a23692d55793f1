// Counters for the operator: how much, how fast, how it ended, per route. No people, no paths as sent, no addresses.
#pragma once
#include <array>
#include <atomic>
#include <chrono>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace xinyi::http {

class Metrics {
 public:
  /// `routes`: "GET /api/v1/cases" and so on; index -1 counts everything that met no route.
  explicit Metrics(std::vector<std::string> routes);

  void count(int route, int status, std::chrono::nanoseconds took);
  void refused_stranger() { refused_strangers_.fetch_add(1, std::memory_order_relaxed); }

  std::atomic<std::int64_t> connections{0};       // open now
  std::atomic<std::int64_t> turned_away{0};       // over the limit
  std::atomic<std::int64_t> running{0};           // requests being served now

  /// Prometheus text format 0.0.4.
  std::string text() const;

 private:
  static constexpr std::array<double, 9> kBuckets = {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 2.5};  // seconds
  struct alignas(64) Line {
    std::array<std::atomic<std::uint64_t>, 5> by_class{};            // 1xx … 5xx
    std::array<std::atomic<std::uint64_t>, kBuckets.size() + 1> by_time{};
    std::atomic<std::uint64_t> nanos{0};
  };
  std::vector<std::string> routes_;
  std::deque<Line> lines_;  // one more than routes: the last is "no route"
  std::atomic<std::uint64_t> refused_strangers_{0};
};

}  // namespace xinyi::http
