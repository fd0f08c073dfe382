#include "embedder/heatmap_picture.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numbers>
#include <span>
#include <vector>

namespace mi2::embedder {
namespace {

constexpr int kLongestSide = 1024;
/// How much of a pixel is the map's colour; the rest is the image.
constexpr double kOpacity = 0.6;

using Colour = std::array<double, 3>;

/// Of linear light to a share of sRGB's full value.
double gamma_encoded(double linear) {
  linear = std::clamp(linear, 0.0, 1.0);
  return linear <= 0.0031308 ? 12.92 * linear : 1.055 * std::pow(linear, 1 / 2.4) - 0.055;
}

/// A point of the way from dark blue to yellow, 0 to 1, as sRGB from 0 to 1: lightness and hue grow evenly at one
/// chroma, so that equal steps look equally large. Source: Ottosson, A perceptual color space for image processing
/// (OKLab), 2020.
Colour colour_at(double part) {
  constexpr double kChroma = 0.15;  // what sRGB has on all of the way
  const double lightness = std::lerp(0.3, 0.93, part);
  const double hue = std::lerp(290.0, 470.0, part) * std::numbers::pi / 180;
  const double a = kChroma * std::cos(hue);
  const double b = kChroma * std::sin(hue);
  const double l = std::pow(lightness + 0.3963377774 * a + 0.2158037573 * b, 3);
  const double m = std::pow(lightness - 0.1055613458 * a - 0.0638541728 * b, 3);
  const double s = std::pow(lightness - 0.0894841775 * a - 1.2914855480 * b, 3);
  return {gamma_encoded(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s),
          gamma_encoded(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s),
          gamma_encoded(-0.0041960863 * l - 0.7034186147 * m + 1.7076147010 * s)};
}

/// The two cells that a pixel's colour is between, and how far it is from the first to the second.
struct Between {
  std::size_t first = 0;
  std::size_t second = 0;
  double part = 0;
};

/// Of each of `count` pixels along an axis. @param edges  of the axis' cells, ascending.
std::vector<Between> cells_along(std::span<const double> edges, int count, bool smooth) {
  const std::size_t cells = edges.size() - 1;
  const auto middle = [&](std::size_t i) { return (edges[i] + edges[i + 1]) / 2; };
  std::vector<Between> found;
  for (int pixel = 0; pixel < count; ++pixel) {
    const double at = (pixel + 0.5) * edges.back() / count;
    const auto after = std::upper_bound(edges.begin() + 1, edges.end() - 1, at);
    const auto own = static_cast<std::size_t>(after - edges.begin()) - 1;
    Between& here = found.emplace_back(Between{own, own, 0});
    if (!smooth) continue;
    if (at < middle(own) && own > 0) here.first = own - 1;
    if (at >= middle(own) && own + 1 < cells) here.second = own + 1;
    if (here.first == here.second) continue;
    here.part = (at - middle(here.first)) / (middle(here.second) - middle(here.first));
  }
  return found;
}

image::Raster at_most(const image::RasterView& picture, int longest) {
  const int side = std::max(picture.width, picture.height);
  const auto scaled = [&](int length) {
    if (side <= longest) return length;
    return std::max(1, static_cast<int>(std::lround(static_cast<double>(length) * longest / side)));
  };
  return image::resize_bicubic(picture, scaled(picture.width), scaled(picture.height));
}

/// The luma of a pixel, 0 to 1. Source: ITU-R BT.601.
double shade(std::span<const std::uint8_t> pixel) {
  if (pixel.size() == 1) return pixel[0] / 255.0;
  return (0.299 * pixel[0] + 0.587 * pixel[1] + 0.114 * pixel[2]) / 255.0;
}

}  // namespace

image::Raster raster_of(const ImageView& shown) {
  image::Raster raster{static_cast<int>(shown.width), static_cast<int>(shown.height), shown.mode == "L" ? 1 : 3, {}};
  raster.samples.reserve(shown.samples.size());
  for (const std::byte sample : shown.samples) raster.samples.push_back(std::to_integer<std::uint8_t>(sample));
  return raster;
}

image::Raster draw_heatmap(const Patches& patches, const Heatmap& map, const image::RasterView& picture, bool smooth) {
  const image::Raster shown = at_most(picture, kLongestSide);
  const std::vector<Between> columns = cells_along(patches.x, shown.width, smooth);
  const std::vector<Between> lines = cells_along(patches.y, shown.height, smooth);
  const auto cosine = [&](std::size_t row, const Between& x) {
    const std::span<const float> cells = std::span(map.cosines).subspan(row * patches.columns(), patches.columns());
    return std::lerp(static_cast<double>(cells[x.first]), static_cast<double>(cells[x.second]), x.part);
  };
  const double range = static_cast<double>(map.most) - map.least;
  const auto channels = static_cast<std::size_t>(shown.channels);
  image::Raster drawn{shown.width, shown.height, 3, {}};
  drawn.samples.reserve(columns.size() * lines.size() * 3);
  std::size_t at = 0;
  for (const Between& y : lines) {
    for (const Between& x : columns) {
      const double value = std::lerp(cosine(y.first, x), cosine(y.second, x), y.part);
      const double part = range > 0 ? std::clamp((value - map.least) / range, 0.0, 1.0) : 0.0;
      const double grey = shade(std::span(shown.samples).subspan(at, channels));
      for (const double channel : colour_at(part)) {
        drawn.samples.push_back(static_cast<std::uint8_t>(std::lround(255 * std::lerp(grey, channel, kOpacity))));
      }
      at += channels;
    }
  }
  return drawn;
}

}  // namespace mi2::embedder
