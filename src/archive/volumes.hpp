#pragma once
// The volumes of a series: what of it is chosen from alone.

#include <span>
#include <vector>

#include "archive/slices.hpp"
#include "embedder/series.hpp"

namespace mi2::archive {

/// Frames of one group as volumes by time and b-value, each sorted by place. One, as they are, unless there are several
/// and each of them has two places or more: of a moving picture of one place each image is a moment, and no volume.
std::vector<std::vector<embedder::PlacedFrame>> volumes_of(std::span<const embedder::PlacedFrame> frames);

/// Those that are chosen, of each volume alone.
std::vector<embedder::PlacedFrame> chosen(const Slices& slices, std::span<const embedder::PlacedFrame> frames);

}  // namespace mi2::archive
