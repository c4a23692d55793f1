// Which encoding a text file has, and its text as UTF-8.
#pragma once
#include <memory>
#include <string>
#include <string_view>

#include "features/people/source.hpp"

namespace xinyi::people {

enum class Encoding { utf8, utf8_bom, gb18030, utf16le, utf16be };
std::string_view to_text(Encoding encoding);  // "UTF-8", "UTF-8 BOM", "GB 18030", "UTF-16LE", "UTF-16BE"

/// Reads the file to its end: a byte order mark decides; then text that is UTF-8 throughout is UTF-8, text that is
/// GB 18030 throughout is GB 18030. Where both fit (short texts of common hanzi), whole words of GB 2312 hanzi win over
/// Latin or Greek letters standing alone. Unreadable(bad_bytes) with the line when nothing fits.
Encoding detect_encoding(ByteSource& source, const std::string& file);

/// Bytes of one encoding to UTF-8, in pieces. Unreadable(bad_bytes) with the line of the first bad byte.
class Decoder {
 public:
  Decoder(Encoding encoding, std::string file);
  ~Decoder();
  Decoder(Decoder&&) noexcept;
  /// Appends to `out`, without a byte order mark. `last`: no more will come.
  void push(std::string_view bytes, bool last, std::string& out);

 private:
  struct Converters;
  std::unique_ptr<Converters> converters_;
  std::string file_;
  std::int64_t line_ = 1;
  bool start_ = true;
};

}  // namespace xinyi::people
