#include "protocols/archives/map.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <mi2/error.hpp>

#include "archive/filter/filter.hpp"
#include "archive/map.hpp"
#include "archive/map_legend.hpp"
#include "base/json_text.hpp"
#include "base/little_endian.hpp"
#include "protocols/archives/query.hpp"
#include "protocols/archives/search_request.hpp"

namespace mi2::protocols::archives {
namespace {

using archive::MapPoint;

/// Values of a field that have a facet of their own.
constexpr std::size_t kMostNamed = 1000;

struct AskedMap {
  archive::MapBy by = archive::MapBy::kImage;
  std::string colour = "modality";
  std::optional<archive::filter::Expr> where;
  std::optional<archive::filter::Expr> visible;
};

AskedMap read_asked(const Asked& asked, const HttpRequest& request, bool with_where) {
  static const std::vector<std::string> kLegend{"by", "colour"};
  static const std::vector<std::string> kPoints{"by", "colour", "where"};
  AskedMap map;
  map.visible = asked.right.rows;
  for (const auto& [name, value] : read_query(request.query, with_where ? kPoints : kLegend)) {
    if (name == "by") {
      map.by = archive::parse_map_by(value);
    } else if (name == "colour") {
      map.colour = value;
    } else {
      map.where = read_where(value, asked.right);
    }
  }
  const auto& known = archive::kMapColours;
  if (std::find(known.begin(), known.end(), map.colour) == known.end()) {
    throw Error(Code::kBadArgument, fmt::format("colour: expected one of {}", fmt::join(known, ", ")));
  }
  return map;
}

archive::KeptMap kept_map(const archive::Reader& reader, archive::MapBy by) {
  std::optional<archive::KeptMap> map = archive::read_map(reader.folder(), reader.format(), by);
  if (!map) {
    throw Error(Code::kNotFound, fmt::format("map: the archive has no map by {0} yet; 'mi2 index map ARCHIVE --by {0}' "
                                             "makes one",
                                             archive::name_of(by)));
  }
  return *std::move(map);
}

const archive::filter::Expr* pointer(const std::optional<archive::filter::Expr>& expr) {
  return expr ? &*expr : nullptr;
}

/// A range of places along one axis.
struct Bounds {
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

Bounds bounds_of(std::span<const MapPoint> points, float archive::layout::Point::*axis) {
  Bounds bounds;
  if (points.empty()) return bounds;
  bounds = {points.front().at.*axis, points.front().at.*axis};
  for (const MapPoint& point : points) {
    bounds.low = std::min(bounds.low, point.at.*axis);
    bounds.high = std::max(bounds.high, point.at.*axis);
  }
  return bounds;
}

/// Where points lie.
struct Square {
  Bounds x;
  Bounds y;
};

Square square_of(std::span<const MapPoint> points) {
  return {bounds_of(points, &archive::layout::Point::x), bounds_of(points, &archive::layout::Point::y)};
}

/// A part of a square of 65,536 x 65,536 places: one of 2^z x 2^z.
struct MapTile {
  unsigned z = 0;
  std::uint64_t x = 0;
  std::uint64_t y = 0;

  [[nodiscard]] bool has(std::uint16_t at_x, std::uint16_t at_y) const {
    const unsigned kept = kDeepest - z;
    return (static_cast<std::uint32_t>(at_x) >> kept) == x && (static_cast<std::uint32_t>(at_y) >> kept) == y;
  }

