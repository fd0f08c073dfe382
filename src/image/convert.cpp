#include "image/convert.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

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

}  // namespace

Raster to_rgb(Mode mode, const RasterView& raster, std::span<const std::uint8_t> palette) {
  const std::size_t pixels = static_cast<std::size_t>(raster.width) * static_cast<std::size_t>(raster.height);
  Raster out{raster.width, raster.height, 3, std::vector<std::uint8_t>(pixels * 3)};
  const auto step = static_cast<std::size_t>(channels(mode));
  std::array<std::uint8_t, 768> colours{};
  std::copy_n(palette.begin(), std::min(palette.size(), colours.size()), colours.begin());
  const std::uint8_t* in = raster.samples.data();
  std::uint8_t* to = out.samples.data();
  for (std::size_t i = 0; i < pixels; ++i, in += step, to += 3) {
    switch (mode) {
      case Mode::kBilevel:
      case Mode::kGrey:
      case Mode::kGreyAlpha:
        to[0] = to[1] = to[2] = in[0];
        break;
      case Mode::kPalette:
        std::copy_n(colours.data() + std::size_t{in[0]} * 3, 3, to);
        break;
      case Mode::kRgb:
      case Mode::kRgba:
        std::copy_n(in, 3, to);
        break;
      case Mode::kCmyk:
        cmyk_to_rgb(in, to);
        break;
    }
  }
  return out;
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
