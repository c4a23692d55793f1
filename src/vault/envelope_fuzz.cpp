// Any bytes where a sealed value should stand: content under a case key, what waits for the duty, a box for one person.
// They are refused as damaged, or they are, byte for byte, what was sealed.
#include "vault/content.hpp"

#include <algorithm>

#include "kernel/problem.hpp"

namespace {
using namespace xinyi;
using namespace xinyi::vault;

constexpr std::string_view kPlain = "synthetic content of the corpus";

/// Keys of zeros and ones: the corpus holds values that were sealed under them.
struct Keys {
  ContentKey content{crypto::Key::from(Fixed<32>{1})};
  UnitSecret unit{crypto::Key::from(Fixed<32>{2})};
  crypto::Pair duty = crypto::derive(crypto::Seed::from(Fixed<32>{3}));
  Place place{*id_from_text<SchoolIdTag>("019a0000-0000-7000-8000-000000000001"), CaseId{},
              *id_from_text<UnitIdTag>("019a0000-0000-7000-8000-000000000002"), "reason", 1};
};

template <class F>
bool opens(F&& open) {
  try {
    if (text(open().expose()) != kPlain) __builtin_trap();
    return true;
  } catch (const Refusal& refusal) {
    if (refusal.problem().code != Code::content_damaged) __builtin_trap();
    return false;
  }
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Keys keys;
  const View sealed(data, size);
  const bool content = opens([&] { return open_content(keys.content, keys.place, sealed); });
  const bool waiting = opens([&] { return open_waiting(keys.duty, keys.unit, keys.place, sealed); });
  if (const auto box = crypto::open_sealed(keys.duty, sealed); box && text(box->expose()) != kPlain) __builtin_trap();
  // What opens, opens at its own place only.
  Place elsewhere = keys.place;
  elsewhere.version = 2;
  if (content && opens([&] { return open_content(keys.content, elsewhere, sealed); })) __builtin_trap();
  if (waiting && opens([&] { return open_waiting(keys.duty, keys.unit, elsewhere, sealed); })) __builtin_trap();
  (void)content_hash(sealed);
  return 0;
}
