// Passwords become keys by Argon2id. At most two runs at once in the process; further callers wait their turn.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "crypto/secret.hpp"

namespace xinyi::crypto {

/// Memory and passes. Stored beside each salt so that costs can rise later.
struct PasswordCost {
  std::uint32_t mebibytes = 64;
  std::uint32_t passes = 3;
  bool operator==(const PasswordCost&) const = default;
};
/// Accounts that hold a vault key (trust 1): about 85 ms on the reference machine.
inline constexpr PasswordCost kVaultCost{64, 3};
/// Accounts without a vault key.
inline constexpr PasswordCost kLightCost{19, 2};
/// "64x3"; only 1..1024 MiB and 1..16 passes are read back.
std::string to_text(const PasswordCost& cost);
std::optional<PasswordCost> password_cost_from_text(std::string_view text);

/// One Argon2id run (version 1.3, one lane). `salt` has 16 bytes. Blocks for its turn: never call on an event loop.
Key password_key(std::string_view password, View salt, PasswordCost cost);

/// Runs going on at this moment, 0..2; for the metrics.
int password_runs() noexcept;

/// What is compared at sign-in, and what wraps the person's secret: two labels of the one run.
Key password_verifier(const Key& password_key);
Key password_wrap(const Key& password_key);

}  // namespace xinyi::crypto
