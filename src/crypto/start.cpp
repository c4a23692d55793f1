#include "crypto/start.hpp"

#include <fmt/format.h>
#include <sodium.h>

#include "crypto/hash.hpp"
#include "crypto/keyed_hash.hpp"
#include "crypto/pair.hpp"
#include "crypto/password.hpp"
#include "crypto/seal.hpp"
#include "kernel/problem.hpp"

namespace xinyi::crypto {
namespace {
Bytes hex(std::string_view text) {
  auto bytes = from_hex(text);
  invariant(bytes.has_value(), "known answer is not hexadecimal");
  return *bytes;
}
template <class T>
Bytes copy(const T& bytes) {
  return Bytes(bytes.begin(), bytes.end());
}

Bytes counting(std::size_t n, std::uint8_t first = 0) {
  Bytes out(n);
  for (std::size_t i = 0; i < n; ++i) out[i] = static_cast<std::uint8_t>(first + i);
  return out;
}

void add_hashes(std::vector<KnownAnswer>& out) {
  // FIPS 180-4 example "abc", RFC 4231 case 2, RFC 5869 case 1 (its first 32 bytes).
  out.push_back(
      {"SHA-256", hex("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"), copy(sha256(view("abc")))});
  out.push_back({"HMAC-SHA-256", hex("5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"),
                 copy(hmac_sha256(view("Jefe"), view("what do ya want for nothing?")))});
  const auto okm = hkdf_sha256(View(Bytes(22, 0x0b)), counting(13), View(counting(10, 0xf0)));
  out.push_back(
      {"HKDF-SHA-256", hex("3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf"), copy(okm.expose())});
  // Key 00 01 … 1f, "abc", computed with another implementation.
  out.push_back({"keyed BLAKE2b", hex("1a64be47e4729d951c302ee543f97cf3"),
                 copy(keyed_hash(counting(32), {view("a"), view("bc")}))});
}

void add_sealing(std::vector<KnownAnswer>& out) {
  // draft-irtf-cfrg-xchacha-03, appendix A.3.1, in our format.
  constexpr std::string_view kText =
      "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen would be "
      "it.";
  const auto sealed =
      hex("01404142434445464748494a4b4c4d4e4f5051525354555657"
          "bd6d179d3e83d43b9576579493c0e939572a1700252bfaccbed2902c21396cbb731c7f1b0b4aa6440bf3a82f4eda7e39"
          "ae64c6708c54c216cb96b72e1213b4522f8c9ba40db5d945b11b69b982c1bb9e3f3fac2bc369488f76b2383565d3fff9"
          "21f9664c97637da9768812f615c68b13b52ec0875924c1c7987947deafd8780acf49");
  const auto key = Key::from(counting(32, 0x80));
  const auto ad = hex("50515253c0c1c2c3c4c5c6c7");
  const auto opened = open(key, sealed, ad);
  out.push_back({"XChaCha20-Poly1305", copy(kText), opened ? copy(opened->expose()) : Bytes{}});
  const auto again = open(key, seal(key, view(kText), ad), ad);
  out.push_back({"XChaCha20-Poly1305 sealing", copy(kText), again ? copy(again->expose()) : Bytes{}});
  auto changed = sealed;
  changed.back() ^= 1;
  out.push_back({"XChaCha20-Poly1305 refusal", {1}, {static_cast<std::uint8_t>(open(key, changed, ad) ? 0 : 1)}});
}

void add_pairs(std::vector<KnownAnswer>& out) {
  // The pair of the seed 00 01 … 1f, computed with two other implementations; the browser's tests use the same numbers.
  const auto pair = derive(Seed::from(counting(32)));
  out.push_back({"X25519 pair", hex("dd9331f9659a9f741650c9fc8a1767da87ceed848977e8fbe4bcebf812d9522e"),
                 copy(pair.box_public.bytes)});
  out.push_back({"Ed25519 pair", hex("81f736d81a306577af2d56e1aa96801dcc531fc0bb42479b0557346ee56aba1f"),
                 copy(pair.sign_public.bytes)});
  // RFC 8032 §7.1, test 1.
  const auto signing = sign_pair_from_seed(hex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"));
  const auto signature = sign(signing, View{});
  out.push_back({"Ed25519",
                 hex("e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd"
                     "25bf5f0595b"
                     "be24655141438e7a100b"),
                 copy(signature.bytes)});
  auto wrong = signature;
  wrong.bytes[0] ^= 1;
  out.push_back({"Ed25519 verification",
                 {1, 0},
                 {static_cast<std::uint8_t>(verify(signing.sign_public, View{}, signature)),
                  static_cast<std::uint8_t>(verify(signing.sign_public, View{}, wrong))}});
  // A sealed box for the secret 01 02 … 20, opened with another implementation too.
  const auto box_secret = counting(32, 1);
  const auto box_public = box_public_from(hex("07a37cbc142093c8b755dc1b10e86cb426374ad16aa853ed0bdfc0b2b86d1c7c"));
  const Pair reader{sign_pair_from_seed(box_secret), *box_public, Secret<32>::from(box_secret)};
  const auto opened =
      open_sealed(reader, hex("7fd2ff79029884b23e903a94009299e0fb6334d0395fe0bfd3f5e155f7d970019030610bbe0e98d0ea"
                              "0cba18161e1792c74b683bc8"));
  out.push_back({"sealed box", copy(std::string_view("xinyi")), opened ? copy(opened->expose()) : Bytes{}});
  const auto again = open_sealed(reader, seal_to(*box_public, view("xinyi")));
  out.push_back({"sealed box sealing", copy(std::string_view("xinyi")), again ? copy(again->expose()) : Bytes{}});
}
}  // namespace

std::vector<KnownAnswer> known_answers() {
  std::vector<KnownAnswer> out;
  add_hashes(out);
  add_sealing(out);
  add_pairs(out);
  // Argon2id, 1 MiB and 2 passes, computed with another implementation.
  const auto password = password_key("correct horse", counting(16), {1, 2});
  out.push_back(
      {"Argon2id", hex("77237b8a217dfd77699617e3893817f9fa215bff881849f3c007154da0b4788d"), copy(password.expose())});
  return out;
}

void require_equal(const std::vector<KnownAnswer>& answers) {
  for (const auto& answer : answers)
    if (answer.given != answer.expected) throw Bug(fmt::format("cryptography self-test failed: {}", answer.primitive));
}

void start() {
  if (sodium_init() < 0) throw Bug("the cryptographic library did not start");
  require_equal(known_answers());
}

}  // namespace xinyi::crypto
