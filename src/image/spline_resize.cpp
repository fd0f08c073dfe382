#include "image/spline_resize.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <vector>

namespace mi2::image {
namespace {

constexpr std::size_t kPad = 12;  ///< zeros around the image, as ndimage.zoom pads for "grid-constant"
constexpr double kTiny = 1e-15;   ///< deviations below are none, as in ndimage

/// One channel as f64 with the padding around it.
struct Plane {
  std::size_t width = 0;  ///< with the padding
  std::size_t height = 0;
  std::vector<double> samples;

  /// Calls use(line) with each column, then row, or the other way: lines are copied out and back.
  template <typename Use>
  void each_line(bool columns, std::size_t pad, Use&& use) {
    const std::size_t count = (columns ? width : height) - 2 * pad;
    const std::size_t length = (columns ? height : width) - 2 * pad;
    const std::size_t stride = columns ? width : 1;
    std::vector<double> line(length);
    for (std::size_t i = 0; i < count; ++i) {
      double* const first = samples.data() + (columns ? pad * width + pad + i : (pad + i) * width + pad);
      for (std::size_t j = 0; j < length; ++j) line[j] = first[j * stride];
      use(line);
      for (std::size_t j = 0; j < length; ++j) first[j * stride] = line[j];
    }
  }
};

/// numpy.sum of fewer than 128 numbers: eight at a time.
double sum_of(const std::vector<double>& x) {
  double sum = 0;
  std::size_t i = 0;
  if (x.size() >= 8) {
    std::array<double, 8> r{};
    std::copy_n(x.begin(), 8, r.begin());
    for (i = 8; i + 8 <= x.size(); i += 8) {
      for (std::size_t j = 0; j < 8; ++j) r.at(j) += x[i + j];
    }
    sum = ((r[0] + r[1]) + (r[2] + r[3])) + ((r[4] + r[5]) + (r[6] + r[7]));
  }
  for (; i < x.size(); ++i) sum += x[i];
  return sum;
}

/// Weights of the right half, the centre first.
std::vector<double> gaussian(double sigma) {
  const int radius = static_cast<int>(4.0 * sigma + 0.5);
  std::vector<double> all;
  for (int x = -radius; x <= radius; ++x) all.push_back(std::exp(-0.5 / (sigma * sigma) * (x * x)));
  const double sum = sum_of(all);
  std::vector<double> half(all.begin() + radius, all.end());
  for (double& weight : half) weight /= sum;
  return half;
}

/// Blurs all lines of one direction, zeros beyond their ends.
void blur(Plane& plane, bool columns, double sigma) {
  if (sigma <= kTiny) return;
  const std::vector<double> weights = gaussian(sigma);
  const std::size_t radius = weights.size() - 1;
  std::vector<double> padded;
  plane.each_line(columns, kPad, [&](std::vector<double>& line) {
    padded.assign(line.size() + 2 * radius, 0);
    std::copy(line.begin(), line.end(), padded.begin() + static_cast<std::ptrdiff_t>(radius));
    for (std::size_t i = 0; i < line.size(); ++i) {
      const double* const centre = padded.data() + radius + i;
      double sum = centre[0] * weights[0];
      for (std::size_t j = radius; j > 0; --j) sum += (*(centre - j) + centre[j]) * weights[j];
      line[i] = sum;
    }
  });
}

/// Samples to coefficients of a cubic B-spline that mirrors at its ends.
void to_coefficients(std::vector<double>& c) {
  const double pole = std::sqrt(3.0) - 2.0;
  const std::size_t n = c.size();
  const double gain = (1.0 - pole) * (1.0 - 1.0 / pole);
  for (double& x : c) x *= gain;
  double z_i = pole;
  const double z_n_1 = std::pow(pole, static_cast<double>(n - 1));
  c[0] = c[0] + z_n_1 * c[n - 1];
  for (std::size_t i = 1; i < n - 1; ++i) {
    c[0] += z_i * (c[i] + z_n_1 * c[n - 1 - i]);
    z_i *= pole;
  }
  c[0] /= 1 - z_n_1 * z_n_1;
  for (std::size_t i = 1; i < n; ++i) c[i] += pole * c[i - 1];
  c[n - 1] = (pole * c[n - 2] + c[n - 1]) * pole / (pole * pole - 1);
  for (std::size_t i = n - 1; i-- > 0;) c[i] = pole * (c[i + 1] - c[i]);
}

/// Where a sample of the result lies, and what the four coefficients around weigh.
struct Knots {
  std::size_t first = 0;
  std::array<double, 4> weights{};
};

std::vector<Knots> knots_of(std::size_t in, std::size_t out) {
  const double step = static_cast<double>(in) / static_cast<double>(out);
  std::vector<Knots> knots(out);
  for (std::size_t i = 0; i < out; ++i) {
    double at = (static_cast<double>(i) + 0.5) * step - 0.5;
    at += static_cast<double>(kPad);
    const double below = std::floor(at);
    knots[i].first = static_cast<std::size_t>(below) - 1;
    const double y = at - below;
    const double z = 1.0 - y;
    auto& w = knots[i].weights;
    w[1] = (y * y * (y - 2.0) * 3.0 + 4.0) / 6.0;
    w[2] = (z * z * (z - 2.0) * 3.0 + 4.0) / 6.0;
    w[0] = z * z * z / 6.0;
    w[3] = 1.0;
    for (int j = 0; j < 3; ++j) w[3] -= w.at(static_cast<std::size_t>(j));
  }
  return knots;
}

Plane plane_of(const RasterView& in, std::size_t channel) {
  const auto width = static_cast<std::size_t>(in.width);
  const auto height = static_cast<std::size_t>(in.height);
  const auto step = static_cast<std::size_t>(in.channels);
  Plane plane{width + 2 * kPad, height + 2 * kPad, {}};
  plane.samples.assign(plane.width * plane.height, 0);
  for (std::size_t y = 0; y < height; ++y) {
    double* out = plane.samples.data() + (y + kPad) * plane.width + kPad;
    for (std::size_t x = 0; x < width; ++x) out[x] = in.samples[(y * width + x) * step + channel];
  }
  return plane;
}

double sample(const Plane& plane, const Knots& down, const Knots& across) {
  double sum = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    const double* row = plane.samples.data() + (down.first + i) * plane.width + across.first;
    for (std::size_t j = 0; j < 4; ++j) sum += row[j] * down.weights.at(i) * across.weights.at(j);
  }
  return sum;
}

/// The values that the channel has, and 0 if some of the result is no larger: scikit-image's clip=True.
struct Clip {
  double low = 0;
  double high = 0;
};

Clip clip_of(const RasterView& in, std::size_t channel, const std::vector<double>& out) {
  Clip clip{255, 0};
  for (std::size_t i = channel; i < in.samples.size(); i += static_cast<std::size_t>(in.channels)) {
    clip.low = std::min(clip.low, static_cast<double>(in.samples[i]));
    clip.high = std::max(clip.high, static_cast<double>(in.samples[i]));
  }
  const auto [least, most] = std::minmax_element(out.begin(), out.end());
  if (clip.low > 0 && *least <= 0 && *most >= 0) clip.low = 0;
  return clip;
}

}  // namespace

