#include "image/convert.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>

namespace mi2::image {
namespace {

/// Round(a * b / 255) as Pillow computes it.
std::uint8_t mul_div_255(unsigned a, unsigned b) noexcept {
  const unsigned product = a * b + 128;
  return static_cast<std::uint8_t>(((product >> 8) + product) >> 8);
}

void cmyk_to_rgb(const std::uint8_t* in, std::uint8_t* out) noexcept {
  const int not_black = 255 - in[3];
  for (int i = 0; i < 3; ++i) {
    const int value = not_black - mul_div_255(in[i], static_cast<unsigned>(not_black));
    out[i] = static_cast<std::uint8_t>(std::clamp(value, 0, 255));
  }
}

/// Whether the three samples of each pixel are equal. Eight pixels at a time: every byte but each third equals the
/// next.
bool is_grey(std::span<const std::uint8_t> rgb) noexcept {
  constexpr std::size_t kWord = sizeof(std::uint64_t);
  constexpr std::size_t kGroup = 3 * kWord;
  std::array<std::uint8_t, kGroup> compared{};
  for (std::size_t i = 0; i < kGroup; ++i) compared[i] = i % 3 == 2 ? 0 : 0xFF;
  const auto word = [](const std::uint8_t* from) {
    std::uint64_t value = 0;
    std::memcpy(&value, from, kWord);
    return value;
  };
  std::size_t i = 0;
  for (; i + kGroup < rgb.size(); i += kGroup) {
    std::uint64_t different = 0;
    for (std::size_t at = 0; at < kGroup; at += kWord) {
      different |= (word(&rgb[i + at]) ^ word(&rgb[i + at + 1])) & word(&compared[at]);
    }
    if (different != 0) return false;
  }
  for (; i + 3 <= rgb.size(); i += 3) {
    if (rgb[i] != rgb[i + 1] || rgb[i] != rgb[i + 2]) return false;
  }
  return true;
}

}  // namespace

Raster to_rgb(Mode mode, const RasterView& raster, std::span<const std::uint8_t> palette) {
  const std::size_t pixels = static_cast<std::size_t>(raster.width) * static_cast<std::size_t>(raster.height);
  Raster out{raster.width, raster.height, 3, std::vector<std::uint8_t>(pixels * 3)};
  const auto step = static_cast<std::size_t>(channels(mode));
  // One loop for each kind of mode: what a loop does for a pixel is little beside finding out which it is.
  const auto each_pixel = [&](const auto& convert) {
    const std::uint8_t* in = raster.samples.data();
    std::uint8_t* to = out.samples.data();
    for (std::size_t i = 0; i < pixels; ++i, in += step, to += 3) convert(in, to);
  };
  std::array<std::uint8_t, 768> colours{};
  std::copy_n(palette.begin(), std::min(palette.size(), colours.size()), colours.begin());
  switch (mode) {
    case Mode::kBilevel:
    case Mode::kGrey:
    case Mode::kGreyAlpha:
      each_pixel([](const std::uint8_t* in, std::uint8_t* to) { to[0] = to[1] = to[2] = in[0]; });
      break;
    case Mode::kPalette:
      each_pixel([&](const std::uint8_t* in, std::uint8_t* to) {
        std::copy_n(colours.data() + std::size_t{in[0]} * 3, 3, to);
      });
      break;
    case Mode::kRgb:
    case Mode::kRgba:
      each_pixel([](const std::uint8_t* in, std::uint8_t* to) { std::copy_n(in, 3, to); });
      break;
    case Mode::kCmyk:
      each_pixel(cmyk_to_rgb);
      break;
  }
  return out;
}

Raster without_colour(Raster raster) {
  if (raster.channels != 3 || !is_grey(raster.samples)) return raster;
  Raster grey{raster.width, raster.height, 1, std::vector<std::uint8_t>(raster.samples.size() / 3)};
  for (std::size_t i = 0; i < grey.samples.size(); ++i) grey.samples[i] = raster.samples[i * 3];
  return grey;
}

void premultiply(Raster& raster) {
  const auto c = static_cast<std::size_t>(raster.channels);
  for (std::size_t i = 0; i + c <= raster.samples.size(); i += c) {
    std::uint8_t* pixel = raster.samples.data() + i;
    for (std::size_t j = 0; j + 1 < c; ++j) pixel[j] = mul_div_255(pixel[j], pixel[c - 1]);
  }
}

void unpremultiply(Raster& raster) {
  const auto c = static_cast<std::size_t>(raster.channels);
  for (std::size_t i = 0; i + c <= raster.samples.size(); i += c) {
    std::uint8_t* pixel = raster.samples.data() + i;
    const unsigned alpha = pixel[c - 1];
    if (alpha == 255 || alpha == 0) continue;
    for (std::size_t j = 0; j + 1 < c; ++j) {
      pixel[j] = static_cast<std::uint8_t>(std::min(255U * pixel[j] / alpha, 255U));
    }
  }
}

}  // namespace mi2::image
