#include "archive/pooled.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "evaluation/quantile.hpp"

namespace mi2::archive {

std::vector<float> seven_statistics(std::span<const std::span<const float>> rows) {
  const std::size_t width = rows.front().size();
  std::vector<float> out(7 * width);
  std::vector<double> values(rows.size());
  for (std::size_t d = 0; d < width; ++d) {
    double sum = 0;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      values[i] = static_cast<double>(rows[i][d]);
      sum += values[i];
    }
    const double mean = sum / static_cast<double>(rows.size());
    double squares = 0;
    for (const double value : values) squares += (value - mean) * (value - mean);
    std::sort(values.begin(), values.end());
    const double statistics[] = {mean,
                                 std::sqrt(squares / static_cast<double>(rows.size() - 1)),
                                 values.front(),
                                 evaluation::quantile(values, 0.25),
                                 evaluation::quantile(values, 0.5),
                                 evaluation::quantile(values, 0.75),
                                 values.back()};
    std::size_t at = d;
    for (const double statistic : statistics) {
      out[at] = static_cast<float>(statistic);
      at += width;
    }
  }
  return out;
}

std::vector<float> plain_mean(std::span<const std::span<const float>> rows) {
  std::vector<float> out(rows.front().size());
  for (std::size_t d = 0; d < out.size(); ++d) {
    double sum = 0;
    for (const std::span<const float> row : rows) sum += static_cast<double>(row[d]);
    out[d] = static_cast<float>(sum / static_cast<double>(rows.size()));
  }
  return out;
}

}  // namespace mi2::archive
