// The control of script/assure fuzz: a defect that the mutations must find, or the search is worth nothing. It believes a
// length that the input states, and reads behind its end.
#include <cstddef>
#include <cstdint>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2 || data[0] != '{') return 0;
  const std::vector<std::uint8_t> buffer(data + 1, data + size);
  const std::size_t stated = buffer[0];
  std::uint8_t sum = 0;
  for (std::size_t i = 0; i < stated && i < 4 * size; ++i) sum = static_cast<std::uint8_t>(sum + buffer.data()[i]);
  return sum == 77 ? 1 : 0;
}
