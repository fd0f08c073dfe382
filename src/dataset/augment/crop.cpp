#include "dataset/augment/crop.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace mi2::dataset {
namespace {

constexpr int kTries = 10;

/// Half to even, as Python rounds.
int rounded(double x) { return static_cast<int>(std::nearbyint(std::min(x, 2e9))); }

CropBox centred(int width, int height, int box_width, int box_height) {
  return {(width - box_width) / 2, (height - box_height) / 2, box_width, box_height};
}

CropBox largest_centred(int width, int height, const AugmentOptions& options) {
  const double ratio = static_cast<double>(width) / height;
  if (ratio < options.ratio_min) {
    return centred(width, height, width, std::clamp(rounded(width / double{options.ratio_min}), 1, height));
  }
  if (ratio > options.ratio_max) {
    return centred(width, height, std::clamp(rounded(height * double{options.ratio_max}), 1, width), height);
  }
  return {0, 0, width, height};
}

}  // namespace

CropBox draw_crop(Random& random, int width, int height, const AugmentOptions& options) {
  if (options.scale_min >= 1) return {0, 0, width, height};
  const double area = static_cast<double>(width) * height;
  const double log_min = std::log(double{options.ratio_min});
  const double log_max = std::log(double{options.ratio_max});
  for (int i = 0; i < kTries; ++i) {
    const double target = area * random.uniform(options.scale_min, options.scale_max);
    const double ratio = std::exp(random.uniform(log_min, log_max));
    const int w = rounded(std::sqrt(target * ratio));
    const int h = rounded(std::sqrt(target / ratio));
    if (w < 1 || w > width || h < 1 || h > height) continue;
    const auto top = static_cast<int>(random.below(static_cast<std::uint64_t>(height - h) + 1));
    const auto left = static_cast<int>(random.below(static_cast<std::uint64_t>(width - w) + 1));
    return {left, top, w, h};
  }
  return largest_centred(width, height, options);
}

image::Raster crop_and_resize(const image::Raster& image, const CropBox& box, int width, int height) {
  if (box.width == image.width && box.height == image.height) return resize_bicubic(image, width, height);
  const auto c = static_cast<std::size_t>(image.channels);
  const std::size_t row = static_cast<std::size_t>(box.width) * c;
  image::Raster part{box.width, box.height, image.channels, {}};
  part.samples.resize(row * static_cast<std::size_t>(box.height));
  for (std::size_t y = 0; y < static_cast<std::size_t>(box.height); ++y) {
    const std::size_t from = (static_cast<std::size_t>(box.top) + y) * static_cast<std::size_t>(image.width) +
                             static_cast<std::size_t>(box.left);
    std::copy_n(image.samples.data() + from * c, row, part.samples.data() + y * row);
  }
  return resize_bicubic(part, width, height);
}

}  // namespace mi2::dataset
