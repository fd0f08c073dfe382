#pragma once
// Pillow's resampling of 8-bit samples, bit for bit.

#include <cstdint>
#include <span>
#include <vector>

namespace mi2::image {

/// Samples [height, width, channels], row by row, no padding.
struct Raster {
  int width = 0;
  int height = 0;
  int channels = 1;
  std::vector<std::uint8_t> samples;
};

/// The same, borrowed.
struct RasterView {
  int width = 0;
  int height = 0;
  int channels = 1;
  std::span<const std::uint8_t> samples;

  RasterView(int w, int h, int c, std::span<const std::uint8_t> s) : width(w), height(h), channels(c), samples(s) {}
  // Implicit: a raster is a view of itself.
  RasterView(const Raster& r) : RasterView(r.width, r.height, r.channels, r.samples) {}
};

/// Bicubic (a = -0.5), support widened when shrinking, 22-bit fixed-point weights; along x, then along y, with 8-bit
/// samples in between. Along y first when height shrinks by more than twice as many pixels as width, as in Pillow 13.
/// Source: Pillow 13, ImagingResample.
Raster resize_bicubic(const RasterView& in, int width, int height);

/// The sample under each new pixel's centre. Source: Pillow's ImagingScaleAffine.
Raster resize_nearest(const RasterView& in, int width, int height);

}  // namespace mi2::image
