#include "features/people/pinyin.hpp"

#include <unicode/translit.h>
#include <unicode/unistr.h>
#include <unicode/uscript.h>

#include <algorithm>
#include <memory>
#include <mutex>
#include <unordered_map>

#include "kernel/problem.hpp"

namespace xinyi::people {
namespace {

using Latin = std::unique_ptr<icu::Transliterator>;

Latin latin(const char* rules) {
  UErrorCode status = U_ZERO_ERROR;
  Latin t(icu::Transliterator::createInstance(rules, UTRANS_FORWARD, status));
  invariant(U_SUCCESS(status) && t, "ICU has no transliterator for Chinese");
  return t;
}

/// Syllables with ü written as u, and as v (how keyboards write it).
struct Syllables {
  std::string u, v;
};

/// One transliterator with what it answered before: a school has few surnames, and asking costs 7 µs a character.
class Reader {
 public:
  Reader(const char* rules, const icu::Transliterator& ascii) : han_(latin(rules)), ascii_(ascii) {}

  const Syllables& of(const icu::UnicodeString& text) {
    std::string key;
    text.toUTF8String(key);
    if (const auto known = known_.find(key); known != known_.end()) return known->second;
    if (known_.size() > 50'000) known_.clear();
    icu::UnicodeString marked = text;
    han_->transliterate(marked);
    icu::UnicodeString with_v = marked;
    for (int i = 0; i < with_v.length(); ++i)
      if (icu::UnicodeString(u"üǖǘǚǜÜǕǗǙǛ").indexOf(with_v[i]) >= 0) with_v.setCharAt(i, u'v');
    ascii_.transliterate(marked);
    ascii_.transliterate(with_v);
    Syllables out;
    marked.toUTF8String(out.u);
    with_v.toUTF8String(out.v);
    return known_[key] = std::move(out);
  }

 private:
  Latin han_;
  const icu::Transliterator& ascii_;
  std::unordered_map<std::string, Syllables> known_;
};

void add_syllables(Reading& out, std::string_view spaced) {
  bool start = true;
  for (char c : spaced) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    if (letter) {
      if (start) out.initials += c;
      out.full += c;
    }
    start = !letter;
  }
}

struct Both {
  Reading u, v;
  void add(const Syllables& s) {
    add_syllables(u, s.u);
    add_syllables(v, s.v);
  }
};

/// Surnames are read from the first two characters together (尉迟), the others one by one.
Both read_with(Reader& front, Reader& rest, const icu::UnicodeString& name) {
  Both out;
  UErrorCode status = U_ZERO_ERROR;
  if (uscript_getScript(name.char32At(0), &status) != USCRIPT_HAN) {
    out.add(rest.of(name));
    return out;
  }
  const int split = name.moveIndex32(0, 2);
  out.add(front.of(name.tempSubString(0, split)));
  for (int at = split; at < name.length();) {
    const int next = name.moveIndex32(at, 1);
    out.add(rest.of(name.tempSubString(at, next - at)));
    at = next;
  }
  return out;
}

}  // namespace

std::vector<Reading> readings(std::string_view name) {
  static std::mutex mutex;
  const std::lock_guard lock(mutex);
  static const Latin ascii = latin("Latin-ASCII; Lower");  // compiling a set of rules costs tens of milliseconds
  static Reader names("Han-Latin/Names", *ascii);
  static Reader plain("Han-Latin", *ascii);
  const auto text = icu::UnicodeString::fromUTF8(icu::StringPiece(name.data(), static_cast<int>(name.size())));
  if (text.isEmpty()) return {Reading{}};
  const auto as_name = read_with(names, plain, text), as_text = read_with(plain, plain, text);
  std::vector<Reading> out = {as_name.u};
  for (const auto* r : {&as_name.v, &as_text.u, &as_text.v})
    if (std::find(out.begin(), out.end(), *r) == out.end()) out.push_back(*r);
  return out;
}

}  // namespace xinyi::people
