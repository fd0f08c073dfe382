#pragma once
// Quantiles of sorted values.

#include <algorithm>
#include <cstddef>
#include <span>

namespace mi2::evaluation {

/// Linear between the two nearest, as numpy.percentile. @param sorted  at least one. @param share  0 to 1.
inline double quantile(std::span<const double> sorted, double share) {
  const double place = share * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(place);
  const std::size_t above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (place - static_cast<double>(below)) * (sorted[above] - sorted[below]);
}

}  // namespace mi2::evaluation
