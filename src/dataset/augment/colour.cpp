#include "dataset/augment/colour.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <vector>

namespace mi2::dataset {
namespace {

using image::Raster;
using Table = std::array<std::uint8_t, 256>;
using Histogram = std::array<std::uint64_t, 256>;

constexpr std::size_t kChannels = 3;

/// Pillow's ImagingBlend: from `degenerate` (0) to `value` (1) and beyond, in float, fractions cut off.
std::uint8_t blend(int degenerate, int value, float factor) noexcept {
  const float mixed = static_cast<float>(degenerate) + factor * static_cast<float>(value - degenerate);
  return static_cast<std::uint8_t>(std::clamp(mixed, 0.0F, 255.0F));
}

/// ITU-R 601-2 luma in Pillow's fixed point.
int luma(const std::uint8_t* rgb) noexcept { return (rgb[0] * 19595 + rgb[1] * 38470 + rgb[2] * 7471 + 0x8000) >> 16; }

template <typename F>
Table table_of(F&& value) {
  Table table;
  for (int i = 0; i < 256; ++i) table[static_cast<std::size_t>(i)] = value(i);
  return table;
}

void map_samples(const Table& table, Raster& image) {
  for (std::uint8_t& sample : image.samples) sample = table[sample];
}

void map_samples(const Table& table, Raster& image, std::size_t channel) {
  for (std::size_t i = channel; i < image.samples.size(); i += kChannels) {
    image.samples[i] = table[image.samples[i]];
  }
}

Histogram histogram(const Raster& image, std::size_t channel) {
  Histogram counts{};
  for (std::size_t i = channel; i < image.samples.size(); i += kChannels) ++counts[image.samples[i]];
  return counts;
}

struct Hsv {
  std::uint8_t hue = 0;
  std::uint8_t saturation = 0;
  std::uint8_t value = 0;
};

/// Pillow's rgb2hsv_row, in its mixture of float and double.
Hsv to_hsv(const std::uint8_t* rgb) noexcept {
  const int high = std::max({rgb[0], rgb[1], rgb[2]});
  const int low = std::min({rgb[0], rgb[1], rgb[2]});
  if (high == low) return {0, 0, static_cast<std::uint8_t>(high)};
  const auto range = static_cast<float>(high - low);
  const float saturation = range / static_cast<float>(high);
  const auto distance = [&](std::size_t channel) { return static_cast<float>(high - rgb[channel]) / range; };
  const float red = distance(0);
  const float green = distance(1);
  const float blue = distance(2);
  float hue = 0;
  if (rgb[0] == high) {
    hue = blue - green;
  } else if (rgb[1] == high) {
    hue = static_cast<float>(2.0 + double{red} - double{blue});
  } else {
    hue = static_cast<float>(4.0 + double{green} - double{red});
  }
  hue = static_cast<float>(std::fmod(double{hue} / 6.0 + 1.0, 1.0));
  return {static_cast<std::uint8_t>(double{hue} * 255.0), static_cast<std::uint8_t>(double{saturation} * 255.0),
          static_cast<std::uint8_t>(high)};
}

/// Pillow's hsv2rgb.
void to_rgb(const Hsv& hsv, std::uint8_t* rgb) noexcept {
  const double place = static_cast<double>(hsv.hue) * 6.0 / 255.0;
  const int sector = static_cast<int>(place);
  const auto rest = static_cast<float>(place - sector);
  const auto saturation = static_cast<float>(static_cast<double>(hsv.saturation) / 255.0);
  const auto value = static_cast<double>(hsv.value);
  const auto byte = [](double x) { return static_cast<std::uint8_t>(std::clamp(std::round(x), 0.0, 255.0)); };
  const std::uint8_t v = hsv.value;
  const std::uint8_t p = byte(value * (1.0 - double{saturation}));
  const std::uint8_t q = byte(value * (1.0 - double{saturation * rest}));
  const std::uint8_t t = byte(value * (1.0 - double{saturation} * (1.0 - double{rest})));
  const std::array<std::array<std::uint8_t, 3>, 6> sectors{
      {{v, t, p}, {q, v, p}, {p, v, t}, {p, q, v}, {t, p, v}, {v, p, q}}};
  std::ranges::copy(sectors[static_cast<std::size_t>(sector % 6)], rgb);
}

/// Pillow's ImageFilter.SMOOTH: the centre counts 5 of 13, its eight neighbours 1 each; edges stay.
/// In whole numbers: a thirteenth is never half way between two integers, so rounding is the same as Pillow's.
std::vector<std::uint8_t> smoothed(const Raster& image) {
  const auto width = static_cast<std::size_t>(image.width);
  const auto height = static_cast<std::size_t>(image.height);
  const std::size_t row = width * kChannels;
  std::vector<std::uint8_t> out = image.samples;
  for (std::size_t y = 1; y + 1 < height; ++y) {
    for (std::size_t i = y * row + kChannels; i < (y + 1) * row - kChannels; ++i) {
      int sum = 4 * image.samples[i];
      for (const std::size_t line : {i - row, i, i + row}) {
        sum += image.samples[line - kChannels] + image.samples[line] + image.samples[line + kChannels];
      }
      out[i] = static_cast<std::uint8_t>((2 * sum + 13) / 26);
    }
  }
  return out;
}

}  // namespace

void adjust_brightness(Raster& image, double factor) {
  map_samples(table_of([f = static_cast<float>(factor)](int i) { return blend(0, i, f); }), image);
}

void adjust_saturation(Raster& image, double factor) {
  const auto f = static_cast<float>(factor);
  for (std::size_t i = 0; i + kChannels <= image.samples.size(); i += kChannels) {
    std::uint8_t* rgb = image.samples.data() + i;
    const int grey = luma(rgb);
    for (std::size_t c = 0; c < kChannels; ++c) rgb[c] = blend(grey, rgb[c], f);
  }
}

void adjust_contrast(Raster& image, double factor) {
  const std::size_t pixels = image.samples.size() / kChannels;
  if (pixels == 0) return;
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < pixels; ++i) {
    sum += static_cast<std::uint64_t>(luma(image.samples.data() + i * kChannels));
  }
  const int mean = static_cast<int>(static_cast<double>(sum) / static_cast<double>(pixels) + 0.5);
  map_samples(table_of([mean, f = static_cast<float>(factor)](int i) { return blend(mean, i, f); }), image);
}

