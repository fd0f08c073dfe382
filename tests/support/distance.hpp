#pragma once
// How far vectors of floats are from those they should be: the one comparison of every parity test. What is not a
// number is infinitely wrong here; left to std::max and std::min a NaN is as good as no difference at all.

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>
#include <vector>

namespace mi2::test {

using Vectors = std::vector<std::vector<float>>;

inline constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// The largest absolute difference. Infinite for a NaN or an infinity on either side, for different lengths, and for
/// nothing at all.
inline double worst_difference(std::span<const float> got, std::span<const float> want) {
  if (got.size() != want.size() || got.empty()) return kInfinity;
  double worst = 0;
  for (std::size_t i = 0; i < got.size(); ++i) {
    const double difference = std::abs(static_cast<double>(got[i]) - want[i]);
    if (!std::isfinite(difference)) return kInfinity;
    worst = std::max(worst, difference);
  }
  return worst;
}

/// The same for rows, of which there must be as many on both sides.
inline double worst_difference(const Vectors& got, const Vectors& want) {
  if (got.size() != want.size() || got.empty()) return kInfinity;
  double worst = 0;
  for (std::size_t i = 0; i < got.size(); ++i) worst = std::max(worst, worst_difference(got[i], want[i]));
  return worst;
}

/// worst_difference as a part of the largest value wanted; infinite too if all of those are 0.
inline double relative_difference(std::span<const float> got, std::span<const float> want) {
  double largest = 0;
  for (const float value : want) largest = std::max(largest, std::abs(static_cast<double>(value)));
  return largest > 0 ? worst_difference(got, want) / largest : kInfinity;
}

/// -1 to 1 but for rounding. Minus infinity for a NaN or an infinity on either side, a vector of zeros, different
/// lengths, and nothing at all.
inline double cosine(std::span<const float> got, std::span<const float> want) {
  if (got.size() != want.size()) return -kInfinity;
  double dot = 0;
  double a = 0;
  double b = 0;
  for (std::size_t i = 0; i < got.size(); ++i) {
    dot += static_cast<double>(got[i]) * want[i];
    a += static_cast<double>(got[i]) * got[i];
    b += static_cast<double>(want[i]) * want[i];
  }
  const double cosine = dot / std::sqrt(a * b);
  return std::isfinite(cosine) && std::isfinite(a * b) ? cosine : -kInfinity;
}

/// The least cosine of a row with its counterpart; minus infinity where a pair's is, for another number of rows, and
/// for none.
inline double least_cosine(const Vectors& got, const Vectors& want) {
  if (got.size() != want.size() || got.empty()) return -kInfinity;
  double least = kInfinity;
  for (std::size_t i = 0; i < got.size(); ++i) least = std::min(least, cosine(got[i], want[i]));
  return least;
}

}  // namespace mi2::test
