#pragma once
// What electricity costs in CO2, by region. Old figures stay with their year: a grid changes from year to year.

#include <span>
#include <string_view>

namespace mi2::energy {

struct Region {
  std::string_view name;  ///< as people may write it: "deu" (ISO 3166), "westus2"
  std::string_view place;
  double grams_per_kwh = 0;
  std::string_view year;
  std::string_view source;
};

inline constexpr std::string_view kWorld = "world";

/// The world first.
std::span<const Region> regions();

/// By name or place, in any case of letters. @throws Error{kBadArgument} naming the nearest that is known.
const Region& region_named(std::string_view name);

}  // namespace mi2::energy