void adjust_sharpness(Raster& image, double factor) {
  if (image.width < 3 || image.height < 3) return;
  const std::vector<std::uint8_t> smooth = smoothed(image);
  const auto f = static_cast<float>(factor);
  for (std::size_t i = 0; i < smooth.size(); ++i) image.samples[i] = blend(smooth[i], image.samples[i], f);
}

void adjust_hue(Raster& image, double turn) {
  const int shift = static_cast<int>(turn * 255);
  for (std::size_t i = 0; i + kChannels <= image.samples.size(); i += kChannels) {
    std::uint8_t* rgb = image.samples.data() + i;
    Hsv hsv = to_hsv(rgb);
    if (hsv.saturation == 0) {
      std::fill_n(rgb, kChannels, hsv.value);
      continue;
    }
    hsv.hue = static_cast<std::uint8_t>((hsv.hue + shift) & 0xFF);
    to_rgb(hsv, rgb);
  }
}

void posterize(Raster& image, int bits) {
  const int mask = ~((1 << (8 - bits)) - 1);
  map_samples(table_of([mask](int i) { return static_cast<std::uint8_t>(i & mask); }), image);
}

void solarize(Raster& image, double threshold) {
  map_samples(table_of([threshold](int i) { return static_cast<std::uint8_t>(i < threshold ? i : 255 - i); }), image);
}

void autocontrast(Raster& image) {
  for (std::size_t channel = 0; channel < kChannels; ++channel) {
    const Histogram counts = histogram(image, channel);
    const auto used = [](std::uint64_t count) { return count != 0; };
    const auto low = std::find_if(counts.begin(), counts.end(), used) - counts.begin();
    const auto high = 255 - (std::find_if(counts.rbegin(), counts.rend(), used) - counts.rbegin());
    if (high <= low) continue;
    const double scale = 255.0 / static_cast<double>(high - low);
    const double offset = static_cast<double>(-low) * scale;
    map_samples(table_of([=](int i) { return static_cast<std::uint8_t>(std::clamp(i * scale + offset, 0.0, 255.0)); }),
                image, channel);
  }
}

void equalize(Raster& image) {
  for (std::size_t channel = 0; channel < kChannels; ++channel) {
    const Histogram counts = histogram(image, channel);
    const std::uint64_t total = std::accumulate(counts.begin(), counts.end(), std::uint64_t{0});
    const auto last = std::find_if(counts.rbegin(), counts.rend(), [](std::uint64_t count) { return count != 0; });
    const std::uint64_t step = last == counts.rend() ? 0 : (total - *last) / 255;
    if (step == 0) continue;
    std::uint64_t sum = step / 2;
    const Table table = table_of([&](int i) {
      const std::uint64_t value = std::min<std::uint64_t>(sum / step, 255);
      sum += counts[static_cast<std::size_t>(i)];
      return static_cast<std::uint8_t>(value);
    });
    map_samples(table, image, channel);
  }
}

}  // namespace mi2::dataset