  static constexpr unsigned kDeepest = 16;
};

std::string header_bytes(std::size_t points, const Square& square, std::int64_t snapshot) {
  std::string bytes = "MI2POINT";
  base::append_little_endian(bytes, std::uint32_t{1});
  base::append_little_endian(bytes, static_cast<std::uint32_t>(points));
  for (const float end : {square.x.low, square.x.high, square.y.low, square.y.high}) {
    base::append_little_endian(bytes, std::bit_cast<std::uint32_t>(end));
  }
  base::append_little_endian(bytes, static_cast<std::uint64_t>(snapshot));
  return bytes;
}

/// Of those points that are in a tile.
/// @param facets  of each point.
std::string points_bytes(std::span<const MapPoint> points, std::span<const std::uint16_t> facets, const Square& square,
                         const MapTile& tile) {
  std::string bytes;
  for (std::size_t i = 0; i < points.size(); ++i) {
    const std::uint16_t x = square.x.scaled(points[i].at.x);
    const std::uint16_t y = square.y.scaled(points[i].at.y);
    if (!tile.has(x, y)) continue;
    base::append_little_endian(bytes, x);
    base::append_little_endian(bytes, y);
    base::append_little_endian(bytes, points[i].row);
    base::append_little_endian(bytes, facets[i]);
    base::append_little_endian(bytes, static_cast<std::uint16_t>(points[i].placed ? 1 : 0));
  }
  return bytes;
}

/// The facets of some of the points that a legend is of; both by row.
std::vector<std::uint16_t> facets_of(std::span<const MapPoint> some, std::span<const MapPoint> all,
                                     const archive::MapLegend& legend) {
  std::vector<std::uint16_t> facets;
  std::size_t at = 0;
  for (const MapPoint& point : some) {
    while (all[at].row != point.row) ++at;
    facets.push_back(legend.of[at]);
  }
  return facets;
}

std::string legend_json(const archive::KeptMap& map, const AskedMap& wanted, const archive::MapLegend& legend) {
  std::string text = fmt::format(
      R"({{"by": "{}", "method": "{}", "colour": "{}", "snapshot": {}, "fitted": {}, "points": {}, "values": [)",
      archive::name_of(map.options.by), archive::name_of(map.options.method), wanted.colour, map.snapshot, map.fitted,
      legend.of.size());
  for (std::size_t i = 0; i < legend.values.size(); ++i) {
    text += fmt::format(R"({}{{"facet": {}, "value": {}, "points": {}}})", i > 0 ? ", " : "", i + 1,
                        base::json_string(legend.values[i].value), legend.values[i].points);
  }
  return text + fmt::format(R"(], "none": {}, "other": {}}})", legend.none, legend.other);
}

/// A map as its caller may see it.
struct ShownMap {
  std::vector<MapPoint> all;
  std::vector<MapPoint> some;         ///< that AskedMap::where lets by
  std::vector<std::uint16_t> facets;  ///< of `some`
  std::int64_t snapshot = 0;
};

ShownMap shown_map(archive::Reader& reader, const AskedMap& wanted) {
  const archive::KeptMap map = kept_map(reader, wanted.by);
  ShownMap shown;
  shown.snapshot = map.snapshot;
  // Facets are numbered over all that the caller may see, so that a filter changes none.
  shown.all = archive::shown_points(reader, map, nullptr, pointer(wanted.visible));
  const archive::MapLegend legend = archive::legend_of(reader, wanted.colour, shown.all, kMostNamed);
  shown.some = wanted.where ? archive::shown_points(reader, map, &*wanted.where, pointer(wanted.visible)) : shown.all;
  shown.facets = facets_of(shown.some, shown.all, legend);
  return shown;
}

void answer_points(std::string bytes, HttpResponse& answer) {
  answer.content_type = "application/octet-stream";
  answer.headers.emplace_back("cache-control", "private, no-cache");
  answer.headers.emplace_back("x-content-type-options", "nosniff");
  answer.body = std::move(bytes);
}

}  // namespace

RequestPlan map_points(const Asked& asked, const HttpRequest& request) {
  return look(asked, [wanted = read_asked(asked, request, true)](archive::Reader& reader, HttpResponse& answer) {
    const ShownMap shown = shown_map(reader, wanted);
    const Square square = square_of(shown.some);
    answer_points(
        header_bytes(shown.some.size(), square, shown.snapshot) + points_bytes(shown.some, shown.facets, square, {}),
        answer);
  });
}

RequestPlan map_tile(const Asked& asked, const HttpRequest& request, const std::string& z, const std::string& x,
                     const std::string& y) {
  MapTile tile;
  tile.z = static_cast<unsigned>(read_number(z, "z", 0, MapTile::kDeepest));
  const std::uint64_t last = (std::uint64_t{1} << tile.z) - 1;
  tile.x = read_number(x, "x", 0, last);
  tile.y = read_number(y, "y", 0, last);
  return look(asked, [wanted = read_asked(asked, request, true), tile](archive::Reader& reader, HttpResponse& answer) {
    const ShownMap shown = shown_map(reader, wanted);
    // Of all, so that no filter moves a point from one tile to another.
    answer_points(points_bytes(shown.some, shown.facets, square_of(shown.all), tile), answer);
  });
}

RequestPlan map_legend(const Asked& asked, const HttpRequest& request) {
  return look(asked, [wanted = read_asked(asked, request, false)](archive::Reader& reader) {
    const archive::KeptMap map = kept_map(reader, wanted.by);
    const std::vector<MapPoint> all = archive::shown_points(reader, map, nullptr, pointer(wanted.visible));
    return legend_json(map, wanted, archive::legend_of(reader, wanted.colour, all, kMostNamed));
  });
}

}  // namespace mi2::protocols::archives
