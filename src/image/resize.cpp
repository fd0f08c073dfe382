#include "image/resize.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <memory>

#include "image/blend.hpp"
#include "image/transpose.hpp"

namespace mi2::image {
namespace {

constexpr std::size_t kBandRows = 64;  ///< rows whose columns are blended together: a cache line of each
/// Weights kept at once: bounds memory on images of extreme width, one block on all others.
constexpr std::size_t kWeightBudget = std::size_t{1} << 20;

double bicubic(double x) noexcept {
  constexpr double a = -0.5;
  x = std::abs(x);
  if (x < 1.0) return ((a + 2.0) * x - (a + 3.0)) * x * x + 1;
  if (x < 2.0) return (((x - 5) * x + 8) * x - 4) * a;
  return 0.0;
}

/// How one output sample is made: weights [count] for inputs first, first + 1, ...
struct Taps {
  int first = 0;
  int count = 0;
  std::size_t weights = 0;  ///< where they start
};

/// Weights of output samples along one axis, made a block at a time.
class Axis {
 public:
  Axis(int in_size, int out_size)
      : in_size_(in_size),
        scale_(static_cast<double>(static_cast<float>(in_size)) / out_size),
        filter_scale_(std::max(scale_, 1.0)),
        support_(2.0 * filter_scale_) {}

  void clear() noexcept { weights_.clear(); }
  [[nodiscard]] bool full() const noexcept { return weights_.size() >= kWeightBudget; }

  Taps add(int out) {
    const double centre = (out + 0.5) * scale_;
    Taps taps;
    taps.first = std::max(static_cast<int>(centre - support_ + 0.5), 0);
    taps.count = std::min(static_cast<int>(centre + support_ + 0.5), in_size_) - taps.first;
    taps.weights = weights_.size();
    exact_.resize(static_cast<std::size_t>(taps.count));
    fixed_.resize(exact_.size());
    const double inverse = 1.0 / filter_scale_;
    double sum = 0;
    for (int i = 0; i < taps.count; ++i) {
      exact_[static_cast<std::size_t>(i)] = bicubic((i + taps.first - centre + 0.5) * inverse);
      sum += exact_[static_cast<std::size_t>(i)];
    }
    for (std::size_t i = 0; i < exact_.size(); ++i) {
      const double w = exact_[i];
      const double fixed = (sum != 0.0 ? w / sum : w) * (1 << kWeightBits);
      fixed_[i] = static_cast<std::int32_t>(fixed < 0 ? fixed - 0.5 : fixed + 0.5);
    }
    kernel_.pack(fixed_, weights_);
    return taps;
  }

  /// `width` samples of the output sample that `taps` make, of inputs `stride` apart, the first being the taps' first.
  void blend(const Taps& taps, const std::uint8_t* in, std::size_t stride, std::uint8_t* out, std::size_t width) const {
    kernel_.blend({in, stride, weights_.data() + taps.weights, taps.count, out, width});
  }

