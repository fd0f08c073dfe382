#pragma once
// How far two vectors are apart.

#include <array>
#include <cmath>
#include <cstddef>
#include <span>

namespace mi2::archive {

/// The Euclidean distance, summed in f64. @param a,b  of the same length.
inline double euclidean(std::span<const float> a, std::span<const float> b) noexcept {
  constexpr std::size_t kLanes = 8;  // separate sums, which the compiler may add up side by side
  std::array<double, kLanes> squares{};
  const std::size_t whole = a.size() / kLanes * kLanes;
  for (std::size_t i = 0; i < whole; i += kLanes) {
    for (std::size_t lane = 0; lane < kLanes; ++lane) {
      const double difference = static_cast<double>(a[i + lane]) - static_cast<double>(b[i + lane]);
      squares[lane] += difference * difference;
    }
  }
  double sum = 0;
  for (std::size_t i = whole; i < a.size(); ++i) {
    const double difference = static_cast<double>(a[i]) - static_cast<double>(b[i]);
    sum += difference * difference;
  }
  for (const double square : squares) sum += square;
  return std::sqrt(sum);
}

}  // namespace mi2::archive
