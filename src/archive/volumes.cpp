#include "archive/volumes.hpp"

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <utility>

namespace mi2::archive {
namespace {

using embedder::PlacedFrame;

/// @param frames  at least one.
bool has_places(std::span<const PlacedFrame> frames) {
  /// mm: places nearer than this are one.
  constexpr double kOneSlice = 1e-3;
  const auto nowhere = [](const PlacedFrame& frame) { return !frame.along.has_value(); };
  if (std::any_of(frames.begin(), frames.end(), nowhere)) return false;
  const auto [first, last] = std::minmax_element(
      frames.begin(), frames.end(), [](const PlacedFrame& a, const PlacedFrame& b) { return *a.along < *b.along; });
  return *last->along - *first->along > kOneSlice;
}

}  // namespace

std::vector<std::vector<PlacedFrame>> volumes_of(std::span<const PlacedFrame> frames) {
  std::map<std::pair<std::optional<double>, std::optional<double>>, std::vector<PlacedFrame>> by_kind;
  for (const PlacedFrame& frame : frames) by_kind[std::pair(frame.group.time, frame.group.b_value)].push_back(frame);
  const auto is_volume = [](const auto& one) { return has_places(one.second); };
  std::vector<std::vector<PlacedFrame>> volumes;
  if (by_kind.size() < 2 || !std::all_of(by_kind.begin(), by_kind.end(), is_volume)) {
    volumes.emplace_back(frames.begin(), frames.end());
    return volumes;
  }
  for (auto& [kind, volume] : by_kind) {
    embedder::sort_by_place(volume);
    volumes.push_back(std::move(volume));
  }
  return volumes;
}

std::vector<PlacedFrame> chosen(const Slices& slices, std::span<const PlacedFrame> frames) {
  if (slices.kind == Slices::Kind::kAll) return {frames.begin(), frames.end()};
  std::vector<PlacedFrame> found;
  for (const std::vector<PlacedFrame>& volume : volumes_of(frames)) {
    for (const std::uint64_t place : chosen(slices, volume.size())) found.push_back(volume[place]);
  }
  return found;
}

}  // namespace mi2::archive
