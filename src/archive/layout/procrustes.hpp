#pragma once
// Turning one map onto another.

#include <span>

#include "archive/layout/points.hpp"

namespace mi2::archive::layout {

/// A map's rotation or reflection, scale and shift.
struct Similarity {
  double xx = 1, xy = 0, yx = 0, yy = 1;  ///< of the new x by the old x and y, then of the new y
  double x = 0, y = 0;                    ///< added to them

  [[nodiscard]] Point operator()(const Point& point) const noexcept;
};

/// The one that brings each of `from` nearest to the same of `to`, by the sum of squares (Procrustes' problem). Without
/// two different points on each side, only a shift.
/// @param from,to  of the same length.
Similarity align(std::span<const Point> from, std::span<const Point> to);

}  // namespace mi2::archive::layout
