// Many keys by few statements. A statement is a literal, so a list of keys has no length of its own in it: it names eight, and
// what is short of eight is filled up with the key that is all zero, which stands for nothing. One statement to be prepared,
// one way to the server for eight keys.
//
//   by_eights(ids, [&](const auto& k) {
//     for (storage::Row row : tx.query("SELECT ... FROM (VALUES (?2), (?3), (?4), (?5), (?6), (?7), (?8), (?9)) AS wanted "
//                                      "CROSS JOIN books b WHERE b.school_id = ?1 AND b.id = wanted.column1",
//                                      tx.school(), k[0], k[1], k[2], k[3], k[4], k[5], k[6], k[7])) ...
//   });
//
// Joined, not "IN (…)": SQLite makes a table of its own for the list of an IN, which costs more than eight look-ups.
#pragma once
#include <algorithm>
#include <array>
#include <vector>

namespace xinyi::storage {

/// Each key is asked for once, however often it is in the list. Rows come in no particular order.
template <class Key, class Ask>
void by_eights(std::vector<Key> keys, Ask ask) {
  std::ranges::sort(keys);
  keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
  constexpr std::size_t kAtOnce = 8;
  for (std::size_t i = 0; i < keys.size(); i += kAtOnce) {
    std::array<Key, kAtOnce> some{};
    std::copy_n(keys.begin() + static_cast<std::ptrdiff_t>(i), std::min(kAtOnce, keys.size() - i), some.begin());
    ask(some);
  }
}

}  // namespace xinyi::storage
