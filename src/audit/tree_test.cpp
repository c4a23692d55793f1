// The tree's arithmetic: known roots, every size up to 300, forged proofs.
#include "audit/tree.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <bit>
#include <map>
#include <set>

#include "audit/test_log.hpp"
#include "crypto/encode.hpp"

using namespace xinyi;
using namespace xinyi::audit;

namespace {
Bytes leaf_of(std::uint64_t i) { return crypto::Encoder("leaf").u64(i).take(); }

// Straight from the definition in RFC 9162 §2.1.1.
Hash defined_root(std::uint64_t lo, std::uint64_t hi) {
  if (hi == lo) return empty_root();
  if (hi - lo == 1) return leaf_hash(leaf_of(lo));
  const auto middle = lo + std::bit_floor(hi - lo - 1);
  return node_hash(defined_root(lo, middle), defined_root(middle, hi));
}

/// Complete subtrees of levels 0, 8, 16 …, as the database keeps them; asking for others fails the test.
class Stored {
 public:
  explicit Stored(std::uint64_t size) {
    for (std::uint64_t i = 0; i < size; ++i) {
      frontier.add(leaf_hash(leaf_of(i)), [this](int level, std::uint64_t position, const Hash& hash) {
        if (level % 8 == 0) nodes_[{level, position}] = hash;
      });
      roots.push_back(frontier.root());
    }
  }
  NodeSource source() const {
    return [this](int level, std::uint64_t position) { return nodes_.at({level, position}); };
  }
  Hash root(std::uint64_t size) const { return size == 0 ? empty_root() : roots[size - 1]; }
  Frontier frontier;
  std::vector<Hash> roots;

 private:
  std::map<std::pair<int, std::uint64_t>, Hash> nodes_;
};

const crypto::SignPair& log_key() {
  static const auto key = [] {
    crypto::start();
    return crypto::sign_pair_from_seed(Bytes(32, 5));
  }();
  return key;
}
const SchoolId kSchool(Fixed<16>{1});
Head head_at(const Stored& stored, std::uint64_t size) {
  return sign_head(log_key(), kSchool, size, stored.root(size), Instant{1000});
}
}  // namespace

