#include "embedder/region.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <string>
#include <vector>

#include <fmt/format.h>

#include <mi2/error.hpp>

namespace mi2::embedder {
namespace {

void require_within(const Region& region, const ImageView& shown, std::string_view name) {
  const auto within = [](std::uint64_t first, std::uint64_t count, std::uint64_t side) {
    return first < side && count <= side - first;
  };
  if (within(region.x, region.width, shown.width) && within(region.y, region.height, shown.height)) return;
  throw Error(Code::kBadArgument,
              fmt::format("{}: expected a region within its {} x {} pixels, got {} x {} pixels from {},{} on", name,
                          shown.width, shown.height, region.width, region.height, region.x, region.y));
}

/// The samples of a region, line by line.
std::vector<std::byte> cut(const ImageView& shown, const Region& region) {
  const std::uint64_t channels = shown.mode == "L" ? 1 : 3;
  std::vector<std::byte> samples;
  samples.reserve(region.width * region.height * channels);
  for (std::uint64_t line = region.y; line < region.y + region.height; ++line) {
    const auto part = shown.samples.subspan((line * shown.width + region.x) * channels, region.width * channels);
    samples.insert(samples.end(), part.begin(), part.end());
  }
  return samples;
}

}  // namespace

Region parse_region(std::string_view text) {
  std::array<std::uint64_t, 4> numbers{};
  const char* at = text.data();
  const char* const end = text.data() + text.size();
  bool good = true;
  for (std::size_t i = 0; i < numbers.size() && good; ++i) {
    if (i > 0) good = at != end && *at++ == ',';
    const auto [next, error] = std::from_chars(at, end, numbers.at(i));
    good = good && error == std::errc{};
    at = next;
  }
  if (!good || at != end || numbers[2] == 0 || numbers[3] == 0) {
    throw Error(Code::kBadArgument,
                fmt::format("region: expected X,Y,WIDTH,HEIGHT in pixels, as in 0,20,300,240, got '{}'", text));
  }
  return {numbers[0], numbers[1], numbers[2], numbers[3]};
}

std::string to_string(const Region& region) {
  return fmt::format("{},{},{},{}", region.x, region.y, region.width, region.height);
}

std::uint64_t pixels_of_cutting(std::uint64_t whole, const Region& region) noexcept {
  const std::uint64_t height = std::max<std::uint64_t>(region.height, 1);
  return whole + (region.width > whole / height ? whole : region.width * height);
}

Pixels prepare_region(const Embedder& embedder, std::span<const std::byte> encoded, std::string_view name,
                      const Region& region) {
  return prepare_region(embedder, encoded, name, region, embedder.options().image);
}

Pixels prepare_region(const Embedder& embedder, std::span<const std::byte> encoded, std::string_view name,
                      const Region& region, const ImageOptions& options) {
  std::string mode;
  std::vector<std::byte> samples;
  const Pixels whole = embedder.prepare(encoded, name, options, [&](const ImageView& shown) {
    require_within(region, shown, name);
    mode = shown.mode;
    samples = cut(shown, region);
  });
  ImageView view;
  view.mode = mode;
  view.width = region.width;
  view.height = region.height;
  view.samples = samples;
  Pixels part = embedder.prepare(view, name, options);
  part.warnings.insert(part.warnings.begin(), whole.warnings.begin(), whole.warnings.end());
  return part;
}

}  // namespace mi2::embedder
