#include "dataset/augment/geometry.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numbers>

namespace mi2::dataset {
namespace {

using image::Raster;

/// Output (x, y) -> input (m[0] x + m[1] y + m[2], m[3] x + m[4] y + m[5]).
using Matrix = std::array<double, 6>;

Raster black_like(const Raster& image) {
  return {image.width, image.height, image.channels, std::vector<std::uint8_t>(image.samples.size())};
}

/// Pillow steps through the input in 16.16 fixed point. 64 bits here: no image is too wide.
std::int64_t fixed(double x) { return static_cast<std::int64_t>(std::floor(x * 65536.0 + 0.5)); }

/// Source: Pillow 13, affine_fixed in Geometry.c.
Raster transform(const Raster& image, const Matrix& m) {
  const std::int64_t step_x = fixed(m[0]);
  const std::int64_t step_y = fixed(m[3]);
  std::int64_t row_x = fixed(m[2] + m[0] * 0.5 + m[1] * 0.5);
  std::int64_t row_y = fixed(m[5] + m[3] * 0.5 + m[4] * 0.5);
  Raster out = black_like(image);
  const auto c = static_cast<std::size_t>(image.channels);
  std::uint8_t* to = out.samples.data();
  for (int y = 0; y < image.height; ++y) {
    std::int64_t at_x = row_x;
    std::int64_t at_y = row_y;
    for (int x = 0; x < image.width; ++x, to += c) {
      const std::int64_t in_x = at_x >> 16;
      const std::int64_t in_y = at_y >> 16;
      if (in_x >= 0 && in_x < image.width && in_y >= 0 && in_y < image.height) {
        std::copy_n(image.samples.data() + static_cast<std::size_t>(in_y * image.width + in_x) * c, c, to);
      }
      at_x += step_x;
      at_y += step_y;
    }
    row_x += fixed(m[1]);
    row_y += fixed(m[4]);
  }
  return out;
}

double radians(double degrees) { return degrees * (std::numbers::pi / 180.0); }

/// torchvision turns a shear into degrees and back; the same detour gives the same last bit.
double tangent(double level) { return std::tan(radians(std::atan(level) * (180.0 / std::numbers::pi))); }

/// To 15 decimal places: cos(90 degrees) is 0, as in Pillow.
double rounded(double x) { return std::nearbyint(x * 1e15) / 1e15; }

}  // namespace

Raster shear_x(const Raster& image, double level) { return transform(image, {1, tangent(level), 0, 0, 1, 0}); }

Raster shear_y(const Raster& image, double level) { return transform(image, {1, 0, 0, tangent(level), 1, 0}); }

Raster translate(const Raster& image, int right, int down) {
  return transform(image, {1, 0, -static_cast<double>(right), 0, 1, -static_cast<double>(down)});
}

Raster rotate(const Raster& image, double degrees) {
  const double angle = -radians(std::fmod(std::fmod(degrees, 360.0) + 360.0, 360.0));
  const double x = image.width / 2.0;
  const double y = image.height / 2.0;
  Matrix m{rounded(std::cos(angle)),  rounded(std::sin(angle)), 0,
           rounded(-std::sin(angle)), rounded(std::cos(angle)), 0};
  m[2] = m[0] * -x + m[1] * -y + m[2] + x;
  m[5] = m[3] * -x + m[4] * -y + m[5] + y;
  return transform(image, m);
}

}  // namespace mi2::dataset
