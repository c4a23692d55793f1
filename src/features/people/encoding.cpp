#include "features/people/encoding.hpp"

#include <unicode/ucnv.h>

#include <algorithm>
#include <array>
#include <optional>
#include <vector>

namespace xinyi::people {
namespace {

constexpr const char* kConverter[] = {"UTF-8", "UTF-8", "GB18030", "UTF-16LE", "UTF-16BE"};

struct CloseConverter {
  void operator()(UConverter* c) const { ucnv_close(c); }
};
using Converter = std::unique_ptr<UConverter, CloseConverter>;

Converter converter(const char* name) {
  UErrorCode status = U_ZERO_ERROR;
  Converter c(ucnv_open(name, &status));
  invariant(U_SUCCESS(status), "ICU lacks an encoding");
  ucnv_setToUCallBack(c.get(), UCNV_TO_U_CALLBACK_STOP, nullptr, nullptr, nullptr, &status);
  ucnv_setFromUCallBack(c.get(), UCNV_FROM_U_CALLBACK_STOP, nullptr, nullptr, nullptr, &status);
  return c;
}

/// Tells texts in GB 2312 that happen to be UTF-8 from real UTF-8: looks at runs of bytes above 127.
class RunProbe {
 public:
  void push(std::string_view bytes) {
    for (char ch : bytes) {
      const auto b = static_cast<unsigned char>(ch);
      if (b >= 0x80) {
        run_.push_back(b);
        if (run_.size() > 4096) end_run(0);  // nobody writes so much in two-byte letters by chance
        continue;
      }
      if (!run_.empty()) end_run(b);
      before_ = b;
    }
  }
  /// Every run is common hanzi in GB 2312 and no run touches a Latin letter; and UTF-8 would make only two-byte letters.
  bool prefers_hanzi() {
    if (!run_.empty()) end_run(0);
    return any_ && good_;
  }

 private:
  static bool letter(unsigned char b) { return (b | 0x20) >= 'a' && (b | 0x20) <= 'z'; }
  void end_run(unsigned char after) {
    any_ = true;
    good_ = good_ && run_.size() % 2 == 0 && !letter(before_) && !letter(after);
    for (std::size_t i = 0; good_ && i + 1 < run_.size(); i += 2)
      good_ = run_[i] >= 0xC2 && run_[i] <= 0xD7 && run_[i + 1] >= 0xA1 && run_[i + 1] <= 0xBF;
    run_.clear();
  }
  std::vector<unsigned char> run_;
  unsigned char before_ = 0;
  bool any_ = false, good_ = true;
};

/// Tries one encoding on a file that comes in pieces.
struct Trial {
  Decoder decoder;
  std::optional<Unreadable> failed;
  std::string text;
  void push(std::string_view bytes, bool last) {
    if (failed) return;
    text.clear();
    try {
      decoder.push(bytes, last, text);
    } catch (const Unreadable& e) {
      failed = e;
    }
  }
};

}  // namespace

struct Decoder::Converters {
  Converter from, to;
  std::array<UChar, 4096> pivot;
  UChar* pivot_source;
  UChar* pivot_target;
};

std::string_view to_text(Encoding encoding) {
  constexpr std::string_view kNames[] = {"UTF-8", "UTF-8 BOM", "GB 18030", "UTF-16LE", "UTF-16BE"};
  return kNames[static_cast<std::size_t>(encoding)];
}

Decoder::Decoder(Encoding encoding, std::string file)
    : converters_(std::make_unique<Converters>()), file_(std::move(file)) {
  converters_->from = converter(kConverter[static_cast<std::size_t>(encoding)]);
  converters_->to = converter("UTF-8");
  converters_->pivot_source = converters_->pivot_target = converters_->pivot.data();
}

Decoder::~Decoder() = default;
Decoder::Decoder(Decoder&&) noexcept = default;

void Decoder::push(std::string_view bytes, bool last, std::string& out) {
  auto& c = *converters_;
  const char* source = bytes.empty() ? "" : bytes.data();  // ICU wants an address even for nothing
  const char* const end = source + bytes.size();
  for (;;) {
    std::array<char, 16384> buffer;
    char* target = buffer.data();
    UErrorCode status = U_ZERO_ERROR;
    ucnv_convertEx(c.to.get(), c.from.get(), &target, buffer.data() + buffer.size(), &source, end, c.pivot.data(),
                   &c.pivot_source, &c.pivot_target, c.pivot.data() + c.pivot.size(), false, last, &status);
    std::string_view made(buffer.data(), static_cast<std::size_t>(target - buffer.data()));
    const auto nul = std::min(made.find('\0'), made.size());
    line_ += std::count(made.begin(), made.begin() + static_cast<std::ptrdiff_t>(nul), '\n');
    const bool nul_seen = nul < made.size();
    if (start_ && !made.empty()) {
      start_ = false;
      if (made.starts_with("\xEF\xBB\xBF")) made.remove_prefix(3);
    }
    out += made;
    if (status == U_BUFFER_OVERFLOW_ERROR && !nul_seen) continue;
    if (U_FAILURE(status) || nul_seen) throw Unreadable(Fault::bad_bytes, {file_, line_});
    return;
  }
}

Encoding detect_encoding(ByteSource& source, const std::string& file) {
  std::vector<char> buffer(65536);
  std::size_t n = source.read(buffer);
  const std::string_view head(buffer.data(), n);
  std::optional<Encoding> marked;
  if (head.starts_with("\xEF\xBB\xBF"))
    marked = Encoding::utf8_bom;
  else if (head.starts_with("\xFF\xFE"))
    marked = Encoding::utf16le;
  else if (head.starts_with("\xFE\xFF"))
    marked = Encoding::utf16be;

  std::vector<Trial> trials;
  if (marked)
    trials.push_back({Decoder(*marked, file), {}, {}});
  else {
    trials.push_back({Decoder(Encoding::utf8, file), {}, {}});
    trials.push_back({Decoder(Encoding::gb18030, file), {}, {}});
  }
  RunProbe probe;
  for (; n > 0; n = source.read(buffer)) {
    const std::string_view piece(buffer.data(), n);
    for (auto& t : trials) t.push(piece, false);
    if (!marked) probe.push(piece);
  }
  for (auto& t : trials) t.push({}, true);

  if (marked) {
    if (trials[0].failed) throw *trials[0].failed;
    return *marked;
  }
  const bool utf8 = !trials[0].failed, gb = !trials[1].failed;
  if (utf8) return gb && probe.prefers_hanzi() ? Encoding::gb18030 : Encoding::utf8;
  if (gb) return Encoding::gb18030;
  // The one that got further is what the writer meant.
  throw trials[0].failed->at().line > trials[1].failed->at().line ? *trials[0].failed : *trials[1].failed;
}

}  // namespace xinyi::people
