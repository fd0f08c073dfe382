#include "archive/map_points.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>

#include "base/little_endian.hpp"

namespace mi2::archive {
namespace {

/// A range of places along one axis.
struct AxisRange {
  float low = 0;
  float high = 0;

  /// From 0 at the low end to 65,535 at the high one.
  [[nodiscard]] std::uint16_t scaled(float at) const {
    const double width = static_cast<double>(high) - static_cast<double>(low);
    if (!(width > 0)) return 0;
    return static_cast<std::uint16_t>(
        std::lround((static_cast<double>(at) - static_cast<double>(low)) / width * 65535));
  }
};

AxisRange range_of(std::span<const MapPoint> points, float layout::Point::*axis) {
  AxisRange range;
  if (points.empty()) return range;
  range = {points.front().at.*axis, points.front().at.*axis};
  for (const MapPoint& point : points) {
    range.low = std::min(range.low, point.at.*axis);
    range.high = std::max(range.high, point.at.*axis);
  }
  return range;
}

/// Where points lie.
struct Square {
  AxisRange x;
  AxisRange y;
};

Square square_of(std::span<const MapPoint> points) {
  return {range_of(points, &layout::Point::x), range_of(points, &layout::Point::y)};
}

bool is_in(const MapTile& tile, std::uint16_t x, std::uint16_t y) {
  const unsigned kept = MapTile::kDeepest - tile.z;
  return (std::uint32_t{x} >> kept) == tile.x && (std::uint32_t{y} >> kept) == tile.y;
}

void append_points(std::string& bytes, std::span<const MapPoint> some, std::span<const MapPoint> all,
                   const MapLegend& legend, const Square& square, const MapTile& tile) {
  std::size_t at = 0;
  for (const MapPoint& point : some) {
    while (all[at].row != point.row) ++at;
    const std::uint16_t x = square.x.scaled(point.at.x);
    const std::uint16_t y = square.y.scaled(point.at.y);
    if (!is_in(tile, x, y)) continue;
    base::append_little_endian(bytes, x);
    base::append_little_endian(bytes, y);
    base::append_little_endian(bytes, point.row);
    base::append_little_endian(bytes, legend.of[at]);
    base::append_little_endian(bytes, static_cast<std::uint16_t>(point.placed ? 1 : 0));
  }
}

}  // namespace

std::string points_bytes(std::span<const MapPoint> some, std::span<const MapPoint> all, const MapLegend& legend,
                         std::int64_t snapshot) {
  const Square square = square_of(some);
  std::string bytes = "MI2POINT";
  base::append_little_endian(bytes, std::uint32_t{1});
  base::append_little_endian(bytes, static_cast<std::uint32_t>(some.size()));
  for (const float end : {square.x.low, square.x.high, square.y.low, square.y.high}) {
    base::append_little_endian(bytes, std::bit_cast<std::uint32_t>(end));
  }
  base::append_little_endian(bytes, static_cast<std::uint64_t>(snapshot));
  append_points(bytes, some, all, legend, square, {});
  return bytes;
}

std::string tile_bytes(std::span<const MapPoint> some, std::span<const MapPoint> all, const MapLegend& legend,
                       const MapTile& tile) {
  std::string bytes;
  append_points(bytes, some, all, legend, square_of(all), tile);
  return bytes;
}

}  // namespace mi2::archive
