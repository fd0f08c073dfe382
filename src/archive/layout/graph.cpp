#include "archive/layout/graph.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <tuple>

namespace mi2::archive::layout {
namespace {

/// What one of two points thinks of the other.
struct Half {
  std::uint32_t low;
  std::uint32_t high;
  bool of_high;
  float weight;
};

double sum_of(std::span<const float> distances, const Scale& scale) noexcept {
  double sum = 0;
  for (const float distance : distances) sum += likeness(static_cast<double>(distance), scale);
  return sum;
}

std::vector<Half> halves_of(const Neighbours& neighbours) {
  const double usual = usual_distance(neighbours.distances, neighbours.width);
  std::vector<Half> halves;
  halves.reserve(neighbours.places.size());
  for (std::size_t i = 0; i < neighbours.points(); ++i) {
    const std::span<const float> distances = neighbours.distances_of(i);
    const Scale scale = scale_of(distances, usual);
    const auto self = static_cast<std::uint32_t>(i);
    for (std::size_t n = 0; n < distances.size(); ++n) {
      const std::uint32_t other = neighbours.places[i * neighbours.width + n];
      const auto weight = static_cast<float>(likeness(static_cast<double>(distances[n]), scale));
      halves.push_back({std::min(self, other), std::max(self, other), self > other, weight});
    }
  }
  std::sort(halves.begin(), halves.end(), [](const Half& a, const Half& b) {
    return std::tie(a.low, a.high, a.of_high) < std::tie(b.low, b.high, b.of_high);
  });
  return halves;
}

}  // namespace

double likeness(double distance, const Scale& scale) noexcept {
  const double beyond = distance - scale.nearest;
  return beyond <= 0 || scale.width == 0 ? 1.0 : std::exp(-beyond / scale.width);
}

double usual_distance(std::span<const float> distances, std::size_t width) noexcept {
  if (distances.empty()) return 0;
  double sum = 0;
  for (const float distance : distances) sum += static_cast<double>(distance);
  return sum / static_cast<double>(distances.size()) * static_cast<double>(width) / static_cast<double>(width + 1);
}

Scale scale_of(std::span<const float> distances, double usual) {
  constexpr int kSteps = 64;
  constexpr double kTolerance = 1e-5;
  constexpr double kLeastShare = 1e-3;
  Scale scale;
  double own = 0;
  for (const float distance : distances) {
    const auto d = static_cast<double>(distance);
    own += d;
    if (d > 0 && (scale.nearest == 0 || d < scale.nearest)) scale.nearest = d;
  }
  own /= static_cast<double>(distances.size() + 1);
  const double wanted = std::log2(static_cast<double>(distances.size() + 1));
  double low = 0;
  double high = std::numeric_limits<double>::infinity();
  scale.width = 1;
  for (int step = 0; step < kSteps; ++step) {
    const double sum = sum_of(distances, scale);
    if (std::abs(sum - wanted) < kTolerance) break;
    if (sum > wanted) {
      high = scale.width;
      scale.width = (low + high) / 2;
    } else {
      low = scale.width;
      scale.width = std::isinf(high) ? scale.width * 2 : (low + high) / 2;
    }
  }
  scale.width = std::max(scale.width, kLeastShare * (scale.nearest > 0 ? own : usual));
  return scale;
}

std::vector<Edge> fuzzy_union(const Neighbours& neighbours) {
  std::vector<Edge> edges;
  for (const Half& half : halves_of(neighbours)) {
    if (!edges.empty() && edges.back().low == half.low && edges.back().high == half.high) {
      float& weight = edges.back().weight;
      weight = weight + half.weight - weight * half.weight;
    } else {
      edges.push_back({half.low, half.high, half.weight});
    }
  }
  return edges;
}

}  // namespace mi2::archive::layout
