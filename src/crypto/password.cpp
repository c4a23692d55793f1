#include "crypto/password.hpp"

#include <fmt/format.h>
#include <sodium.h>

#include <atomic>
#include <charconv>
#include <new>
#include <semaphore>

#include "crypto/hash.hpp"
#include "crypto/pointer.hpp"
#include "kernel/problem.hpp"

namespace xinyi::crypto {
namespace {
constexpr std::uint32_t kMaxMebibytes = 1024, kMaxPasses = 16;
std::counting_semaphore<2> turns(2);
std::atomic<int> running{0};

struct Turn {
  Turn() {
    turns.acquire();
    ++running;
  }
  ~Turn() {
    --running;
    turns.release();
  }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;
};

bool read_number(std::string_view text, std::uint32_t max, std::uint32_t& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc{} && end == text.data() + text.size() && text[0] != '0' && out >= 1 && out <= max;
}
}  // namespace

std::string to_text(const PasswordCost& cost) { return fmt::format("{}x{}", cost.mebibytes, cost.passes); }

std::optional<PasswordCost> password_cost_from_text(std::string_view text) {
  const auto x = text.find('x');
  PasswordCost out;
  if (x == std::string_view::npos || !read_number(text.substr(0, x), kMaxMebibytes, out.mebibytes) ||
      !read_number(text.substr(x + 1), kMaxPasses, out.passes))
    return std::nullopt;
  return out;
}

Key password_key(std::string_view password, View salt, PasswordCost cost) {
  invariant(salt.size() == crypto_pwhash_argon2id_SALTBYTES, "salt of another length");
  invariant(cost.mebibytes >= 1 && cost.mebibytes <= kMaxMebibytes && cost.passes >= 1 && cost.passes <= kMaxPasses,
            "password cost out of range");
  const auto* const text = reinterpret_cast<const char*>(pointer(view(password)));
  const Turn turn;
  return Key::made([&](std::span<std::uint8_t, 32> out) {
    if (crypto_pwhash_argon2id(out.data(), out.size(), text, password.size(), salt.data(), cost.passes,
                               std::size_t{cost.mebibytes} << 20, crypto_pwhash_argon2id_ALG_ARGON2ID13) != 0)
      throw std::bad_alloc();
  });
}

int password_runs() noexcept { return running; }

Key password_verifier(const Key& password_key) { return hkdf_sha256(password_key, View{}, "verifier"); }
Key password_wrap(const Key& password_key) { return hkdf_sha256(password_key, View{}, "wrap"); }

}  // namespace xinyi::crypto
