#include "image/resize.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstring>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace mi2::image {
namespace {

constexpr int kPrecisionBits = 32 - 8 - 2;
constexpr std::int32_t kHalf = 1 << (kPrecisionBits - 1);
constexpr std::size_t kLanes = 32;  ///< samples blended at a time
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
  [[nodiscard]] const std::int32_t* weights(const Taps& taps) const noexcept { return weights_.data() + taps.weights; }

  Taps add(int out) {
    const double centre = (out + 0.5) * scale_;
    Taps taps;
    taps.first = std::max(static_cast<int>(centre - support_ + 0.5), 0);
    taps.count = std::min(static_cast<int>(centre + support_ + 0.5), in_size_) - taps.first;
    taps.weights = weights_.size();
    exact_.resize(static_cast<std::size_t>(taps.count));
    const double inverse = 1.0 / filter_scale_;
    double sum = 0;
    for (int i = 0; i < taps.count; ++i) {
      exact_[static_cast<std::size_t>(i)] = bicubic((i + taps.first - centre + 0.5) * inverse);
      sum += exact_[static_cast<std::size_t>(i)];
    }
    for (const double w : exact_) {
      const double fixed = (sum != 0.0 ? w / sum : w) * (1 << kPrecisionBits);
      weights_.push_back(static_cast<std::int32_t>(fixed < 0 ? fixed - 0.5 : fixed + 0.5));
    }
    return taps;
  }

 private:
  int in_size_;
  double scale_;
  double filter_scale_;
  double support_;
  std::vector<double> exact_;
  std::vector<std::int32_t> weights_;
};

std::uint8_t clip(std::int32_t sum) noexcept {
  return static_cast<std::uint8_t>(std::clamp(sum >> kPrecisionBits, 0, 255));
}

/// One output row: out[x] is the sum over i of weights[i] * in[i * stride + x], for `width` samples.
struct Blend {
  const std::uint8_t* in;
  std::size_t stride;
  const std::int32_t* weights;
  int count;
  std::uint8_t* out;
  std::size_t width;
};

/// Samples x .. x + kLanes - 1.
using BlendLanes = void (*)(const Blend& job, std::size_t x);

/// Samples x .. x + lanes - 1, of at most kLanes.
inline void blend_some(const Blend& job, std::size_t x, std::size_t lanes) {
  std::array<std::int32_t, kLanes> sums;
  sums.fill(kHalf);
  for (int i = 0; i < job.count; ++i) {
    const std::uint8_t* in = job.in + static_cast<std::size_t>(i) * job.stride + x;
    const std::int32_t weight = job.weights[i];
    for (std::size_t lane = 0; lane < lanes; ++lane) sums[lane] += in[lane] * weight;
  }
  for (std::size_t lane = 0; lane < lanes; ++lane) job.out[x + lane] = clip(sums[lane]);
}

void blend_lanes_plain(const Blend& job, std::size_t x) { blend_some(job, x, kLanes); }

template <BlendLanes kBlendLanes>
void blend(const Blend& job) {
  if (job.width < kLanes) {
    blend_some(job, 0, job.width);
    return;
  }
  // What is left at the end overlaps what came before.
  for (std::size_t x = 0; x < job.width; x += kLanes) kBlendLanes(job, std::min(x, job.width - kLanes));
}

using BlendRow = void (*)(const Blend&);

#if defined(__x86_64__)
[[gnu::target("avx2")]] void blend_lanes_avx2(const Blend& job, std::size_t x) {
  constexpr std::size_t kWidth = 8;
  constexpr std::size_t kParts = kLanes / kWidth;
  __m256i sums[kParts];
  for (__m256i& sum : sums) sum = _mm256_set1_epi32(kHalf);
  for (int i = 0; i < job.count; ++i) {
    const std::uint8_t* in = job.in + static_cast<std::size_t>(i) * job.stride + x;
    const __m256i weight = _mm256_set1_epi32(job.weights[i]);
    for (std::size_t part = 0; part < kParts; ++part) {
      const __m128i bytes = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(in + part * kWidth));
      sums[part] = _mm256_add_epi32(sums[part], _mm256_mullo_epi32(_mm256_cvtepu8_epi32(bytes), weight));
    }
  }
  for (__m256i& sum : sums) sum = _mm256_srai_epi32(sum, kPrecisionBits);
  // Packing saturates, which clips, and works on halves of 128 bits, which the permutation undoes.
  const __m256i words[] = {_mm256_packs_epi32(sums[0], sums[1]), _mm256_packs_epi32(sums[2], sums[3])};
  const __m256i bytes =
      _mm256_permutevar8x32_epi32(_mm256_packus_epi16(words[0], words[1]), _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7));
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(job.out + x), bytes);
}

