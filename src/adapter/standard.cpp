#include "adapter/standard.hpp"

#include <cmath>
#include <cstddef>
#include <span>

namespace mi2::adapter {

Standard::Standard(const Samples& samples)
    : mean_(samples.vectors.dimensions()), deviation_(samples.vectors.dimensions()) {
  const auto rows = static_cast<double>(samples.rows());
  // Summed as differences to the first row, so that the mean of what never changes is exactly that.
  const std::span<const float> first = samples.vectors.row(0);
  for (std::size_t r = 0; r < samples.rows(); ++r) {
    const std::span<const float> row = samples.vectors.row(r);
    for (std::size_t d = 0; d < mean_.size(); ++d) mean_[d] += (static_cast<double>(row[d]) - first[d]) / rows;
  }
  for (std::size_t d = 0; d < mean_.size(); ++d) mean_[d] += first[d];
  for (std::size_t r = 0; r < samples.rows(); ++r) {
    for (std::size_t d = 0; d < mean_.size(); ++d) {
      deviation_[d] += (samples.vectors.row(r)[d] - mean_[d]) * (samples.vectors.row(r)[d] - mean_[d]) / rows;
    }
  }
  for (double& value : deviation_) value = value > 0 ? std::sqrt(value) : 1.0;
}

Samples Standard::apply(Samples samples) const {
  for (std::size_t r = 0; r < samples.rows(); ++r) {
    const std::span<float> row = samples.vectors.row(r);
    for (std::size_t d = 0; d < row.size(); ++d) row[d] = static_cast<float>((row[d] - mean_[d]) / deviation_[d]);
  }
  return samples;
}

void Standard::fold(AdapterTensor& weight, AdapterTensor& bias) const {
  const std::size_t rows = weight.values.size() / mean_.size();
  for (std::size_t o = 0; o < rows; ++o) {
    double shift = 0;
    for (std::size_t d = 0; d < mean_.size(); ++d) {
      const double scaled = weight.values[o * mean_.size() + d] / deviation_[d];
      shift += scaled * mean_[d];
      weight.values[o * mean_.size() + d] = static_cast<float>(scaled);
    }
    const std::size_t of_row = bias.values.size() / rows;
    for (float& value : std::span(bias.values).subspan(o * of_row, of_row)) value = static_cast<float>(value - shift);
  }
}

}  // namespace mi2::adapter
