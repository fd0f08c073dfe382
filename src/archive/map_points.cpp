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

}  // namespace

std::string points_bytes(std::span<const MapPoint> some, std::span<const MapPoint> all, const MapLegend& legend,
                         std::int64_t snapshot) {
  const AxisRange x = range_of(some, &layout::Point::x);
  const AxisRange y = range_of(some, &layout::Point::y);
  std::string bytes = "MI2POINT";
  base::append_little_endian(bytes, std::uint32_t{1});
  base::append_little_endian(bytes, static_cast<std::uint32_t>(some.size()));
  for (const float end : {x.low, x.high, y.low, y.high}) {
    base::append_little_endian(bytes, std::bit_cast<std::uint32_t>(end));
  }
  base::append_little_endian(bytes, static_cast<std::uint64_t>(snapshot));
  std::size_t at = 0;
  for (const MapPoint& point : some) {
    while (all[at].row != point.row) ++at;
    base::append_little_endian(bytes, x.scaled(point.at.x));
    base::append_little_endian(bytes, y.scaled(point.at.y));
    base::append_little_endian(bytes, point.row);
    base::append_little_endian(bytes, legend.of[at]);
    base::append_little_endian(bytes, static_cast<std::uint16_t>(point.placed ? 1 : 0));
  }
  return bytes;
}

}  // namespace mi2::archive
