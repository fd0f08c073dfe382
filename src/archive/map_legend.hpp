#pragma once
// Which value of a field each point of a map has: what it is coloured by.

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "archive/map_file.hpp"
#include "archive/reader.hpp"

namespace mi2::archive {

/// Fields by which a map can be coloured.
inline constexpr std::array<std::string_view, 8> kMapColours{"modality", "body_part", "laterality", "plane",
                                                             "contrast", "month",     "site",       "station"};

struct MapLegend {
  /// Of a point: 0 none, n the value number n - 1, kOther one that is rarer than those that are named.
  static constexpr std::uint16_t kOther = 0xFFFF;
  struct Value {
    std::string value;
    std::size_t points = 0;
  };
  std::vector<Value> values;  ///< the most frequent first, then by their text
  std::size_t none = 0;       ///< points without a value
  std::size_t other = 0;      ///< points of values that are not named
  std::vector<std::uint16_t> of;
};

/// @param field  of kMapColours.  @param most  values that are named, below MapLegend::kOther.
/// @throws Error{kBadArgument} for another field.
MapLegend legend_of(Reader& archive, std::string_view field, std::span<const MapPoint> points, std::size_t most);

}  // namespace mi2::archive
