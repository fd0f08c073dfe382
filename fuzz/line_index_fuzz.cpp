// A line index: whatever the bytes, starts that rise from 0 inside the file, or a mi2::Error.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <vector>

#include <mi2/error.hpp>

#include "dataset/tsv_file.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::uint64_t kFileBytes = 1'000'000;
  try {
    const std::vector<std::uint64_t> starts =
        mi2::dataset::parse_line_index(std::string_view(reinterpret_cast<const char*>(data), size), kFileBytes, "fuzz");
    if (starts.front() != 0 || starts.back() >= kFileBytes) std::abort();
    for (std::size_t i = 1; i < starts.size(); ++i) {
      if (starts[i] <= starts[i - 1]) std::abort();
    }
  } catch (const mi2::Error&) {
    // A refusal is an answer.
  }
  return 0;
}
