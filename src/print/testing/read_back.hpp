// For tests: what a reader finds in a PDF. Poppler's programs do the reading, so that our writer does not check itself.
#pragma once
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include "kernel/bytes.hpp"

namespace xinyi::print::testing {

class ReadBack {
 public:
  explicit ReadBack(const Bytes& pdf) {
    char name[] = "/tmp/xinyi-print-XXXXXX";
    const int fd = mkstemp(name);
    EXPECT_GE(fd, 0);
    close(fd);
    path_ = name;
    std::ofstream(path_, std::ios::binary) << xinyi::text(pdf);
  }
  ~ReadBack() { std::remove(path_.c_str()); }
  ReadBack(const ReadBack&) = delete;
  ReadBack& operator=(const ReadBack&) = delete;

  /// The text layer, pages divided by form feeds.
  std::string words() const { return output("pdftotext -layout " + path_ + " -"); }
  /// In the order in which it was drawn: also words that stand aslant.
  std::string drawn() const { return output("pdftotext -raw " + path_ + " -"); }
  std::vector<std::string> pages() const { return divided(words()); }
  static std::vector<std::string> divided(const std::string& all) {
    std::vector<std::string> out;
    for (std::size_t at = 0, end; (end = all.find('\f', at)) != all.npos; at = end + 1) out.push_back(all.substr(at, end - at));
    return out;
  }
  /// Every word with its place: <word xMin= yMin= xMax= yMax=>.
  std::string places() const { return output("pdftotext -bbox " + path_ + " -"); }
  std::string about() const { return output("pdfinfo " + path_); }
  std::string fonts() const { return output("pdffonts " + path_); }

  struct Picture {
    int width = 0, height = 0;
    std::string grey;  // one byte for each dot
    /// Whether something is drawn inside the rectangle (points).
    bool drawn(double x, double y, double w, double h, double dots_per_point) const {
      for (int row = static_cast<int>(y * dots_per_point); row < static_cast<int>((y + h) * dots_per_point) && row < height; ++row)
        for (int column = static_cast<int>(x * dots_per_point); column < static_cast<int>((x + w) * dots_per_point) && column < width; ++column)
          if (static_cast<unsigned char>(grey[static_cast<std::size_t>(row * width + column)]) < 215) return true;
      return false;
    }
  };
  /// Page `page` (from 1) with `dots` for each inch.
  Picture picture(int page, int dots) const {
    const auto raw = output("pdftoppm -gray -r " + std::to_string(dots) + " -f " + std::to_string(page) + " -l " + std::to_string(page) + " " + path_);
    Picture out;
    int most = 0, read = 0;
    EXPECT_EQ(std::sscanf(raw.c_str(), "P5 %d %d %d%n", &out.width, &out.height, &most, &read), 3);
    out.grey = raw.substr(static_cast<std::size_t>(read) + 1);
    EXPECT_EQ(out.grey.size(), static_cast<std::size_t>(out.width) * static_cast<std::size_t>(out.height));
    return out;
  }

 private:
  static std::string output(const std::string& command) {
    std::string out;
    FILE* pipe = popen((command + " 2>/dev/null").c_str(), "r");
    EXPECT_NE(pipe, nullptr);
    char buffer[65536];
    for (std::size_t n; (n = std::fread(buffer, 1, sizeof buffer, pipe)) > 0;) out.append(buffer, n);
    EXPECT_EQ(pclose(pipe), 0) << command << " (poppler-utils: script/bootstrap)";
    return out;
  }
  std::string path_;
};

inline std::size_t count(std::string_view text, std::string_view word) {
  std::size_t n = 0;
  for (std::size_t at = 0; (at = text.find(word, at)) != text.npos; at += word.size()) ++n;
  return n;
}
/// Without blanks and line breaks: how a Chinese sentence reads that was wrapped.
inline std::string joined(std::string_view text) {
  std::string out;
  for (const char c : text)
    if (static_cast<unsigned char>(c) > ' ') out += c;
  return out;
}

/// Memory of this process that lies in RAM and is its own, in MiB.
inline double own_memory() {
  std::ifstream in("/proc/self/status");
  for (std::string line; std::getline(in, line);)
    if (line.starts_with("RssAnon:")) return std::strtod(line.c_str() + 8, nullptr) / 1024;
  return 0;
}

}  // namespace xinyi::print::testing
