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
constexpr int kLanes = 8;
/// Weights kept at once: bounds memory on pictures of extreme width, one block on all others.
constexpr std::size_t kWeightBudget = std::size_t{1} << 20;

using Bytes = std::uint8_t __attribute__((vector_size(kLanes)));
using Ints = std::int32_t __attribute__((vector_size(kLanes * 4)));

double bicubic(double x) noexcept {
  constexpr double a = -0.5;
  x = std::abs(x);
  if (x < 1.0) return ((a + 2.0) * x - (a + 3.0)) * x * x + 1;
  if (x < 2.0) return (((x - 5) * x + 8) * x - 4) * a;
  return 0.0;
}

/// How one output sample is made: weights [count, rounded up to kLanes with zeros] for inputs first, first + 1, ...
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
    while ((weights_.size() - taps.weights) % kLanes != 0) weights_.push_back(0);
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

struct RowJob {
  const std::uint8_t* plane;  ///< one channel, from input column `origin`, readable kLanes past its end
  int origin;
  std::span<const Taps> taps;
  const Axis* axis;
  std::uint8_t* out;
  int stride;
};

void row_plain(const RowJob& job) {
  std::uint8_t* out = job.out;
  for (const Taps& taps : job.taps) {
    const std::uint8_t* in = job.plane + (taps.first - job.origin);
    const std::int32_t* weights = job.axis->weights(taps);
    Ints sums{};
    for (int i = 0; i < taps.count; i += kLanes) {
      Bytes bytes;
      Ints w;
      std::memcpy(&bytes, in + i, sizeof(bytes));
      std::memcpy(&w, weights + i, sizeof(w));
      sums += __builtin_convertvector(bytes, Ints) * w;
    }
    std::int32_t sum = 1 << (kPrecisionBits - 1);
    for (int lane = 0; lane < kLanes; ++lane) sum += sums[lane];
    *out = clip(sum);
    out += job.stride;
  }
}

struct ColumnJob {
  const std::uint8_t* in;  ///< first input row
  std::size_t row_bytes;
  const std::int32_t* weights;
  int count;
  std::uint8_t* out;
};

std::uint8_t column_sample(const ColumnJob& job, std::size_t x) noexcept {
  std::int32_t sum = 1 << (kPrecisionBits - 1);
  for (int i = 0; i < job.count; ++i) {
    sum += job.in[static_cast<std::size_t>(i) * job.row_bytes + x] * job.weights[i];
  }
  return clip(sum);
}

void column_plain(const ColumnJob& job) {
  std::size_t x = 0;
  for (; x + kLanes <= job.row_bytes; x += kLanes) {
    Ints sums = Ints{} + (1 << (kPrecisionBits - 1));
    for (int i = 0; i < job.count; ++i) {
      Bytes bytes;
      std::memcpy(&bytes, job.in + static_cast<std::size_t>(i) * job.row_bytes + x, sizeof(bytes));
      sums += __builtin_convertvector(bytes, Ints) * job.weights[i];
    }
    for (std::size_t lane = 0; lane < kLanes; ++lane) job.out[x + lane] = clip(sums[lane]);
  }
  for (; x < job.row_bytes; ++x) job.out[x] = column_sample(job, x);
}

#if defined(__x86_64__)
[[gnu::target("avx2")]] inline __m256i products(const std::uint8_t* bytes, __m256i weights) {
  return _mm256_mullo_epi32(_mm256_cvtepu8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(bytes))), weights);
}

[[gnu::target("avx2")]] void row_avx2(const RowJob& job) {
  std::uint8_t* out = job.out;
  for (const Taps& taps : job.taps) {
    const std::uint8_t* in = job.plane + (taps.first - job.origin);
    const std::int32_t* weights = job.axis->weights(taps);
    __m256i sums = _mm256_setzero_si256();
    for (int i = 0; i < taps.count; i += kLanes) {
      const __m256i w = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(weights + i));
      sums = _mm256_add_epi32(sums, products(in + i, w));
    }
    __m128i four = _mm_add_epi32(_mm256_castsi256_si128(sums), _mm256_extracti128_si256(sums, 1));
    four = _mm_add_epi32(four, _mm_shuffle_epi32(four, 0x4E));
    four = _mm_add_epi32(four, _mm_shuffle_epi32(four, 0xB1));
    *out = clip(_mm_cvtsi128_si32(four) + (1 << (kPrecisionBits - 1)));
    out += job.stride;
  }
}

[[gnu::target("avx2")]] void column_avx2(const ColumnJob& job) {
  std::size_t x = 0;
  for (; x + kLanes <= job.row_bytes; x += kLanes) {
    __m256i sums = _mm256_set1_epi32(1 << (kPrecisionBits - 1));
    for (int i = 0; i < job.count; ++i) {
      const std::uint8_t* in = job.in + static_cast<std::size_t>(i) * job.row_bytes + x;
      sums = _mm256_add_epi32(sums, products(in, _mm256_set1_epi32(job.weights[i])));
    }
    std::array<std::int32_t, kLanes> lanes;
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(lanes.data()), sums);
    for (std::size_t lane = 0; lane < kLanes; ++lane) job.out[x + lane] = clip(lanes[lane]);
  }
  for (; x < job.row_bytes; ++x) job.out[x] = column_sample(job, x);
}

bool has_avx2() noexcept { return __builtin_cpu_supports("avx2") != 0; }
#else
constexpr auto row_avx2 = row_plain;
constexpr auto column_avx2 = column_plain;
bool has_avx2() noexcept { return false; }
#endif

Raster blank(int width, int height, int channels) {
  const std::size_t size = static_cast<std::size_t>(width) * static_cast<std::size_t>(height);
  return {width, height, channels, std::vector<std::uint8_t>(size * static_cast<std::size_t>(channels))};
}

/// One block of output columns of every row. `plane` is scratch.
void resize_columns(const RasterView& in, Raster& out, const Axis& axis, std::span<const Taps> taps, int first_out) {
  const auto kernel = has_avx2() ? row_avx2 : row_plain;
  const int origin = taps.front().first;
  const auto span = static_cast<std::size_t>(taps.back().first + taps.back().count - origin);
  const auto c = static_cast<std::size_t>(in.channels);
  std::vector<std::uint8_t> plane(span + kLanes);
  for (int y = 0; y < in.height; ++y) {
    const std::size_t row = static_cast<std::size_t>(y);
    const std::uint8_t* source =
        in.samples.data() + (row * static_cast<std::size_t>(in.width) + static_cast<std::size_t>(origin)) * c;
    std::uint8_t* target =
        out.samples.data() + (row * static_cast<std::size_t>(out.width) + static_cast<std::size_t>(first_out)) * c;
    for (std::size_t channel = 0; channel < c; ++channel) {
      for (std::size_t x = 0; x < span; ++x) plane[x] = source[x * c + channel];
      kernel({plane.data(), origin, taps, &axis, target + channel, in.channels});
    }
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

Raster resize_y(const RasterView& in, int height) {
  Raster out = blank(in.width, height, in.channels);
  Axis axis(in.height, height);
  const auto kernel = has_avx2() ? column_avx2 : column_plain;
  const std::size_t row_bytes = static_cast<std::size_t>(in.width) * static_cast<std::size_t>(in.channels);
  for (int y = 0; y < height; ++y) {
    axis.clear();
    const Taps taps = axis.add(y);
    kernel({in.samples.data() + static_cast<std::size_t>(taps.first) * row_bytes, row_bytes, axis.weights(taps),
            taps.count, out.samples.data() + static_cast<std::size_t>(y) * row_bytes});
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
