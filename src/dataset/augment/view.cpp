#include "dataset/augment/view.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>

namespace mi2::dataset {

void make_round(image::Raster& image, double radius) {
  const auto c = static_cast<std::size_t>(image.channels);
  const double reach = radius * std::min(image.width, image.height) / 2;
  std::uint8_t* sample = image.samples.data();
  for (int y = 0; y < image.height; ++y) {
    const double down = y + 0.5 - image.height / 2.0;
    for (int x = 0; x < image.width; ++x, sample += c) {
      const double right = x + 0.5 - image.width / 2.0;
      if (right * right + down * down > reach * reach) std::fill_n(sample, c, std::uint8_t{0});
    }
  }
}

double draw_radius(Random& random) noexcept { return random.uniform(0.8, 1.1); }

CropBox draw_place(Random& random, int width, int height, double least) noexcept {
  const double factor = random.uniform(least, 1.0);
  const int w = std::max(1, static_cast<int>(width * factor));
  const int h = std::max(1, static_cast<int>(height * factor));
  const auto left = static_cast<int>(random.below(static_cast<std::uint64_t>(width - w) + 1));
  const auto top = static_cast<int>(random.below(static_cast<std::uint64_t>(height - h) + 1));
  return {left, top, w, h};
}

image::Raster shown_in(const CropBox& place, const image::Raster& image) {
  const image::Raster small = resize_bicubic(image, place.width, place.height);
  const auto c = static_cast<std::size_t>(image.channels);
  const std::size_t row = static_cast<std::size_t>(place.width) * c;
  image::Raster out{image.width, image.height, image.channels, {}};
  out.samples.resize(image.samples.size());
  for (std::size_t y = 0; y < static_cast<std::size_t>(place.height); ++y) {
    const std::size_t to = (static_cast<std::size_t>(place.top) + y) * static_cast<std::size_t>(image.width) +
                           static_cast<std::size_t>(place.left);
    std::copy_n(small.samples.data() + y * row, row, out.samples.data() + to * c);
  }
  return out;
}

}  // namespace mi2::dataset