TEST(Tree, KnownRoots) {
  // The eight leaves that certificate transparency implementations test with.
  const char* leaves[] = {
      "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"};
  const char* roots[] = {"6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
                         "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
                         "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
                         "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
                         "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
                         "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
                         "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
                         "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"};
  EXPECT_EQ(to_hex(empty_root()), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  Frontier frontier;
  EXPECT_EQ(frontier.root(), empty_root());
  for (int i = 0; i < 8; ++i) {
    frontier.add(leaf_hash(*from_hex(leaves[i])));
    EXPECT_EQ(to_hex(frontier.root()), roots[i]) << i;
  }
}

TEST(Tree, EverySizeUpTo300HasItsDefinedRootAndProofs) {
  const Stored stored(300);
  std::vector<Head> heads;
  for (std::uint64_t n = 0; n <= 300; ++n) heads.push_back(head_at(stored, n));
  std::size_t wrong = 0;
  for (std::uint64_t n = 1; n <= 300; ++n) {
    ASSERT_EQ(stored.root(n), defined_root(0, n)) << n;
    ASSERT_EQ(root_of(n, stored.source()), stored.root(n)) << n;
    const auto step =
        n % 16 == 0 || n < 40 || full_campaign() ? 1u : 7u;  // every leaf of many sizes, every seventh of the others
    for (std::uint64_t i = n % step; i < n; i += step)
      wrong += !verify_inclusion(log_key().sign_public, heads[n], prove_inclusion(i, n, stored.source()), leaf_of(i));
    for (std::uint64_t m = n % step; m <= n; m += step)
      wrong += !verify_consistency(log_key().sign_public, heads[m], heads[n], prove_consistency(m, n, stored.source()));
  }
  EXPECT_EQ(wrong, 0u);
}

TEST(Tree, FrontierIsRestoredAndGrowsBySubtrees) {
  EXPECT_TRUE(rc::check("stored peaks give the same tree", [] {
    const auto size = *rc::gen::inRange<std::uint64_t>(0, 2000), more = *rc::gen::inRange<std::uint64_t>(1, 600);
    Frontier a;
    for (std::uint64_t i = 0; i < size; ++i) a.add(leaf_hash(leaf_of(i)));
    auto b = Frontier::from(size, a.peaks());
    RC_ASSERT(b.has_value());
    for (std::uint64_t i = size; i < size + more; ++i) {
      a.add(leaf_hash(leaf_of(i)));
      b->add(leaf_hash(leaf_of(i)));
    }
    RC_ASSERT(a.root() == b->root());
    RC_ASSERT(Frontier::from(size, a.peaks()).has_value() == (std::popcount(size) == std::popcount(size + more)));
    Frontier tiles;
    for (std::uint64_t t = 0; t < (size + more) / 256; ++t) tiles.add_subtree(8, defined_root(t * 256, t * 256 + 256));
    for (std::uint64_t i = tiles.size(); i < size + more; ++i) tiles.add(leaf_hash(leaf_of(i)));
    RC_ASSERT(tiles.root() == a.root());
  }));
}

TEST(Tree, ForgedProofsAreRefused) {
  const Stored stored(1000);
  const auto& by = log_key().sign_public;
  SeededRandom random(7);
  const auto pick = [&](std::uint64_t n) {
    const auto b = random.bytes<8>();
    std::uint64_t v = 0;
    for (const auto byte : b) v = v << 8 | byte;
    return v % n;
  };
  const auto stranger = crypto::sign_pair_from_seed(Bytes(32, 6));
  std::vector<Head> heads;
  for (std::uint64_t n = 0; n <= 1000; ++n) heads.push_back(head_at(stored, n));
  const int rounds = full_campaign() ? 1'000'000 : 20'000;
  int accepted = 0;
  for (int r = 0; r < rounds; ++r) {
    const auto n = 2 + pick(998), i = pick(n), m = 1 + pick(n - 1);
    const bool inclusion = r % 2 == 0;
    auto proof = inclusion ? prove_inclusion(i, n, stored.source()) : prove_consistency(m, n, stored.source());
    auto leaf = leaf_of(i);
    auto older = heads[m], newer = heads[n];
    switch (pick(inclusion ? 7 : 6)) {
      case 0: proof[pick(proof.size())] ^= static_cast<std::uint8_t>(1u << pick(8)); break;
      case 1: proof.resize(pick(proof.size())); break;
      case 2: proof.resize(proof.size() + 1 + pick(40)); break;
      case 3: random.fill(std::span(proof).subspan(proof.size() > 18 ? 18 : 0)); break;
      case 4: newer.root[pick(32)] ^= 1; break;  // not what was signed
      case 5: newer = sign_head(stranger, kSchool, n, stored.root(n), Instant{1000}); break;
      case 6: leaf[pick(leaf.size())] ^= static_cast<std::uint8_t>(1u << pick(8)); break;
    }
    accepted += inclusion ? verify_inclusion(by, newer, proof, leaf) : verify_consistency(by, older, newer, proof);
  }
  EXPECT_EQ(accepted, 0);
}

TEST(Tree, ConsistencyRefusesAnotherHistory) {
  const Stored stored(400);
  Frontier forged;  // one leaf differs
  for (std::uint64_t i = 0; i < 400; ++i) forged.add(leaf_hash(i == 77 ? Bytes{1} : leaf_of(i)));
  const auto newer = sign_head(log_key(), kSchool, 400, forged.root(), Instant{1});
  EXPECT_FALSE(verify_consistency(log_key().sign_public, head_at(stored, 200), newer,
                                  prove_consistency(200, 400, stored.source())));
  // The rewritten log's own proof: it leads to the new root, but not to the old one.
  const NodeSource forged_nodes = [](int level, std::uint64_t position) {
    Frontier f;
    for (std::uint64_t i = position << level; i < (position + 1) << level; ++i)
      f.add(leaf_hash(i == 77 ? Bytes{1} : leaf_of(i)));
    return f.root();
  };
  const auto own = prove_consistency(200, 400, forged_nodes);
  const auto forged_older = sign_head(log_key(), kSchool, 200, root_of(200, forged_nodes), Instant{1});
  EXPECT_TRUE(verify_consistency(log_key().sign_public, forged_older, newer, own));  // the control
  EXPECT_FALSE(verify_consistency(log_key().sign_public, head_at(stored, 200), newer, own));
  const auto other_school = sign_head(log_key(), SchoolId(Fixed<16>{2}), 200, stored.root(200), Instant{1});
  EXPECT_FALSE(verify_consistency(log_key().sign_public, other_school, head_at(stored, 400),
                                  prove_consistency(200, 400, stored.source())));
}

// Even a head that was signed with a wrong size does not make a path of another length acceptable.
TEST(Tree, PathsHaveTheLengthOfTheSignedSize) {
  const Stored stored(9);
  const auto& by = log_key().sign_public;
  for (std::uint64_t claimed = 1; claimed <= 40; ++claimed)
    for (std::uint64_t real = 2; real <= 9; ++real) {
      if (std::bit_width(claimed - 1) == std::bit_width(real - 1))
        continue;  // leaf 0 then has a path of the same length
      const auto head = sign_head(log_key(), kSchool, claimed, stored.root(real), Instant{1});
      auto proof = prove_inclusion(0, real, stored.source());
      const auto size = crypto::Encoder().u64(claimed).take();
      std::ranges::copy(size, proof.begin() + 9);
      EXPECT_FALSE(verify_inclusion(by, head, proof, leaf_of(0))) << claimed << " " << real;
    }
  // The last leaf of a full tree, sold as the only leaf of a tree of one.
  for (const std::uint64_t real : {2u, 4u, 8u}) {
    auto proof = prove_inclusion(real - 1, real, stored.source());
    const auto place = crypto::Encoder().u64(0).u64(1).take();
    std::ranges::copy(place, proof.begin() + 1);
    EXPECT_FALSE(verify_inclusion(by, sign_head(log_key(), kSchool, 1, stored.root(real), Instant{1}), proof,
                                  leaf_of(real - 1)));
  }
}

TEST(Tree, HeadsTravelAsJson) {
  const Stored stored(3);
  const auto head = head_at(stored, 3);
  EXPECT_EQ(head_from_json(to_json(head)), head);
  EXPECT_FALSE(head_from_json(to_json(head).substr(1)));
  EXPECT_FALSE(head_from_json("{}"));
  EXPECT_FALSE(head_from_json(R"({"school":1,"size":"3","root":null,"at":[],"signature":{}})"));
  EXPECT_TRUE(rc::check("any text is read or refused, never a crash",
                        [](const std::string& s) { RC_ASSERT(!head_from_json(s)); }));
}

TEST(Tree, ProofsStayUnderOneKilobyteAtTenMillion) {
  constexpr std::uint64_t kSize = 10'000'000;
  // Tiles that no proof looks into are stand-ins; the others are made of their leaves.
  const std::uint64_t leaf = 3'456'789, old_size = 9'999'999 - 256 * 129;
  const std::set<std::uint64_t> opened = {leaf / 256, old_size / 256, (old_size - 1) / 256};
  const auto tile = [&](std::uint64_t position) {
    return opened.contains(position) ? defined_root(position * 256, position * 256 + 256)
                                     : crypto::sha256(leaf_of(~position));
  };
  std::map<std::pair<int, std::uint64_t>, Hash> kept;
  const std::function<Hash(int, std::uint64_t)> nodes = [&](int level, std::uint64_t position) -> Hash {
    if (level == 0) return leaf_hash(leaf_of(position));
    if (const auto found = kept.find({level, position}); found != kept.end()) return found->second;
    Hash out;
    if (level == 8)
      out = tile(position);
    else {
      Frontier f;
      for (std::uint64_t i = 0; i < 256; ++i) f.add(nodes(level - 8, position * 256 + i));
      out = f.root();
    }
    return kept[{level, position}] = out;
  };
  const auto newer = sign_head(log_key(), kSchool, kSize, root_of(kSize, nodes), Instant{1});
  const auto older = sign_head(log_key(), kSchool, old_size, root_of(old_size, nodes), Instant{1});
  const auto inclusion = prove_inclusion(leaf, kSize, nodes);
  const auto consistency = prove_consistency(old_size, kSize, nodes);
  EXPECT_TRUE(verify_inclusion(log_key().sign_public, newer, inclusion, leaf_of(leaf)));
  EXPECT_TRUE(verify_consistency(log_key().sign_public, older, newer, consistency));
  std::size_t most = 0;
  for (std::uint64_t i = 0; i < kSize; i += 999'983) most = std::max(most, prove_inclusion(i, kSize, nodes).size());
  std::printf("proofs at 10,000,000 leaves: inclusion %zu bytes (most %zu), consistency %zu bytes\n", inclusion.size(),
              most, consistency.size());
  EXPECT_LT(most, 1024u);
  EXPECT_LT(inclusion.size(), 1024u);
  EXPECT_LT(consistency.size(), 1024u);
}
