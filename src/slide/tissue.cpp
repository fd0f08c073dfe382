#include "slide/tissue.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include <mi2/error.hpp>

namespace mi2::slide {
namespace {

constexpr std::uint64_t kLowPower = 1U << 22U;  ///< pixels, or cells
constexpr std::uint64_t kMostCells = 1U << 26U;
/// What compression makes of white glass stays below.
constexpr unsigned kLeastSaturation = 15;

/// The finest level of so few pixels; else the coarsest.
std::size_t low_power(const std::vector<Level>& levels) {
  for (std::size_t i = 0; i < levels.size(); ++i) {
    if (levels[i].width <= kLowPower && levels[i].height <= kLowPower / levels[i].width) return i;
  }
  return levels.size() - 1;
}

}  // namespace

std::uint8_t saturation(std::uint8_t red, std::uint8_t green, std::uint8_t blue) noexcept {
  constexpr int kNearlyBlack = 20;
  const int most = std::max({red, green, blue});
  const int least = std::min({red, green, blue});
  if (most <= kNearlyBlack) return 0;
  return static_cast<std::uint8_t>((most - least) * 255 / most);
}

unsigned otsu(const std::array<std::uint64_t, 256>& histogram) noexcept {
  double count = 0;
  double sum = 0;
  for (std::size_t i = 0; i < histogram.size(); ++i) {
    count += static_cast<double>(histogram[i]);
    sum += static_cast<double>(histogram[i]) * static_cast<double>(i);
  }
  double below = 0;
  double sum_below = 0;
  double best = -1;
  unsigned threshold = 0;
  for (std::size_t i = 0; i + 1 < histogram.size(); ++i) {
    below += static_cast<double>(histogram[i]);
    sum_below += static_cast<double>(histogram[i]) * static_cast<double>(i);
    if (below == 0 || below == count) continue;
    const double apart = sum_below / below - (sum - sum_below) / (count - below);
    const double between = below * (count - below) * apart * apart;
    if (between > best) {
      best = between;
      threshold = static_cast<unsigned>(i);
    }
  }
  return threshold;
}

TissueMask::TissueMask(const Pyramid& pyramid, std::string_view name) {
  const std::size_t at = low_power(pyramid.levels());
  const Level& level = pyramid.levels()[at];
  const double pixels = static_cast<double>(level.width) * static_cast<double>(level.height);
  const auto cell = static_cast<std::uint64_t>(std::ceil(std::sqrt(std::max(1.0, pixels / kLowPower))));
  x_ = {level.width, level.block_width, cell};
  y_ = {level.height, level.block_height, cell};
  if (x_.cells() > kMostCells || y_.cells() > kMostCells / x_.cells()) {
    throw Error(Code::kTooLarge,
                fmt::format("{}: blocks of {} x {} pixels are too small to look for tissue in {} x {}; "
                            "--tiles all does not look",
                            name, level.block_width, level.block_height, level.width, level.height));
  }
  saturations_.assign(x_.cells() * y_.cells(), std::uint8_t{0});
  for (std::uint64_t row = 0; row * level.block_height < level.height; ++row) {
    for (std::uint64_t column = 0; column * level.block_width < level.width; ++column) {
      const std::optional<image::Image> block = pyramid.block(at, column, row);
      if (block && block->mode == image::Mode::kRgb) look_at(*block, column, row);
    }
  }
  threshold_ = std::max(otsu(histogram_), kLeastSaturation);
}

void TissueMask::look_at(const image::Image& block, std::uint64_t column, std::uint64_t row) {
  const std::uint64_t left = column * x_.block;
  const std::uint64_t top = row * y_.block;
  const std::uint64_t width = std::min(x_.block, x_.size - left);
  const std::uint64_t height = std::min(y_.block, y_.size - top);
  for (std::uint64_t y = 0; y < height; y += y_.cell) {
    for (std::uint64_t x = 0; x < width; x += x_.cell) {
      const std::uint64_t right = std::min(x + x_.cell, width);
      const std::uint64_t bottom = std::min(y + y_.cell, height);
      std::array<std::uint64_t, 3> sums{};
      for (std::uint64_t j = y; j < bottom; ++j) {
        const std::uint8_t* pixel = block.samples.data() + (j * x_.block + x) * 3;
        for (std::uint64_t i = x; i < right; ++i, pixel += 3) {
          for (std::size_t c = 0; c < 3; ++c) sums[c] += pixel[c];
        }
      }
      const std::uint64_t count = (right - x) * (bottom - y);
      const auto mean = [&](std::size_t c) { return static_cast<std::uint8_t>(sums[c] / count); };
      const std::uint8_t value = saturation(mean(0), mean(1), mean(2));
      saturations_[y_.cell_of(top + y) * x_.cells() + x_.cell_of(left + x)] = value;
      ++histogram_[value];
    }
  }
}

double TissueMask::in(const Level& level, const Rectangle& part) const noexcept {
  // The first and the last pixel of the part, on the level that was looked at.
  const auto ends = [](std::uint64_t from, std::uint64_t length, std::uint64_t of, const Side& side) {
    const double scale = static_cast<double>(side.size) / static_cast<double>(of);
    const auto pixel = [&](double x) {
      return std::min(side.size - 1, static_cast<std::uint64_t>(std::max(0.0, std::floor(x * scale))));
    };
    const std::uint64_t first = pixel(static_cast<double>(from));
    const std::uint64_t last = pixel(static_cast<double>(std::min(from + length, of)) - 0.5);
    return std::array{side.cell_of(first), side.cell_of(std::max(first, last))};
  };
  const auto [left, right] = ends(part.x, part.width, level.width, x_);
  const auto [top, bottom] = ends(part.y, part.height, level.height, y_);
  std::uint64_t tissue = 0;
  for (std::uint64_t y = top; y <= bottom; ++y) {
    for (std::uint64_t x = left; x <= right; ++x) {
      tissue += saturations_[y * x_.cells() + x] > threshold_ ? 1 : 0;
    }
  }
  return static_cast<double>(tissue) / static_cast<double>((bottom - top + 1) * (right - left + 1));
}

}  // namespace mi2::slide