Raster resize_spline(const RasterView& in, int width, int height) {
  const auto step = static_cast<std::size_t>(in.channels);
  Raster out{width, height, in.channels, {}};
  out.samples.resize(static_cast<std::size_t>(width) * static_cast<std::size_t>(height) * step);
  const auto sigma = [](int from, int to) { return std::max(0.0, (static_cast<double>(from) / to - 1) / 2); };
  const std::vector<Knots> down = knots_of(static_cast<std::size_t>(in.height), static_cast<std::size_t>(height));
  const std::vector<Knots> across = knots_of(static_cast<std::size_t>(in.width), static_cast<std::size_t>(width));
  std::vector<double> values(down.size() * across.size());
  for (std::size_t c = 0; c < step; ++c) {
    Plane plane = plane_of(in, c);
    blur(plane, true, sigma(in.height, height));
    blur(plane, false, sigma(in.width, width));
    plane.each_line(true, 0, to_coefficients);
    plane.each_line(false, 0, to_coefficients);
    for (std::size_t y = 0; y < down.size(); ++y) {
      for (std::size_t x = 0; x < across.size(); ++x) values[y * across.size() + x] = sample(plane, down[y], across[x]);
    }
    const Clip clip = clip_of(in, c, values);
    for (std::size_t i = 0; i < values.size(); ++i) {
      out.samples[i * step + c] = static_cast<std::uint8_t>(std::clamp(values[i], clip.low, clip.high));
    }
  }
  return out;
}

}  // namespace mi2::image
