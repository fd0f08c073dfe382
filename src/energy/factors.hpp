#pragma once
// What energy and CO2 are computed from: numbers that may be ranges, each with where it is from.

#include <span>
#include <string>
#include <string_view>

namespace mi2::energy {

/// A number that is known, or between two.
struct Range {
  double low = 0;
  double high = 0;

  friend bool operator==(const Range&, const Range&) = default;
};

Range operator+(const Range& a, const Range& b);
/// Of numbers that are not negative.
Range operator*(const Range& a, const Range& b);
Range operator*(const Range& a, double b);

struct Factor {
  Range value;
  std::string source;  ///< for people
};

/// "250" or "250-400". @param what  what errors call it. @throws Error{kBadArgument}.
Range parse_range(const std::string& text, const std::string& what);
/// @throws Error{kBadArgument} for a range that is below `least`, falls or is not finite.
void check_range(const Range& range, std::string_view what, double least);
/// "250" or "250 to 400", without the noise of the last binary digits.
std::string to_text(const Range& range);

// Factors as people state them. Empty text: the usual value. `what` is what errors call it.
/// PUE: what the building takes for each kWh of its devices; 1 if it is not stated.
Factor overhead_of(const std::string& text, const std::string& what);
/// Grams of CO2e per kWh, stated or of a region (regions.hpp); of the world if neither is stated.
/// @throws Error{kBadArgument} for both, or a region that is not known.
Factor intensity_of(const std::string& grams, const std::string& region, const std::string& what);
/// Watts, or a device (devices.hpp), with a count if it is several: "250", "250-400", "V100", "8xA100-SXM".
/// @param one  several devices are refused: hours are those of a device.
/// @throws Error{kBadArgument} also for a device that is not known.
Factor watts_of(const std::string& text, const std::string& what, bool one = false);

inline constexpr std::string_view kStated = "stated by the user";

}  // namespace mi2::energy
