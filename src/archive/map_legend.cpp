#include "archive/map_legend.hpp"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "archive/column.hpp"

namespace mi2::archive {

MapLegend legend_of(Reader& archive, std::string_view field, std::span<const MapPoint> points, std::size_t most) {
  if (std::find(kMapColours.begin(), kMapColours.end(), field) == kMapColours.end()) {
    throw Error(Code::kBadArgument, fmt::format("colour: expected one of {}", fmt::join(kMapColours, ", ")));
  }
  const Column column(archive.catalog(), field, archive.segments().rows());
  std::map<std::string_view, std::size_t> counts;
  for (const MapPoint& point : points) ++counts[column.of(point.row)];
  MapLegend legend;
  for (const auto& [value, count] : counts) {
    if (value.empty()) {
      legend.none = count;
    } else {
      legend.values.push_back({std::string(value), count});
    }
  }
  std::stable_sort(legend.values.begin(), legend.values.end(),
                   [](const auto& a, const auto& b) { return a.points > b.points; });
  for (std::size_t i = most; i < legend.values.size(); ++i) legend.other += legend.values[i].points;
  if (legend.values.size() > most) legend.values.resize(most);
  std::map<std::string_view, std::uint16_t> numbers{{"", 0}};
  for (std::size_t i = 0; i < legend.values.size(); ++i) {
    numbers.emplace(legend.values[i].value, static_cast<std::uint16_t>(i + 1));
  }
  legend.of.reserve(points.size());
  for (const MapPoint& point : points) {
    const auto known = numbers.find(column.of(point.row));
    legend.of.push_back(known == numbers.end() ? MapLegend::kOther : known->second);
  }
  return legend;
}

}  // namespace mi2::archive