BlendRow best_blend() noexcept {
  return __builtin_cpu_supports("avx2") != 0 ? blend<blend_lanes_avx2> : blend<blend_lanes_plain>;
}
#else
BlendRow best_blend() noexcept { return blend<blend_lanes_plain>; }
#endif

Raster blank(int width, int height, int channels) {
  const std::size_t size = static_cast<std::size_t>(width) * static_cast<std::size_t>(height);
  return {width, height, channels, std::vector<std::uint8_t>(size * static_cast<std::size_t>(channels))};
}

Raster resize_y(const RasterView& in, int height) {
  Raster out = blank(in.width, height, in.channels);
  Axis axis(in.height, height);
  const BlendRow kernel = best_blend();
  const std::size_t row_bytes = static_cast<std::size_t>(in.width) * static_cast<std::size_t>(in.channels);
  for (int y = 0; y < height; ++y) {
    axis.clear();
    const Taps taps = axis.add(y);
    kernel({in.samples.data() + static_cast<std::size_t>(taps.first) * row_bytes, row_bytes, axis.weights(taps),
            taps.count, out.samples.data() + static_cast<std::size_t>(y) * row_bytes, row_bytes});
  }
  return out;
}

/// Where pixels lie: (column, row) at data + column * column_bytes + row * row_bytes.
template <class Byte>
struct Grid {
  Byte* data;
  std::size_t column_bytes;
  std::size_t row_bytes;
};

template <std::size_t kChannels>
void copy_pixels(Grid<const std::uint8_t> from, Grid<std::uint8_t> to, std::size_t columns, std::size_t rows) {
  constexpr std::size_t kTile = 32;  // columns whose pixels of all rows stay in the first cache
  for (std::size_t first = 0; first < columns; first += kTile) {
    const std::size_t end = std::min(first + kTile, columns);
    for (std::size_t row = 0; row < rows; ++row) {
      for (std::size_t column = first; column < end; ++column) {
        std::memcpy(to.data + column * to.column_bytes + row * to.row_bytes,
                    from.data + column * from.column_bytes + row * from.row_bytes, kChannels);
      }
    }
  }
}

using CopyPixels = void (*)(Grid<const std::uint8_t>, Grid<std::uint8_t>, std::size_t, std::size_t);
constexpr std::array<CopyPixels, 4> kCopyPixels = {copy_pixels<1>, copy_pixels<2>, copy_pixels<3>, copy_pixels<4>};

/// One block of output columns of every row. Some rows at a time lie column by column, so that a column is blended as
/// a row is, without sums across a vector.
void resize_columns(const RasterView& in, Raster& out, const Axis& axis, std::span<const Taps> taps, int first_out) {
  const BlendRow kernel = best_blend();
  const auto c = static_cast<std::size_t>(in.channels);
  const CopyPixels copy = kCopyPixels.at(c - 1);
  const auto origin = static_cast<std::size_t>(taps.front().first);
  const std::size_t span = static_cast<std::size_t>(taps.back().first + taps.back().count) - origin;
  const auto height = static_cast<std::size_t>(in.height);
  const std::size_t rows = std::min(kLanes, height);
  const std::size_t in_row = static_cast<std::size_t>(in.width) * c;
  const std::size_t out_row = static_cast<std::size_t>(out.width) * c;
  std::vector<std::uint8_t> source(span * rows * c);
  std::vector<std::uint8_t> target(taps.size() * rows * c);
  for (std::size_t band = 0; band < height; band += rows) {
    const std::size_t y = std::min(band, height - rows);  // the last band overlaps the one before
    copy({in.samples.data() + y * in_row + origin * c, c, in_row}, {source.data(), rows * c, c}, span, rows);
    for (std::size_t x = 0; x < taps.size(); ++x) {
      kernel({source.data() + (static_cast<std::size_t>(taps[x].first) - origin) * rows * c, rows * c,
              axis.weights(taps[x]), taps[x].count, target.data() + x * rows * c, rows * c});
    }
    copy({target.data(), rows * c, c},
         {out.samples.data() + y * out_row + static_cast<std::size_t>(first_out) * c, c, out_row}, taps.size(), rows);
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
