#include "dataset/augment/flip.hpp"

#include <algorithm>
#include <cstddef>

namespace mi2::dataset {

void flip_horizontally(image::Raster& image) {
  const auto c = static_cast<std::size_t>(image.channels);
  const auto width = static_cast<std::size_t>(image.width);
  for (std::size_t y = 0; y < static_cast<std::size_t>(image.height); ++y) {
    std::uint8_t* row = image.samples.data() + y * width * c;
    for (std::size_t x = 0; x < width / 2; ++x) {
      std::swap_ranges(row + x * c, row + (x + 1) * c, row + (width - 1 - x) * c);
    }
  }
}

void flip_vertically(image::Raster& image) {
  const std::size_t row = static_cast<std::size_t>(image.width) * static_cast<std::size_t>(image.channels);
  const auto height = static_cast<std::size_t>(image.height);
  std::uint8_t* start = image.samples.data();
  for (std::size_t y = 0; y < height / 2; ++y) {
    std::swap_ranges(start + y * row, start + (y + 1) * row, start + (height - 1 - y) * row);
  }
}

}  // namespace mi2::dataset
