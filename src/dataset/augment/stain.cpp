#include "dataset/augment/stain.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>

namespace mi2::dataset {
namespace {

using Row = std::array<double, 3>;
using Matrix = std::array<Row, 3>;

constexpr Matrix kColours{Row{0.65, 0.70, 0.29}, Row{0.07, 0.99, 0.11}, Row{0.27, 0.57, 0.78}};

Matrix of_length_one(Matrix matrix) {
  for (Row& row : matrix) {
    const double length = std::hypot(row[0], row[1], row[2]);
    for (double& value : row) value /= length;
  }
  return matrix;
}

/// By cofactors.
Matrix inverse(const Matrix& m) {
  Matrix out{};
  for (std::size_t i = 0; i < 3; ++i) {
    for (std::size_t k = 0; k < 3; ++k) {
      const std::size_t a = (i + 1) % 3;
      const std::size_t b = (i + 2) % 3;
      const std::size_t c = (k + 1) % 3;
      const std::size_t d = (k + 2) % 3;
      out[k][i] = m[a][c] * m[b][d] - m[a][d] * m[b][c];
    }
  }
  const double determinant = m[0][0] * out[0][0] + m[0][1] * out[1][0] + m[0][2] * out[2][0];
  for (Row& row : out) {
    for (double& value : row) value /= determinant;
  }
  return out;
}

/// The densities of a pixel's channels times `by`, plus `plus`, are its new ones.
struct Change {
  Matrix by{};
  Row plus{};
};

Change change_of(const StainShift& shift) {
  const Matrix colours = of_length_one(kColours);
  const Matrix stains = inverse(colours);
  Change change;
  for (std::size_t to = 0; to < 3; ++to) {
    for (std::size_t stain = 0; stain < 3; ++stain) {
      change.plus[to] += shift.offset[stain] * colours[stain][to];
      for (std::size_t from = 0; from < 3; ++from) {
        change.by[from][to] += stains[from][stain] * shift.scale[stain] * colours[stain][to];
      }
    }
  }
  return change;
}

std::array<double, 256> densities() {
  std::array<double, 256> table{};
  for (std::size_t v = 0; v < table.size(); ++v) table[v] = -std::log((static_cast<double>(v) + 1) / 256);
  return table;
}

bool is_grey(const image::Raster& image) {
  for (std::size_t i = 0; i + 3 <= image.samples.size(); i += 3) {
    if (image.samples[i] != image.samples[i + 1] || image.samples[i] != image.samples[i + 2]) return false;
  }
  return true;
}

}  // namespace

StainShift draw_stain(Random& random, double strength) noexcept {
  StainShift drawn;
  for (std::size_t i = 0; i < 3; ++i) {
    drawn.scale[i] = random.uniform(1 - strength, 1 + strength);
    drawn.offset[i] = random.uniform(-strength, strength);
  }
  return drawn;
}

void apply(const StainShift& shift, image::Raster& image) {
  if (is_grey(image)) return;
  static const std::array<double, 256> density = densities();
  const Change change = change_of(shift);
  for (std::size_t i = 0; i + 3 <= image.samples.size(); i += 3) {
    std::uint8_t* rgb = image.samples.data() + i;
    const Row before{density[rgb[0]], density[rgb[1]], density[rgb[2]]};
    for (std::size_t to = 0; to < 3; ++to) {
      const double after =
          before[0] * change.by[0][to] + before[1] * change.by[1][to] + before[2] * change.by[2][to] + change.plus[to];
      rgb[to] = static_cast<std::uint8_t>(std::clamp(std::nearbyint(256 * std::exp(-after) - 1), 0.0, 255.0));
    }
  }
}

}  // namespace mi2::dataset
