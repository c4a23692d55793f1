// What an auditor is handed by somebody who may be lying: a head as JSON in the first line, after it a proof, and the same
// bytes as an exported log. Nothing verifies but the truth.
#include <sstream>

#include "audit/tree.hpp"
#include "audit/verify.hpp"

namespace {
using namespace xinyi;
using namespace xinyi::audit;

constexpr std::uint64_t kLeaves = 7, kOlder = 5, kLeaf = 3;

struct Log {
  crypto::SignPair key = crypto::sign_pair_from_seed(Fixed<32>{7});
  SchoolId school = *id_from_text<SchoolIdTag>("019a0000-0000-7000-8000-000000000001");
  std::vector<Hash> leaves;
  Head older, head;
  Bytes inclusion, consistency;

  static std::string leaf(std::uint64_t n) { return "event " + std::to_string(n); }
  Hash at(int, std::uint64_t position) const {
    return leaves.at(position);
  }  // so small a tree is asked for leaves only
  Head head_of(std::uint64_t size) const {
    Frontier tree;
    for (std::uint64_t n = 0; n < size; ++n) tree.add(leaves[n]);
    return sign_head(key, school, size, tree.root(), Instant{1'795'000'000'000'000});
  }
  Log() {
    for (std::uint64_t n = 0; n < kLeaves; ++n) leaves.push_back(leaf_hash(view(leaf(n))));
    older = head_of(kOlder);
    head = head_of(kLeaves);
    const NodeSource nodes = [this](int level, std::uint64_t position) { return at(level, position); };
    inclusion = prove_inclusion(kLeaf, kLeaves, nodes);
    consistency = prove_consistency(kOlder, kLeaves, nodes);
  }
};
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Log log;
  const auto input = text(View(data, size));
  const auto end = std::min(input.find('\n'), input.size());
  const auto line = input.substr(0, end);
  const auto rest = view(input.substr(std::min(end + 1, input.size())));
  const auto& by = log.key.sign_public;

  if (const auto said = head_from_json(line)) {
    if (head_from_json(to_json(*said)) != said) __builtin_trap();
    const bool known = *said == log.head || *said == log.older;
    if (verify_head(by, *said) && !known) __builtin_trap();
    if (verify_inclusion(by, *said, rest, view(Log::leaf(kLeaf))) && !known) __builtin_trap();
    if (verify_consistency(by, log.older, *said, rest) && !known) __builtin_trap();
  }
  // A proof has one form, and the leaf that it proves is the one that is there.
  const bool proved = verify_inclusion(by, log.head, rest, view(Log::leaf(kLeaf)));
  if (proved != std::ranges::equal(rest, log.inclusion)) __builtin_trap();
  if (verify_inclusion(by, log.head, rest, view("another event"))) __builtin_trap();
  const bool grew = verify_consistency(by, log.older, log.head, rest);
  if (grew != std::ranges::equal(rest, log.consistency)) __builtin_trap();
  (void)Frontier::from(size % 70, rest);

  std::istringstream file{std::string(input)};
  if (verify_export(file, by, log.head).sound) {
    std::string true_file = "xinyi log v1\n";
    for (std::uint64_t n = 0; n < kLeaves; ++n) true_file += std::string("\0\0\0\x07", 4) + Log::leaf(n);
    if (input != true_file) __builtin_trap();
  }
  return 0;
}
