#pragma once
// The points of a map as few bytes, for programs: of `mi2 index map --out map.bin` and over HTTP. Little-endian.
//
//   0   "MI2POINT"                      8   version 1 (u32), points (u32)
//   16  the smallest and the largest x, then y (f32 each)
//   32  snapshot (u64)
//   40  for each point, by row: x, y (u16, 0 at the smallest, 65535 at the largest), row (u32), facet of the legend
//       (u16), 1 if it was placed after the map was made, else 0 (u16)

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "archive/map_file.hpp"
#include "archive/map_legend.hpp"

namespace mi2::archive {

/// Values that have a facet of their own in the legend of such points.
inline constexpr std::size_t kMostFacets = 1000;

/// @param some  points, by row, of `all`, which the legend is of.
std::string points_bytes(std::span<const MapPoint> some, std::span<const MapPoint> all, const MapLegend& legend,
                         std::int64_t snapshot);

/// A part of the square of 65,536 x 65,536 places: one of 2^z x 2^z.
struct MapTile {
  static constexpr unsigned kDeepest = 16;

  unsigned z = 0;
  std::uint64_t x = 0;
  std::uint64_t y = 0;
};

/// Those of some points that are in a tile, as above without the 40 bytes before them. Their places are in the square
/// of `all`, so that no filter moves a point from one tile to another.
std::string tile_bytes(std::span<const MapPoint> some, std::span<const MapPoint> all, const MapLegend& legend,
                       const MapTile& tile);

}  // namespace mi2::archive
