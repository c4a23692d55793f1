// Any bytes as the sheet of an XLSX (the parts around it are good), and as a whole archive.
#include "features/people/csv.hpp"
#include "features/people/xlsx.hpp"

namespace {
using namespace xinyi;
using namespace xinyi::people;

/// An archive in memory without the zip: a fuzzer should spend its time on the XML.
class Parts final : public FileSet {
 public:
  explicit Parts(std::string_view fuzzed) : fuzzed_(fuzzed) {}
  std::vector<std::string> names() const override {
    return {"xl/workbook.xml", "xl/_rels/workbook.xml.rels", "xl/styles.xml", "xl/sharedStrings.xml",
            "xl/worksheets/sheet1.xml"};
  }
  std::unique_ptr<ByteSource> open(const std::string& name) override {
    if (name == "xl/workbook.xml")
      return std::make_unique<MemorySource>("<workbook><sheets><sheet name=\"s\" id=\"r1\"/></sheets></workbook>");
    if (name == "xl/_rels/workbook.xml.rels")
      return std::make_unique<MemorySource>(
          "<R><Relationship Id=\"r1\" Type=\"/worksheet\" Target=\"worksheets/sheet1.xml\"/>"
          "<Relationship Id=\"r2\" Type=\"/styles\" Target=\"styles.xml\"/>"
          "<Relationship Id=\"r3\" Type=\"/sharedStrings\" Target=\"sharedStrings.xml\"/></R>");
    if (name == "xl/styles.xml")
      return std::make_unique<MemorySource>("<s><cellXfs><xf numFmtId=\"0\"/><xf numFmtId=\"14\"/></cellXfs></s>");
    if (name == "xl/sharedStrings.xml") return std::make_unique<MemorySource>("<sst><si><t>a</t></si></sst>");
    return std::make_unique<MemorySource>(fuzzed_);
  }

 private:
  std::string_view fuzzed_;
};

template <class F>
void unreadable_at_most(F&& f) {
  try {
    f();
  } catch (const Unreadable&) {
  }
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const auto input = text(View(bytes, size));
  const auto any_row = [](const RawRow&) { return true; };
  if (input.starts_with("PK"))
    unreadable_at_most([&] { read_xlsx(*open_zip_bytes(input), any_row); });
  else
    unreadable_at_most([&] {
      Parts parts(input);
      read_xlsx(parts, any_row);
    });
  return 0;
}
