// Any bytes as the body of a request, read as a type that has one field of every kind. Nothing but a refusal may come out,
// and what is accepted says the same when it is written and read again.
#include "kernel/json.hpp"

namespace {
using namespace xinyi;

enum class Way { face, phone };
BOOST_DESCRIBE_ENUM(Way, face, phone)
struct Part {
  Text<1, 5> name;
  std::optional<Whole<-3, 3>> level;
};
BOOST_DESCRIBE_STRUCT(Part, (), (name, level))
struct Everything {
  PersonId id;
  SchoolDate day;
  Instant at;
  std::optional<WallTime> starts;
  Whole<5, 120> minutes;
  std::int64_t number = 0;
  std::optional<double> share;
  std::optional<Prose<40>> note;
  Text<1, 80, Lines::many> lines;
  bool urgent = false;
  Way way{};
  std::optional<Base64> bytes;
  std::optional<Bilingual> words;
  List<Part, 3> parts;
  std::map<std::string, std::optional<std::int64_t>> columns;
};
BOOST_DESCRIBE_STRUCT(Everything, (),
                      (id, day, at, starts, minutes, number, share, note, lines, urgent, way, bytes, words, parts,
                       columns))
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto written = [](const Everything& v) { return boost::json::serialize(contract::write(v)); };
  std::optional<Everything> first;
  try {
    first.emplace(contract::parse_body<Everything>(text(View(data, size))));
  } catch (const Refusal&) {
    return 0;
  }
  const auto once = written(*first);
  if (written(contract::parse_body<Everything>(once)) != once) __builtin_trap();
  return 0;
}
