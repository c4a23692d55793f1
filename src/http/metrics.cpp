#include "http/metrics.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace xinyi::http {

Metrics::Metrics(std::vector<std::string> routes) : routes_(std::move(routes)), lines_(routes_.size() + 1) {}

void Metrics::count(int route, int status, std::chrono::nanoseconds took) {
  auto& line = route < 0 ? lines_.back() : lines_[static_cast<std::size_t>(route)];
  const auto c = static_cast<std::size_t>(std::clamp(status / 100, 1, 5) - 1);
  line.by_class[c].fetch_add(1, std::memory_order_relaxed);
  const double s = std::chrono::duration<double>(took).count();
  const auto bucket = static_cast<std::size_t>(std::lower_bound(kBuckets.begin(), kBuckets.end(), s) - kBuckets.begin());
  line.by_time[bucket].fetch_add(1, std::memory_order_relaxed);
  line.nanos.fetch_add(static_cast<std::uint64_t>(took.count()), std::memory_order_relaxed);
}

std::string Metrics::text() const {
  std::string out;
  auto to = std::back_inserter(out);
  const auto gauge = [&](std::string_view name, std::string_view help, std::string_view type, std::int64_t v) {
    fmt::format_to(to, "# HELP {0} {1}\n# TYPE {0} {2}\n{0} {3}\n", name, help, type, v);
  };
  gauge("xinyi_http_connections", "Open connections.", "gauge", connections);
  gauge("xinyi_http_connections_turned_away_total", "Connections over the limit.", "counter", turned_away);
  gauge("xinyi_http_requests_running", "Requests being served or waiting for the storage.", "gauge", running);
  gauge("xinyi_http_strangers_refused_total", "Requests refused to somebody not signed in.", "counter",
        static_cast<std::int64_t>(refused_strangers_.load()));

  const auto each = [&](auto&& write) {
    for (std::size_t i = 0; i < lines_.size(); ++i) write(i < routes_.size() ? std::string_view(routes_[i]) : "none", lines_[i]);
  };
  out += "# HELP xinyi_http_requests_total Requests by route and class of status.\n# TYPE xinyi_http_requests_total counter\n";
  each([&](std::string_view route, const Line& line) {
    for (std::size_t c = 0; c < line.by_class.size(); ++c)
      if (const auto n = line.by_class[c].load(); n > 0)
        fmt::format_to(to, "xinyi_http_requests_total{{route=\"{}\",class=\"{}xx\"}} {}\n", route, c + 1, n);
  });
  out += "# HELP xinyi_http_request_seconds Time from the head of a request to its answer.\n# TYPE xinyi_http_request_seconds histogram\n";
  each([&](std::string_view route, const Line& line) {
    std::uint64_t sum = 0;
    for (const auto& n : line.by_time) sum += n.load();
    if (sum == 0) return;
    std::uint64_t up_to = 0;
    for (std::size_t b = 0; b < kBuckets.size(); ++b) {
      up_to += line.by_time[b].load();
      fmt::format_to(to, "xinyi_http_request_seconds_bucket{{route=\"{}\",le=\"{}\"}} {}\n", route, kBuckets[b], up_to);
    }
    fmt::format_to(to, "xinyi_http_request_seconds_bucket{{route=\"{0}\",le=\"+Inf\"}} {1}\n", route, sum);
    fmt::format_to(to, "xinyi_http_request_seconds_sum{{route=\"{}\"}} {}\n", route, static_cast<double>(line.nanos.load()) / 1e9);
    fmt::format_to(to, "xinyi_http_request_seconds_count{{route=\"{}\"}} {}\n", route, sum);
  });
  return out;
}
}  // namespace xinyi::http
