// Any bytes as a table in CSV. Nothing but Unreadable may come out.
#include "features/people/table.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  using namespace xinyi;
  using namespace xinyi::people;
  const auto set = single_bytes("f.csv", text(View(bytes, size)));
  const Table table{*set, false};
  Findings findings;
  try {
    const auto head = read_head(table);
    Mapping mapping = head.mapping;
    if (!mapping[Field::name]) mapping[Field::name] = 0;
    if (!mapping[Field::number]) mapping[Field::number] = 1;
    TableOptions options;
    options.today = *date_from_text("2026-11-23");
    read_table(table, head, mapping, options, findings);
  } catch (const Unreadable&) {
  }
  return 0;
}
