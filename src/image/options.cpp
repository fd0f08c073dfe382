#include "image/options.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <optional>
#include <string>
#include <string_view>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <mi2/error.hpp>

namespace mi2 {
namespace {

/// In the order of Profile.
constexpr std::array<std::string_view, 4> kProfiles = {"raw", "azure", "toolkit", "mcp"};

/// "A,B" as two finite numbers.
std::optional<std::array<double, 2>> parse_pair(std::string_view text) {
  std::array<double, 2> pair{};
  const char* at = text.data();
  const char* const end = at + text.size();
  for (std::size_t i = 0; i < 2; ++i) {
    if (i == 1 && (at == end || *at++ != ',')) return std::nullopt;
    const auto [next, error] = std::from_chars(at, end, pair.at(i));
    if (error != std::errc() || !std::isfinite(pair.at(i))) return std::nullopt;
    at = next;
  }
  return at == end ? std::optional(pair) : std::nullopt;
}

bool makes_sense(const Window& window) {
  return std::isfinite(window.center) && std::isfinite(window.width) && window.width >= 1;
}

bool makes_sense(const Intensity& intensity) {
  // The bound keeps center -/+ width / 2 and their difference finite.
  constexpr double kFar = 1e300;
  switch (intensity.kind) {
    case Intensity::Kind::kAuto:
    case Intensity::Kind::kPercentile:
      return intensity.low >= 0 && intensity.low < intensity.high && intensity.high <= 100;
    case Intensity::Kind::kMinMax:
      return true;
    case Intensity::Kind::kWindow:
      return intensity.window.width > 0 && intensity.window.width <= kFar && std::abs(intensity.window.center) <= kFar;
  }
  return false;
}

[[noreturn]] void bad_window(std::string_view text) {
  throw Error(Code::kBadArgument,
              fmt::format("window '{}': expected CENTER,WIDTH, both finite, WIDTH at least 1", text));
}

[[noreturn]] void bad_intensity(std::string_view text) {
  throw Error(
      Code::kBadArgument,
      fmt::format("intensity '{}': expected 'auto', 'percentile:LOW,HIGH' with 0 <= LOW < HIGH <= 100, 'minmax' or "
                  "'window:CENTRE,WIDTH' with WIDTH > 0",
                  text));
}

/// Whatever its limits are: the caller checks them.
std::optional<Intensity> read_intensity(std::string_view text) {
  constexpr std::string_view kPercentile = "percentile:";
  constexpr std::string_view kWindow = "window:";
  Intensity intensity;
  if (text == "auto") return intensity;
  if (text == "minmax") {
    intensity.kind = Intensity::Kind::kMinMax;
    return intensity;
  }
  const bool window = text.starts_with(kWindow);
  if (!window && !text.starts_with(kPercentile)) return std::nullopt;
  const auto pair = parse_pair(text.substr(window ? kWindow.size() : kPercentile.size()));
  if (!pair) return std::nullopt;
  const auto [first, second] = *pair;
  if (window) {
    intensity.kind = Intensity::Kind::kWindow;
    intensity.window = {first, second};
  } else {
    intensity.kind = Intensity::Kind::kPercentile;
    intensity.low = first;
    intensity.high = second;
  }
  return intensity;
}

}  // namespace

std::string_view name_of(Profile profile) noexcept { return kProfiles.at(static_cast<std::size_t>(profile)); }

Profile parse_profile(std::string_view name) {
  const auto* const found = std::find(kProfiles.begin(), kProfiles.end(), name);
  if (found != kProfiles.end()) return static_cast<Profile>(found - kProfiles.begin());
  throw Error(Code::kBadArgument, fmt::format("profile '{}': expected one of {}", name, fmt::join(kProfiles, ", ")));
}

std::string to_string(const Window& window) { return fmt::format("{},{}", window.center, window.width); }

Window parse_window(std::string_view text) {
  const auto pair = parse_pair(text);
  if (!pair) bad_window(text);
  const Window window{(*pair)[0], (*pair)[1]};
  if (!makes_sense(window)) bad_window(text);
  return window;
}

std::string to_string(const Intensity& intensity) {
  switch (intensity.kind) {
    case Intensity::Kind::kAuto:
      return "auto";
    case Intensity::Kind::kPercentile:
      return fmt::format("percentile:{},{}", intensity.low, intensity.high);
    case Intensity::Kind::kMinMax:
      return "minmax";
    case Intensity::Kind::kWindow:
      break;
  }
  return "window:" + to_string(intensity.window);
}

Intensity parse_intensity(std::string_view text) {
  const std::optional<Intensity> intensity = read_intensity(text);
  if (!intensity || !makes_sense(*intensity)) bad_intensity(text);
  return *intensity;
}

namespace image {

void check(const Window& window) {
  if (!makes_sense(window)) bad_window(to_string(window));
}

void check(const Intensity& intensity) {
  if (!makes_sense(intensity)) bad_intensity(to_string(intensity));
}

}  // namespace image
}  // namespace mi2
