// Looks at the printed page: a character that a font subset lost is still in the text layer, so only the picture tells.
// In the ordinary run some random subsets; with XINYI_CAMPAIGN=full all of GB 2312, in subsets of many sizes.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <iconv.h>

#include <algorithm>
#include <cstdlib>
#include <random>

#include "print/canvas.hpp"
#include "print/testing/read_back.hpp"

using namespace xinyi;
using namespace xinyi::print;
using xinyi::print::testing::ReadBack;

namespace {
constexpr int kColumns = 30, kRows = 40, kDots = 90;
constexpr double kCellWidth = 17, kCellHeight = 19, kMargin = 30;

std::string utf8(char32_t p) {
  std::string out;
  if (p < 0x80) out += static_cast<char>(p);
  else if (p < 0x800) (out += static_cast<char>(0xc0 | p >> 6)) += static_cast<char>(0x80 | (p & 0x3f));
  else if (p < 0x10000) ((out += static_cast<char>(0xe0 | p >> 12)) += static_cast<char>(0x80 | (p >> 6 & 0x3f))) += static_cast<char>(0x80 | (p & 0x3f));
  else (((out += static_cast<char>(0xf0 | p >> 18)) += static_cast<char>(0x80 | (p >> 12 & 0x3f))) += static_cast<char>(0x80 | (p >> 6 & 0x3f))) += static_cast<char>(0x80 | (p & 0x3f));
  return out;
}

/// All that GB 2312 has but the blank: 682 - 1 signs and 6,763 characters.
std::vector<std::string> gb2312() {
  std::vector<std::string> out;
  const auto to = iconv_open("UTF-8", "GB2312");
  for (int row = 0xa1; row <= 0xf7; ++row)
    for (int cell = 0xa1; cell <= 0xfe; ++cell) {
      char in[2] = {static_cast<char>(row), static_cast<char>(cell)}, text[8];
      char *from = in, *into = text;
      std::size_t have = 2, room = sizeof text;
      if (iconv(to, &from, &have, &into, &room) != static_cast<std::size_t>(-1)) out.emplace_back(text, into);
      iconv(to, nullptr, nullptr, nullptr, nullptr);
    }
  iconv_close(to);
  std::erase(out, "\xe3\x80\x80");
  return out;
}

/// Prints each character into a cell of its own and returns those whose cell stayed white.
std::vector<std::string> blanks(const std::vector<std::string>& characters, bool bold) {
  Canvas canvas("glyphs", Instant{});
  const auto place = [](std::size_t i) {
    const auto on_page = static_cast<int>(i % (kColumns * kRows));
    return std::pair(kMargin + on_page % kColumns * kCellWidth, kMargin + on_page / kColumns * kCellHeight);
  };
  for (std::size_t i = 0; i < characters.size(); ++i) {
    if (i > 0 && i % (kColumns * kRows) == 0) canvas.next_page();
    const auto [x, y] = place(i);
    canvas.draw(canvas.set(characters[i], {.size = 12, .bold = bold}, mm(50)), x, y);
  }
  const ReadBack paper(canvas.finish());
  std::vector<std::string> out;
  ReadBack::Picture picture;
  for (std::size_t i = 0; i < characters.size(); ++i) {
    if (i % (kColumns * kRows) == 0) picture = paper.picture(static_cast<int>(i / (kColumns * kRows)) + 1, kDots);
    const auto [x, y] = place(i);
    if (!picture.drawn(x, y, kCellWidth, kCellHeight, kDots / 72.0)) out.push_back(characters[i]);
  }
  return out;
}
}  // namespace

TEST(PrintGlyphs, no_character_of_gb_2312_is_lost_from_a_subset) {
  const char* campaign = std::getenv("XINYI_CAMPAIGN");
  const bool full = campaign != nullptr && std::string_view(campaign) == "full";
  auto all = gb2312();
  ASSERT_EQ(all.size(), 682u - 1 + 6763);
  std::mt19937 random(full ? std::random_device{}() : 20261123);
  std::size_t printed = 0, subsets = 0;
  for (int round = 0; round < (full ? 6 : 1); ++round) {
    std::shuffle(all.begin(), all.end(), random);
    for (std::size_t at = 0; at < all.size() && (full || subsets < 3);) {
      const std::size_t size = std::min<std::size_t>(all.size() - at, 20 + random() % (full ? 1500 : 900));
      std::vector<std::string> part(all.begin() + static_cast<std::ptrdiff_t>(at), all.begin() + static_cast<std::ptrdiff_t>(at + size));
      part.push_back("如");  // the one that another face of this family lost
      for (const bool bold : {false, true})
        for (const auto& lost : blanks(part, bold)) ADD_FAILURE() << lost << " is blank in a subset of " << part.size() << (bold ? ", bold" : ", regular");
      printed += 2 * part.size();
      subsets += 1;
      at += size;
    }
  }
  std::printf("%zu characters in %zu subsets, each regular and bold\n", printed, subsets);
}

TEST(PrintGlyphs, control_a_blank_cell_is_seen) {
  const auto found = blanks({"好", "\xe3\x80\x80", "如", " ", "一"}, false);
  EXPECT_EQ(found, (std::vector<std::string>{"\xe3\x80\x80", " "}));
}

TEST(PrintGlyphs, a_rare_character_is_drawn_or_named_by_its_code_point_never_dropped) {
  std::vector<std::string> rare;
  std::mt19937 random(7);
  // CJK extensions A to H, compatibility forms, and a private one that no font has.
  const std::pair<char32_t, char32_t> blocks[] = {{0x3400, 0x4dbf}, {0x20000, 0x2a6df}, {0x2a700, 0x2b739}, {0x2b740, 0x2b81d}, {0x2b820, 0x2cea1},
                                                  {0x2ceb0, 0x2ebe0}, {0x30000, 0x3134a}, {0x31350, 0x323af}, {0x2f800, 0x2fa1d}, {0xe000, 0xf8ff}};
  for (const auto& [from, to] : blocks)
    for (int i = 0; i < 25; ++i) rare.push_back(utf8(from + static_cast<char32_t>(random() % (to - from + 1))));
  for (const auto* name : {"㵘", "𠮷", "𪚥", "龘", "䶮", "堃", "喆", "玥", "𬎆", "𨭎"}) rare.emplace_back(name);
  EXPECT_EQ(blanks(rare, false), std::vector<std::string>{});
  EXPECT_EQ(blanks(rare, true), std::vector<std::string>{});
}
