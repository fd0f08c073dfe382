#include "protocols/archives/map.hpp"

#include <algorithm>
#include <cstdint>
#include <optional>
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
#include "archive/map_points.hpp"
#include "base/json_text.hpp"
#include "protocols/archives/query.hpp"
#include "protocols/archives/search_request.hpp"

namespace mi2::protocols::archives {
namespace {

using archive::MapPoint;

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
  std::vector<MapPoint> some;  ///< that AskedMap::where lets by
  archive::MapLegend legend;   ///< of `all`, so that a filter changes no facet
  std::int64_t snapshot = 0;
};

ShownMap shown_map(archive::Reader& reader, const AskedMap& wanted) {
  const archive::KeptMap map = kept_map(reader, wanted.by);
  ShownMap shown;
  shown.snapshot = map.snapshot;
  shown.all = archive::shown_points(reader, map, nullptr, pointer(wanted.visible));
  shown.legend = archive::legend_of(reader, wanted.colour, shown.all, archive::kMostFacets);
  shown.some = wanted.where ? archive::shown_points(reader, map, &*wanted.where, pointer(wanted.visible)) : shown.all;
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
    answer_points(archive::points_bytes(shown.some, shown.all, shown.legend, shown.snapshot), answer);
  });
}

RequestPlan map_tile(const Asked& asked, const HttpRequest& request, const std::string& z, const std::string& x,
                     const std::string& y) {
  archive::MapTile tile;
  tile.z = static_cast<unsigned>(read_number(z, "z", 0, archive::MapTile::kDeepest));
  const std::uint64_t last = (std::uint64_t{1} << tile.z) - 1;
  tile.x = read_number(x, "x", 0, last);
  tile.y = read_number(y, "y", 0, last);
  return look(asked, [wanted = read_asked(asked, request, true), tile](archive::Reader& reader, HttpResponse& answer) {
    const ShownMap shown = shown_map(reader, wanted);
    answer_points(archive::tile_bytes(shown.some, shown.all, shown.legend, tile), answer);
  });
}

RequestPlan map_legend(const Asked& asked, const HttpRequest& request) {
  return look(asked, [wanted = read_asked(asked, request, false)](archive::Reader& reader) {
    const archive::KeptMap map = kept_map(reader, wanted.by);
    const std::vector<MapPoint> all = archive::shown_points(reader, map, nullptr, pointer(wanted.visible));
    return legend_json(map, wanted, archive::legend_of(reader, wanted.colour, all, archive::kMostFacets));
  });
}

}  // namespace mi2::protocols::archives
