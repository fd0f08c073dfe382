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

struct NamedWindow {
  std::string_view name;
  Window window;
};
/// What radiologists commonly set, in Hounsfield units.
constexpr std::array kWindows = {
    NamedWindow{"lung", {-600, 1500, true}},
    NamedWindow{"soft", {40, 400, true}},
    NamedWindow{"bone", {400, 1800, true}},
    NamedWindow{"brain", {40, 80, true}},
};

constexpr std::array<std::string_view, 3> kPlanes = {"axial", "coronal", "sagittal"};

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
  throw Error(
      Code::kBadArgument,
      fmt::format("window '{}': expected CENTER,WIDTH, both finite, WIDTH at least 1, or lung, soft, bone or brain",
                  text));
}

[[noreturn]] void bad_intensity(std::string_view text) {
  throw Error(
      Code::kBadArgument,
      fmt::format("intensity '{}': expected 'auto', 'percentile:LOW,HIGH' with 0 <= LOW < HIGH <= 100, 'minmax' or "
                  "'window:CENTRE,WIDTH' with WIDTH > 0, each also after 'series:' or 'image:'",
                  text));
}

/// Whatever its limits are: the caller checks them.
std::optional<Intensity> read_rule(std::string_view text) {
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

/// A rule after what it is about.
std::optional<Intensity> read_intensity(std::string_view text) {
  using Scope = Intensity::Scope;
  const auto scope = text.starts_with("series")  ? Scope::kSeries
                     : text.starts_with("image") ? Scope::kImage
                                                 : Scope::kUsual;
  if (scope == Scope::kUsual) return read_rule(text);
  text.remove_prefix(scope == Scope::kSeries ? 6 : 5);
  if (!text.empty() && !text.starts_with(':')) return std::nullopt;
  std::optional<Intensity> intensity = read_rule(text.empty() ? "auto" : text.substr(1));
  if (intensity) intensity->scope = scope;
  return intensity;
}

std::string_view name_of(Intensity::Scope scope) noexcept {
  return scope == Intensity::Scope::kSeries ? "series" : scope == Intensity::Scope::kImage ? "image" : "";
}

std::string rule_to_string(const Intensity& intensity) {
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
  return fmt::format("window:{},{}", intensity.window.center, intensity.window.width);
}

}  // namespace

std::string_view name_of(Profile profile) noexcept { return kProfiles.at(static_cast<std::size_t>(profile)); }

Profile parse_profile(std::string_view name) {
  const auto* const found = std::find(kProfiles.begin(), kProfiles.end(), name);
  if (found != kProfiles.end()) return static_cast<Profile>(found - kProfiles.begin());
  throw Error(Code::kBadArgument, fmt::format("profile '{}': expected one of {}", name, fmt::join(kProfiles, ", ")));
}

std::string_view name_of(Plane plane) noexcept { return kPlanes.at(static_cast<std::size_t>(plane)); }

Plane parse_plane(std::string_view name) {
  const auto* const found = std::find(kPlanes.begin(), kPlanes.end(), name);
  if (found != kPlanes.end()) return static_cast<Plane>(found - kPlanes.begin());
  throw Error(Code::kBadArgument, fmt::format("plane '{}': expected axial, coronal or sagittal", name));
}

std::string to_string(const Window& window) {
  for (const NamedWindow& named : kWindows) {
    if (named.window == window) return std::string(named.name);
  }
  return fmt::format("{},{}", window.center, window.width);
}

Window parse_window(std::string_view text) {
  for (const NamedWindow& named : kWindows) {
    if (named.name == text) return named.window;
  }
  const auto pair = parse_pair(text);
  if (!pair) bad_window(text);
  const Window window{(*pair)[0], (*pair)[1]};
  if (!makes_sense(window)) bad_window(text);
  return window;
}

std::string to_string(const Intensity& intensity) {
  const std::string_view scope = name_of(intensity.scope);
  if (scope.empty()) return rule_to_string(intensity);
  return intensity.kind == Intensity::Kind::kAuto ? std::string(scope)
                                                  : fmt::format("{}:{}", scope, rule_to_string(intensity));
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
