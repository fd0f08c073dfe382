// A classifier of scikit-learn as JSON: whatever the bytes, an adapter whose scores are finite, or a mi2::Error.

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string_view>
#include <vector>

#include <mi2/error.hpp>

#include "adapter/sklearn_json.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace mi2;
  try {
    const std::optional<adapter::Adapter> made =
        adapter::parse_sklearn({reinterpret_cast<const char*>(data), size}, "fuzz");
    if (!made) return 0;
    const std::vector<float> embedding(static_cast<std::size_t>(made->description().in_channels), 0.5F);
    const std::vector<double> scores = made->probabilities(embedding);
    if (scores.size() != made->labels().size()) std::abort();
    for (const double score : scores) {
      if (!std::isfinite(score)) std::abort();
    }
    if (made->feature_dimensions() > 0 && made->features(embedding).size() != made->feature_dimensions()) std::abort();
  } catch (const Error&) {
    // A refusal is an answer.
  }
  return 0;
}
