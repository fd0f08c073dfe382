#include "slide/level_choice.hpp"

#include <algorithm>
#include <cmath>
#include <optional>

#include <fmt/format.h>

#include <mi2/error.hpp>

namespace mi2::slide {
namespace {

/// A level that is coarser by this much is still as fine: scanners of "0.25 um" have 0.2528.
constexpr double kStillAsFine = 1.05;

std::uint64_t scaled(std::uint64_t size, double wanted, double mpp) {
  constexpr double kMost = 2147483647;
  return static_cast<std::uint64_t>(std::clamp(std::round(static_cast<double>(size) * wanted / mpp), 1.0, kMost));
}

}  // namespace

std::string text_of(std::span<const Level> levels) {
  std::string text;
  for (std::size_t i = 0; i < levels.size(); ++i) {
    text += fmt::format("{}level {}: {} x {}", i == 0 ? "" : ", ", i, levels[i].width, levels[i].height);
    if (levels[i].mpp[0] > 0) text += fmt::format(" at {:.4g} um", levels[i].mpp[0]);
  }
  return text;
}

LevelChoice choose_level(std::span<const Level> levels, const SlideOptions& options, std::uint64_t width,
                         std::uint64_t height, std::string_view name) {
  if (options.level) {
    if (*options.level < levels.size()) return {*options.level, width, height};
    throw Error(Code::kBadArgument, fmt::format("{}: it has no level {}: {}", name, *options.level, text_of(levels)));
  }
  const double wanted = options.mpp.value_or(kUsualMpp);
  std::optional<std::size_t> chosen;
  for (std::size_t i = 0; i < levels.size(); ++i) {
    const auto& [x, y] = levels[i].mpp;
    if (x > 0 && y > 0 && std::max(x, y) <= wanted * kStillAsFine) chosen = i;
  }
  if (chosen) {
    const auto& [x, y] = levels[*chosen].mpp;
    return {*chosen, scaled(width, wanted, x), scaled(height, wanted, y)};
  }
  if (levels[0].mpp[0] <= 0 || levels[0].mpp[1] <= 0) {
    throw Error(Code::kBadArgument, fmt::format("{}: the slide does not say its resolution; choose a --level of {}",
                                                name, text_of(levels)));
  }
  throw Error(Code::kBadArgument, fmt::format("{}: no level is as fine as {} um per pixel: {}; choose a --level, or a "
                                              "larger --mpp",
                                              name, wanted, text_of(levels)));
}

}  // namespace mi2::slide
