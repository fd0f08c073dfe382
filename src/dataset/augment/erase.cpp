#include "dataset/augment/erase.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace mi2::dataset {
namespace {

constexpr int kTries = 10;
constexpr double kScaleMin = 0.02;
constexpr double kScaleMax = 0.33;
constexpr double kRatioMin = 0.3;
constexpr double kRatioMax = 3.3;

}  // namespace

std::optional<CropBox> draw_erasing(Random& random, int width, int height, double probability) {
  if (!random.chance(probability)) return std::nullopt;
  const double area = static_cast<double>(width) * height;
  for (int i = 0; i < kTries; ++i) {
    const double target = area * random.uniform(kScaleMin, kScaleMax);
    // Height over width here, unlike the crop's.
    const double ratio = std::exp(random.uniform(std::log(kRatioMin), std::log(kRatioMax)));
    const int h = static_cast<int>(std::nearbyint(std::sqrt(target * ratio)));
    const int w = static_cast<int>(std::nearbyint(std::sqrt(target / ratio)));
    if (h >= height || w >= width) continue;
    const auto top = static_cast<int>(random.below(static_cast<std::uint64_t>(height - h) + 1));
    const auto left = static_cast<int>(random.below(static_cast<std::uint64_t>(width - w) + 1));
    return CropBox{left, top, w, h};
  }
  return std::nullopt;
}

void erase(std::span<float> pixels, int width, const CropBox& box) {
  for (int y = box.top; y < box.top + box.height; ++y) {
    const std::size_t start =
        (static_cast<std::size_t>(y) * static_cast<std::size_t>(width) + static_cast<std::size_t>(box.left)) * 3;
    std::fill_n(pixels.data() + start, static_cast<std::size_t>(box.width) * 3, 0.0F);
  }
}

}  // namespace mi2::dataset