 private:
  int in_size_;
  double scale_;
  double filter_scale_;
  double support_;
  const BlendKernel& kernel_ = best_blend_kernel();
  std::vector<double> exact_;
  std::vector<std::int32_t> fixed_;
  std::vector<std::uint32_t> weights_;
};

Raster blank(int width, int height, int channels) {
  const std::size_t size = static_cast<std::size_t>(width) * static_cast<std::size_t>(height);
  return {width, height, channels, std::vector<std::uint8_t>(size * static_cast<std::size_t>(channels))};
}

Raster resize_y(const RasterView& in, int height) {
  Raster out = blank(in.width, height, in.channels);
  Axis axis(in.height, height);
  const std::size_t row_bytes = static_cast<std::size_t>(in.width) * static_cast<std::size_t>(in.channels);
  for (int y = 0; y < height; ++y) {
    axis.clear();
    const Taps taps = axis.add(y);
    axis.blend(taps, in.samples.data() + static_cast<std::size_t>(taps.first) * row_bytes, row_bytes,
               out.samples.data() + static_cast<std::size_t>(y) * row_bytes, row_bytes);
  }
  return out;
}

/// One block of output columns of every row. Some rows at a time lie column by column, so that a column is blended as
/// a row is, without sums across a vector.
void resize_columns(const RasterView& in, Raster& out, const Axis& axis, std::span<const Taps> taps, int first_out) {
  const auto c = static_cast<std::size_t>(in.channels);
  const auto origin = static_cast<std::size_t>(taps.front().first);
  const std::size_t span = static_cast<std::size_t>(taps.back().first + taps.back().count) - origin;
  const auto height = static_cast<std::size_t>(in.height);
  const std::size_t rows = std::min(kBandRows, height);
  const std::size_t in_row = static_cast<std::size_t>(in.width) * c;
  const std::size_t out_row = static_cast<std::size_t>(out.width) * c;
  const auto source = std::make_unique_for_overwrite<std::uint8_t[]>(span * rows * c);
  const auto target = std::make_unique_for_overwrite<std::uint8_t[]>(taps.size() * rows * c);
  for (std::size_t band = 0; band < height; band += rows) {
    const std::size_t y = std::min(band, height - rows);  // the last band overlaps the one before
    transpose({in.samples.data() + y * in_row + origin * c, in_row}, {source.get(), rows * c}, rows, span, c);
    for (std::size_t x = 0; x < taps.size(); ++x) {
      axis.blend(taps[x], source.get() + (static_cast<std::size_t>(taps[x].first) - origin) * rows * c, rows * c,
                 target.get() + x * rows * c, rows * c);
    }
    transpose({target.get(), rows * c},
              {out.samples.data() + y * out_row + static_cast<std::size_t>(first_out) * c, out_row}, taps.size(), rows,
              c);
  }
}

Raster resize_x(const RasterView& in, int width) {
  Raster out = blank(width, in.height, in.channels);
  Axis axis(in.width, width);
  std::vector<Taps> taps;
  for (int x = 0; x < width; ++x) {
    taps.push_back(axis.add(x));
    if (!axis.full() && x + 1 < width) continue;
    resize_columns(in, out, axis, taps, x + 1 - static_cast<int>(taps.size()));
    taps.clear();
    axis.clear();
  }
  return out;
}

Raster copy(const RasterView& in) { return {in.width, in.height, in.channels, {in.samples.begin(), in.samples.end()}}; }

}  // namespace

Raster resize_bicubic(const RasterView& in, int width, int height) {
  if (in.width == width && in.height == height) return copy(in);
  if (in.width == width) return resize_y(in, height);
  if (in.height == height) return resize_x(in, width);
  // Pillow 13's order: along y first when height loses more than twice the pixels that width does.
  const std::int64_t fewer_rows = std::int64_t{in.height} - height;
  const std::int64_t fewer_columns = std::int64_t{in.width} - width;
  if (fewer_rows > 0 && fewer_rows > fewer_columns * 2) return resize_x(resize_y(in, height), width);
  return resize_y(resize_x(in, width), height);
}

Raster resize_nearest(const RasterView& in, int width, int height) {
  const auto positions = [](int in_size, int out_size) {
    std::vector<std::size_t> at(static_cast<std::size_t>(out_size));
    const double step = static_cast<double>(in_size) / out_size;
    double position = step * 0.5;  // summed step by step, as Pillow does, for the same rounding
    for (std::size_t& i : at) {
      i = std::min(static_cast<std::size_t>(position), static_cast<std::size_t>(in_size) - 1);
      position += step;
    }
    return at;
  };
  const auto xs = positions(in.width, width);
  const auto ys = positions(in.height, height);
  const auto c = static_cast<std::size_t>(in.channels);
  Raster out = blank(width, height, in.channels);
  std::uint8_t* to = out.samples.data();
  for (const std::size_t y : ys) {
    const std::uint8_t* row = in.samples.data() + y * static_cast<std::size_t>(in.width) * c;
    for (const std::size_t x : xs) to = std::copy_n(row + x * c, c, to);
  }
  return out;
}

}  // namespace mi2::image
