#pragma once
// A map of an archive as one page that needs no other file, no script and no network.

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "archive/map_file.hpp"
#include "archive/map_legend.hpp"

namespace mi2::cli {

/// Points that a page draws: more would be heavy in a browser.
inline constexpr std::size_t kMostDrawn = 5000;
/// Values that have a colour of their own.
inline constexpr std::size_t kMostColoured = 8;

/// What a page shows: all texts are plain.
struct MapPage {
  const archive::KeptMap& map;                ///< what it is, and with which options it was made
  std::span<const archive::MapPoint> points;  ///< what is shown of it; of more than kMostDrawn a random sample
  const archive::MapLegend& legend;           ///< of these points, of at most kMostColoured values
  std::string_view colour;                    ///< the field that the legend is of
  std::string_view where;                     ///< what was let by; empty: all
};

std::string to_html(const MapPage& page);

}  // namespace mi2::cli
