#include "image/warnings.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <type_traits>
#include <utility>

#include <fmt/format.h>

#include "image/image.hpp"
#include "image/intensity.hpp"

namespace mi2::image {
namespace {

constexpr std::size_t kMost = 16;
constexpr const char* kOneValue = "one_value: every pixel has the same value";

template <typename Sample>
void explain(std::span<const Sample> samples, const Range& range, Warnings& warnings) {
  if (range.low < range.high) return;
  double low = std::numeric_limits<double>::infinity();
  double high = -low;
  for (const Sample x : samples) {
    if constexpr (std::is_floating_point_v<Sample>) {
      if (!std::isfinite(x)) continue;
    }
    low = std::min(low, static_cast<double>(x));
    high = std::max(high, static_cast<double>(x));
  }
  if (low > high) {
    add_warning(warnings, "no_finite_value: every sample is NaN or infinite");
  } else if (low == high) {
    add_warning(warnings, kOneValue);
  } else {
    add_warning(warnings,
                "range_collapsed: the grey levels to spread are one value, as nearly all samples have; choose "
                "--intensity or a window");
  }
}

}  // namespace

void add_warning(Warnings& warnings, std::string warning) {
  if (warnings.size() >= kMost || std::find(warnings.begin(), warnings.end(), warning) != warnings.end()) return;
  warnings.push_back(std::move(warning));
}

void warn_of_range(std::span<const float> samples, const Range& range, Warnings& warnings) {
  explain(samples, range, warnings);
}
void warn_of_range(std::span<const std::int32_t> samples, const Range& range, Warnings& warnings) {
  explain(samples, range, warnings);
}
void warn_of_range(std::span<const std::uint16_t> samples, const Range& range, Warnings& warnings) {
  explain(samples, range, warnings);
}

void warn_of_range(std::span<const std::uint32_t> samples, const Range& range, Warnings& warnings) {
  explain(samples, range, warnings);
}
void warn_of_range(std::span<const double> samples, const Range& range, Warnings& warnings) {
  explain(samples, range, warnings);
}

void warn_of_content(Image& image) {
  const auto step = static_cast<std::size_t>(channels(image.mode));
  const std::size_t pixels = image.samples.size() / step;
  if (pixels < 2) return;
  const std::uint8_t* const data = image.samples.data();
  // The median of three pixels is one of the many, even if another of them is hot.
  std::array<std::uint8_t, 4> usual{};
  for (std::size_t c = 0; c < step; ++c) {
    const int a = data[c];
    const int b = data[pixels / 2 * step + c];
    const int d = data[(pixels - 1) * step + c];
    usual.at(c) = static_cast<std::uint8_t>(std::max(std::min(a, b), std::min(std::max(a, b), d)));
  }
  constexpr int kNear = 2;
  const std::size_t few = std::max<std::size_t>(1, pixels / 10000);
  std::size_t far = 0;
  bool same = true;
  // Ends after a few pixels of nearly every image.
  for (std::size_t i = 0; i < image.samples.size() && far <= few; i += step) {
    int apart = 0;
    for (std::size_t c = 0; c < step; ++c) apart = std::max(apart, std::abs(int{data[i + c]} - int{usual.at(c)}));
    same = same && apart == 0;
    far += apart > kNear ? 1 : 0;
  }
  if (same) {
    add_warning(image.warnings, kOneValue);
  } else if (far > 0 && far <= few && pixels >= 16) {
    add_warning(image.warnings, fmt::format("hot_pixels: all but {} of {} pixels have nearly one value", far, pixels));
  }
}

}  // namespace mi2::image
