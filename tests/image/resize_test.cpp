// resize_bicubic at sizes that meet every edge of its blocks, against the definition, sample by sample.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "image/resize.hpp"

namespace mi2::image {
namespace {

Raster noise(int width, int height, int channels) {
  Raster raster{width, height, channels, {}};
  raster.samples.resize(static_cast<std::size_t>(width) * static_cast<std::size_t>(height) *
                        static_cast<std::size_t>(channels));
  std::mt19937 random(7);
  for (std::uint8_t& sample : raster.samples) sample = static_cast<std::uint8_t>(random());
  return raster;
}

double bicubic(double x) {
  x = std::abs(x);
  if (x < 1) return (1.5 * x - 2.5) * x * x + 1;
  return x < 2 ? (((x - 5) * x + 8) * x - 4) * -0.5 : 0;
}

/// Sample `out` of `out_size` along one axis of `size` samples `in(i)`, with Pillow's fixed-point weights.
template <class In>
std::uint8_t sample_at(int out, int out_size, int size, const In& in) {
  const double scale = static_cast<double>(size) / out_size;
  const double wider = std::max(scale, 1.0);
  const double centre = (out + 0.5) * scale;
  const int first = std::max(0, static_cast<int>(centre - 2 * wider + 0.5));
  const int end = std::min(size, static_cast<int>(centre + 2 * wider + 0.5));
  double whole = 0;
  for (int i = first; i < end; ++i) whole += bicubic((i - centre + 0.5) / wider);
  std::int64_t sum = 1 << 21;
  for (int i = first; i < end; ++i) {
    sum += std::llround(bicubic((i - centre + 0.5) / wider) / whole * (1 << 22)) * in(i);
  }
  return static_cast<std::uint8_t>(std::clamp<std::int64_t>(sum >> 22, 0, 255));
}

std::size_t index(const Raster& raster, int x, int y, int channel) {
  return (static_cast<std::size_t>(y) * static_cast<std::size_t>(raster.width) + static_cast<std::size_t>(x)) *
             static_cast<std::size_t>(raster.channels) +
         static_cast<std::size_t>(channel);
}

Raster defined(const Raster& in, int width, int height) {
  Raster wide = noise(width, in.height, in.channels);
  Raster out = noise(width, height, in.channels);
  for (int c = 0; c < in.channels; ++c) {
    for (int x = 0; x < width; ++x) {
      for (int y = 0; y < in.height; ++y) {
        wide.samples[index(wide, x, y, c)] =
            sample_at(x, width, in.width, [&](int i) { return in.samples[index(in, i, y, c)]; });
      }
      for (int y = 0; y < height; ++y) {
        out.samples[index(out, x, y, c)] =
            sample_at(y, height, in.height, [&](int i) { return wide.samples[index(wide, x, i, c)]; });
      }
    }
  }
  return out;
}

struct Sizes {
  int width;
  int height;
  int new_width;
  int new_height;
};

TEST(ResizeBicubic, MakesTheSamplesOfItsDefinitionAtEverySizeAndNumberOfChannels) {
  // Fewer rows and columns than a block of either has, exactly as many, one more, and several blocks; wider and
  // smaller.
  const Sizes all[] = {{1, 1, 5, 3},     {7, 5, 3, 9},     {10, 31, 33, 31},  {32, 32, 32, 20},
                       {33, 33, 25, 17}, {64, 65, 20, 7},  {100, 97, 48, 96}, {3, 70, 50, 70},
                       {200, 3, 11, 4},  {45, 40, 90, 80}, {300, 2, 1, 1},    {40, 33, 39, 33}};
  for (const Sizes& sizes : all) {
    for (const int channels : {1, 2, 3, 4}) {
      SCOPED_TRACE(::testing::Message() << sizes.width << " x " << sizes.height << " to " << sizes.new_width << " x "
                                        << sizes.new_height << ", " << channels << " channels");
      const Raster in = noise(sizes.width, sizes.height, channels);
      const Raster found = resize_bicubic(in, sizes.new_width, sizes.new_height);
      EXPECT_EQ(found.width, sizes.new_width);
      EXPECT_EQ(found.height, sizes.new_height);
      EXPECT_EQ(found.channels, channels);
      EXPECT_EQ(found.samples, defined(in, sizes.new_width, sizes.new_height).samples);
    }
  }
}

TEST(ResizeBicubic, OfAPictureSoWideThatItsWeightsComeInBlocksMakesTheSamplesOfItsDefinition) {
  const Raster in = noise(600'000, 3, 1);
  EXPECT_EQ(resize_bicubic(in, 12, 3).samples, defined(in, 12, 3).samples);
}

}  // namespace
}  // namespace mi2::image
