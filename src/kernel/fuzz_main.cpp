// Runs a fuzz entry (libFuzzer's name) over a corpus: every file once, as in the ordinary tests, or mutated for a while.
//   xinyi_fuzz_NAME FOLDER [--seconds N] [--seed N] [--found FILE]
// A finding ends the program by a signal. FILE holds the input that is being tried, also after such an end; it is removed
// when the run ends well. No guidance by coverage: g++ 12 has no libFuzzer, and clang 14 cannot compile coroutines against
// this standard library.
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {
constexpr std::size_t kLargest = 1 << 20;
constexpr unsigned kSlowest = 30;  // seconds for one input: an input that takes longer is a finding, too

/// The input that is being tried, in a file that outlives the process.
class Trace {
 public:
  explicit Trace(std::string file) : file_(std::move(file)) {
    if (file_.empty()) return;
    fd_ = ::open(file_.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd_ < 0 || ::ftruncate(fd_, kLargest + sizeof(std::uint64_t)) != 0) std::abort();
    auto* at = ::mmap(nullptr, kLargest + sizeof(std::uint64_t), PROT_READ | PROT_WRITE, MAP_SHARED, fd_, 0);
    if (at == MAP_FAILED) std::abort();
    bytes_ = static_cast<char*>(at);
  }
  Trace(const Trace&) = delete;
  ~Trace() {
    if (fd_ < 0) return;
    ::close(fd_);
    ::unlink(file_.c_str());
  }
  void note(const std::string& input) {
    if (!bytes_) return;
    const std::uint64_t size = input.size();
    std::memcpy(bytes_, &size, sizeof size);
    std::memcpy(bytes_ + sizeof size, input.data(), input.size());
  }

 private:
  std::string file_;
  int fd_ = -1;
  char* bytes_ = nullptr;
};

std::vector<std::string> corpus(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder))
    if (entry.is_regular_file()) files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  std::vector<std::string> out;
  for (const auto& file : files) {
    std::ifstream in(file, std::ios::binary);
    out.emplace_back(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
    if (out.back().size() > kLargest) out.back().resize(kLargest);
  }
  return out;
}

class Mutator {
 public:
  Mutator(const std::vector<std::string>& seeds, std::uint64_t seed) : seeds_(seeds), random_(seed) {}

  std::string next() {
    auto text = any();
    for (auto rounds = 1 + below(5); rounds > 0; --rounds) change(text);
    if (text.size() > kLargest) text.resize(kLargest);
    return text;
  }

 private:
  std::size_t below(std::size_t n) { return static_cast<std::size_t>(random_() % std::max<std::size_t>(n, 1)); }
  const std::string& any() { return seeds_[below(seeds_.size())]; }

  void change(std::string& text) {
    static const std::string kNasty[] = {
        std::string(1, '\0'),  "\xff\xfe", "\xef\xbb\xbf",     "\"\\",         "%00", "\r\n", "-1",
        "9223372036854775808", "1e999",    "\xf0\xaf\xa1\x9d", "\xed\xa0\x80", "{}",  "[",    "../",
        "\xe2\x80\xae"};
    const auto at = below(text.size() + 1);
    switch (below(8)) {
      case 0: text.insert(at, 1, static_cast<char>(random_())); break;
      case 1:
        if (at < text.size()) text[at] = static_cast<char>(random_());
        break;
      case 2:
        if (at < text.size()) text[at] = static_cast<char>(text[at] ^ (1 << below(8)));
        break;
      case 3: text.erase(at, below(12)); break;
      case 4: text.insert(at, kNasty[below(std::size(kNasty))]); break;
      case 5: text.insert(at, text.substr(below(text.size() + 1), below(64))); break;
      case 6: {  // the end of another: heads and bodies meet that were never meant for each other
        const auto& other = any();
        text = text.substr(0, at) + other.substr(below(other.size() + 1));
        break;
      }
      case 7: text.insert(at, below(40) == 0 ? 5000 : below(40), at < text.size() ? text[at] : '('); break;
    }
  }

  const std::vector<std::string>& seeds_;
  std::mt19937_64 random_;
};

void run(const std::string& input, Trace& trace) {
  trace.note(input);
  ::alarm(kSlowest);
  // A copy of exactly this size: the sanitizer sees every byte that is read beyond it.
  const std::vector<std::uint8_t> exact(input.begin(), input.end());
  (void)LLVMFuzzerTestOneInput(exact.data(), exact.size());
  ::alarm(0);
}
}  // namespace

int main(int argc, char** argv) {
  std::string folder, found;
  long seconds = 0;
  std::uint64_t seed = std::random_device{}();
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    const bool more = i + 1 < argc;
    if (word == "--seconds" && more)
      seconds = std::atol(argv[++i]);
    else if (word == "--seed" && more)
      seed = std::strtoull(argv[++i], nullptr, 10);
    else if (word == "--found" && more)
      found = argv[++i];
    else
      folder = word;
  }
  if (!std::filesystem::is_directory(folder)) {
    std::fprintf(stderr, "%s FOLDER [--seconds N] [--seed N] [--found FILE]\n", argv[0]);
    return 2;
  }
  const auto seeds = corpus(folder);
  if (seeds.empty()) {
    std::fprintf(stderr, "%s holds no corpus\n", folder.c_str());
    return 2;
  }
  Trace trace(found);
  for (const auto& input : seeds) run(input, trace);
  std::size_t tries = seeds.size();
  if (seconds > 0) {
    std::printf("seed %llu\n", static_cast<unsigned long long>(seed));
    std::fflush(stdout);
    Mutator mutator(seeds, seed);
    for (const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(seconds);
         std::chrono::steady_clock::now() < end; ++tries)
      run(mutator.next(), trace);
  }
  std::printf("%zu inputs\n", tries);
}
