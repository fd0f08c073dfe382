#pragma once
// What a layout is made of and from.

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace mi2::archive::layout {

/// A place on a map.
struct Point {
  float x = 0;
  float y = 0;

  friend bool operator==(const Point&, const Point&) = default;
};

/// [points] of [D] each.
using Rows = std::span<const std::span<const float>>;

/// The nearest others of each point, by Euclidean distance.
struct Neighbours {
  std::size_t width = 0;              ///< of each point
  std::vector<std::uint32_t> places;  ///< [points, width]: which points they are, never the point itself
  std::vector<float> distances;       ///< [points, width]: the smallest of a point first

  [[nodiscard]] std::size_t points() const noexcept { return width == 0 ? 0 : places.size() / width; }
  [[nodiscard]] std::span<const float> distances_of(std::size_t point) const {
    return std::span(distances).subspan(point * width, width);
  }
};

}  // namespace mi2::archive::layout
