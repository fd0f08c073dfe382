#pragma once
// The map of an archive that is kept: ARCHIVE/map/image.bin or series.bin. It is made from the vectors and may be
// deleted. Little-endian.
//
//   0   "MI2-MAP\n"                     8   version 1 (u32), length of the text (u32)
//   16  points (u64)                    24  XXH3 of all that follows
//   32  a JSON text: of which archive, with which options, at which changes
//   ..  for each point, by row: row (u32), x, y (f32), 1 if it was placed afterwards, else 0 (u32)

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "archive/format.hpp"
#include "archive/layout/points.hpp"

namespace mi2::archive {

/// What has a point.
enum class MapBy : std::uint8_t { kImage, kSeries };
std::string_view name_of(MapBy by) noexcept;
/// @throws Error{kBadArgument} for anything but "image" and "series".
MapBy parse_map_by(std::string_view name);

enum class MapMethod : std::uint8_t { kUmap, kPca };
std::string_view name_of(MapMethod method) noexcept;
/// @throws Error{kBadArgument} for anything but "umap" and "pca".
MapMethod parse_map_method(std::string_view name);

inline constexpr std::size_t kFewestNeighbours = 2;
inline constexpr std::size_t kMostNeighbours = 200;
inline constexpr double kMostMinDist = 0.99;

struct MapOptions {
  MapBy by = MapBy::kImage;
  MapMethod method = MapMethod::kUmap;
  std::size_t neighbours = 15;  ///< that count as a point's surroundings, itself included
  double min_dist = 0.1;        ///< how close alike points come: 0 to kMostMinDist
  std::uint64_t seed = 1;
  std::string where;  ///< EXPR as filter::to_text() writes it: what is on the map; empty: all

  friend bool operator==(const MapOptions&, const MapOptions&) = default;
};

struct MapPoint {
  std::uint32_t row = 0;
  layout::Point at;
  bool placed = false;  ///< it came after the map was made, and lies among its neighbours

  friend bool operator==(const MapPoint&, const MapPoint&) = default;
};

struct KeptMap {
  MapOptions options;
  std::int64_t fitted = 0;       ///< the change of which the map was made
  std::int64_t snapshot = 0;     ///< the last one that it knows
  std::vector<MapPoint> points;  ///< by row

  friend bool operator==(const KeptMap&, const KeptMap&) = default;
};

std::filesystem::path map_file(const std::filesystem::path& folder, MapBy by);

/// The bytes of a file.
std::string map_bytes(const KeptMap& map, const Format& format);
/// @param name  what errors call it.
/// @throws Error{kBadFile} for damage, or the map of another archive; {kUnsupported} for another version.
KeptMap parse_map(std::span<const std::byte> bytes, const Format& format, MapBy by, std::string_view name);

/// Nothing if there is none. @throws as parse_map().
std::optional<KeptMap> read_map(const std::filesystem::path& folder, const Format& format, MapBy by);

/// What must be possible before a map is worth being made. @throws Error{kBadFile} if the folder cannot be written.
void prepare_to_keep_map(const std::filesystem::path& folder);
/// Keeps it in place of the one before, without the points of rows that are gone meanwhile. Other writers of the
/// archive are not waited for. @throws Error{kBadFile}; {kOverloaded} if its filter names something of the archive, and
/// something was erased meanwhile.
void keep_map(const std::filesystem::path& folder, const Format& format, KeptMap map);
/// The same for a map that has grown, unless another one than it grew from, or a newer one, was kept meanwhile.
/// @returns whether it was kept.
bool keep_grown_map(const std::filesystem::path& folder, const Format& format, KeptMap map);

/// What is erased leaves no point behind, and no filter that names it: a map made of studies, series, objects or paths
/// by name goes, and so does one that is damaged. To be called when the catalog says that the rows are to be erased.
/// @throws Error{kBadFile}.
void forget_in_maps(const std::filesystem::path& folder, const Format& format, std::span<const std::uint64_t> rows);

}  // namespace mi2::archive
