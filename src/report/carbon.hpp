#pragma once
// What hours of devices come to in CO2, with every factor stated.

#include <string>
#include <vector>

namespace mi2::report {

/// A number that is known, or between two.
struct Range {
  double low = 0;
  double high = 0;
};

struct CarbonOptions {
  double device_hours = 0;
  Range watts;  ///< of a device
  Range grams_per_kwh;
  Range overhead{1, 1};      ///< PUE: what the building takes for each kWh of its devices
  std::string hours_source;  ///< where each comes from, for people
  std::string watts_source;
  std::string intensity_source;
  std::string overhead_source;
};

struct Carbon {
  Range kwh;
  Range kilograms;
};

/// @throws Error{kBadArgument} for a factor that is negative or not finite, an overhead below 1, or a range that falls.
Carbon carbon(const CarbonOptions& options);

/// "250" or "250-400". @param what  what errors call it. @throws Error{kBadArgument}.
Range parse_range(const std::string& text, const std::string& what);

std::string to_text(const CarbonOptions& options, const Carbon& carbon);
std::string to_json(const CarbonOptions& options, const Carbon& carbon);

}  // namespace mi2::report
