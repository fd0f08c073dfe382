// Scores that mi2 classify wrote: whatever the bytes, a row of finite scores for each path or a mi2::Error.

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include <mi2/error.hpp>

#include "adapter/zero_shot_baseline.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace mi2;
  try {
    const adapter::ScoreTable table = adapter::parse_scores({reinterpret_cast<const char*>(data), size}, "fuzz");
    if (table.paths.size() != table.scores.size()) std::abort();
    for (const auto& row : table.scores) {
      for (const auto& [label, score] : row) {
        if (!std::isfinite(score)) std::abort();
      }
    }
  } catch (const Error&) {
    // A refusal is an answer.
  }
  return 0;
}
