#include "report/carbon.hpp"

#include <cmath>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <mi2/error.hpp>

#include "base/numbers.hpp"

namespace mi2::report {
namespace {

void check_range(const Range& range, const char* what, double least) {
  if (!std::isfinite(range.low) || !std::isfinite(range.high) || range.low < least || range.low > range.high) {
    throw Error(Code::kBadArgument,
                fmt::format("{}: expected a number or a rising range of at least {:g}, got {:g}-{:g}", what, least,
                            range.low, range.high));
  }
}

/// Without the noise of the last binary digits.
std::string plain(double value) { return fmt::format("{:.12g}", value); }

std::string plain(const Range& range) {
  return range.low == range.high ? plain(range.low) : fmt::format("{} to {}", plain(range.low), plain(range.high));
}

nlohmann::ordered_json factor_json(const Range& range, const char* unit, const std::string& source) {
  return {{"low", range.low}, {"high", range.high}, {"unit", unit}, {"source", source}};
}

}  // namespace

Carbon carbon(const CarbonOptions& options) {
  check_range({options.device_hours, options.device_hours}, "--gpu-hours", 0);
  check_range(options.watts, "--watts", 0);
  check_range(options.grams_per_kwh, "--intensity", 0);
  check_range(options.overhead, "--pue", 1);
  Carbon found;
  found.kwh = {options.device_hours * options.watts.low / 1000 * options.overhead.low,
               options.device_hours * options.watts.high / 1000 * options.overhead.high};
  found.kilograms = {found.kwh.low * options.grams_per_kwh.low / 1000,
                     found.kwh.high * options.grams_per_kwh.high / 1000};
  if (!std::isfinite(found.kwh.high) || !std::isfinite(found.kilograms.high)) {
    throw Error(Code::kBadArgument, "carbon: the factors are too large together");
  }
  return found;
}

Range parse_range(const std::string& text, const std::string& what) {
  const std::size_t dash = text.find('-', 1);
  const auto low = base::parse_finite(text.substr(0, dash));
  const auto high = dash == std::string::npos ? low : base::parse_finite(text.substr(dash + 1));
  if (!low || !high) {
    throw Error(Code::kBadArgument, fmt::format("{}: expected a number, or two as LOW-HIGH, got '{}'", what, text));
  }
  return {*low, *high};
}

std::string to_text(const CarbonOptions& options, const Carbon& carbon) {
  const Range& kilograms = carbon.kilograms;
  std::string text = kilograms.low == kilograms.high
                         ? fmt::format("{:.3f} kg CO2e\n", kilograms.low)
                         : fmt::format("{:.3f} to {:.3f} kg CO2e\n", kilograms.low, kilograms.high);
  text += fmt::format("  = {} kWh x {} g/kWh\n", plain(carbon.kwh), plain(options.grams_per_kwh));
  text += fmt::format("  {} kWh = {} device hours x {} W x PUE {}\n", plain(carbon.kwh), plain(options.device_hours),
                      plain(options.watts), plain(options.overhead));
  text += fmt::format("  hours      {}: {}\n", plain(options.device_hours), options.hours_source);
  text += fmt::format("  watts      {}: {}\n", plain(options.watts), options.watts_source);
  text += fmt::format("  PUE        {}: {}\n", plain(options.overhead), options.overhead_source);
  text += fmt::format("  intensity  {} g/kWh: {}\n", plain(options.grams_per_kwh), options.intensity_source);
  return text;
}

std::string to_json(const CarbonOptions& options, const Carbon& carbon) {
  nlohmann::ordered_json json{{"co2e_kg", {{"low", carbon.kilograms.low}, {"high", carbon.kilograms.high}}},
                              {"energy_kwh", {{"low", carbon.kwh.low}, {"high", carbon.kwh.high}}}};
  json["factors"] = {
      {"device_hours", factor_json({options.device_hours, options.device_hours}, "h", options.hours_source)},
      {"watts", factor_json(options.watts, "W", options.watts_source)},
      {"pue", factor_json(options.overhead, "1", options.overhead_source)},
      {"intensity", factor_json(options.grams_per_kwh, "g/kWh", options.intensity_source)}};
  return json.dump(1) + '\n';
}

}  // namespace mi2::report
