#pragma once
// Which frames of a series make a volume together, as a DICOM object says it.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "image/source.hpp"

namespace mi2::dicom {

/// Of each frame of an object, by its header: IMAGE TYPE and Temporal Position Identifier, b-value, and what the
/// functional groups of enhanced objects say in their place.
/// @param frames  as image::Source::frames().
/// @throws Error{kBadFile}, {kUnsupported}, {kTooLarge} as describe().
std::vector<image::FrameGroup> frame_groups(std::span<const std::byte> bytes, std::string_view name,
                                            std::uint64_t frames);

}  // namespace mi2::dicom
