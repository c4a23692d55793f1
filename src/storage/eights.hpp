// Many keys by few statements. A statement is a literal, so a list of keys has no length of its own in it: it names eight, and
// what is short of eight is filled up with the last key. One statement to be prepared, one way to the server for eight keys.
//
//   by_eights(ids, [&](const auto& k) {
//     for (storage::Row row : tx.query("SELECT ... WHERE school_id = ?1 AND id IN (?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)", tx.school(),
//                              k[0], k[1], k[2], k[3], k[4], k[5], k[6], k[7])) ...
//   });
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
    std::array<Key, kAtOnce> some;
    for (std::size_t j = 0; j < kAtOnce; ++j) some[j] = keys[std::min(i + j, keys.size() - 1)];
    ask(some);
  }
}

}  // namespace xinyi::storage
