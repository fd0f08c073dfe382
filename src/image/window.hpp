#pragma once
// A window of values, as DICOM defines it, for every format whose values have units.

#include <algorithm>
#include <cstdint>

#include <mi2/image.hpp>

namespace mi2::image {

/// @returns 0 (black) to 1.      Source: PS3.3 C.11.2.1.2, LINEAR.
inline double windowed(const Window& window, double x) noexcept {
  const double c = window.center;
  const double w = window.width;
  if (x <= c - 0.5 - (w - 1) / 2) return 0;
  if (x > c - 0.5 + (w - 1) / 2) return 1;
  return (x - (c - 0.5)) / (w - 1) + 0.5;
}

/// 0..1 as a byte; NaN is black.
inline std::uint8_t shade(double y) noexcept {
  if (!(y > 0)) return 0;
  return static_cast<std::uint8_t>(std::min(y, 1.0) * 255 + 0.5);
}

}  // namespace mi2::image
