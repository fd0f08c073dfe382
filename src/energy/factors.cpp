#include "energy/factors.hpp"

#include <charconv>
#include <cmath>
#include <optional>
#include <system_error>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "base/numbers.hpp"
#include "energy/devices.hpp"
#include "energy/regions.hpp"

namespace mi2::energy {
namespace {

constexpr unsigned kMostDevices = 1'000'000;

/// "8x" before a device's name. @returns 1 if there is none.
unsigned take_count(std::string_view& text) {
  unsigned count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (error != std::errc() || end == text.data() + text.size() || *end != 'x') return 1;
  if (count < 1 || count > kMostDevices) return 1;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()) + 1);
  return count;
}

/// A number, or two with a dash between them.
std::optional<Range> range_in(const std::string& text) {
  const std::size_t dash = text.find('-', 1);
  const auto low = base::parse_finite(text.substr(0, dash));
  const auto high = dash == std::string::npos ? low : base::parse_finite(text.substr(dash + 1));
  if (!low || !high) return std::nullopt;
  return Range{*low, *high};
}

std::string plain(double value) { return fmt::format("{:.12g}", value); }

}  // namespace

Range operator+(const Range& a, const Range& b) { return {a.low + b.low, a.high + b.high}; }
Range operator*(const Range& a, const Range& b) { return {a.low * b.low, a.high * b.high}; }
Range operator*(const Range& a, double b) { return {a.low * b, a.high * b}; }

Range parse_range(const std::string& text, const std::string& what) {
  if (const auto range = range_in(text)) return *range;
  throw Error(Code::kBadArgument, fmt::format("{}: expected a number, or two as LOW-HIGH, got '{}'", what, text));
}

void check_range(const Range& range, std::string_view what, double least) {
  if (std::isfinite(range.low) && std::isfinite(range.high) && range.low >= least && range.low <= range.high) return;
  throw Error(Code::kBadArgument, fmt::format("{}: expected a number or a rising range of at least {:g}, got {:g}-{:g}",
                                              what, least, range.low, range.high));
}

std::string to_text(const Range& range) {
  return range.low == range.high ? plain(range.low) : fmt::format("{} to {}", plain(range.low), plain(range.high));
}

Factor overhead_of(const std::string& text, const std::string& what) {
  if (text.empty()) return {{1, 1}, "not stated: 1, the devices alone, without the building"};
  const Factor found{parse_range(text, what), std::string(kStated)};
  check_range(found.value, what, 1);
  return found;
}

Factor intensity_of(const std::string& grams, const std::string& region, const std::string& what) {
  if (!grams.empty() && !region.empty()) {
    throw Error(Code::kBadArgument,
                fmt::format("{}: a region is stated too ('{}'); expected one of them", what, region));
  }
  if (!grams.empty()) {
    const Factor found{parse_range(grams, what), std::string(kStated)};
    check_range(found.value, what, 0);
    return found;
  }
  const Region& found = region_named(region.empty() ? kWorld : std::string_view(region));
  return {{found.grams_per_kwh, found.grams_per_kwh},
          fmt::format("{}{}, {}: {}", region.empty() ? "not stated: " : "", found.place, found.year, found.source)};
}

Factor watts_of(const std::string& text, const std::string& what, bool one) {
  if (const auto range = range_in(text)) {
    check_range(*range, what, 0);
    return {*range, std::string(kStated)};
  }
  std::string_view name = text;
  const unsigned count = take_count(name);
  if (one && count > 1) {
    throw Error(Code::kBadArgument, fmt::format("{}: expected the watts of one device, got those of {}", what, count));
  }
  const Devices found = devices_named(name, what);
  return {found.watts * count,
          fmt::format("{}{}, thermal design power, which load may not reach: {}",
                      count > 1 ? fmt::format("{} x ", count) : std::string(), found.names, found.source)};
}

}  // namespace mi2::energy
