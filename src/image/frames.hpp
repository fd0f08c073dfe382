#pragma once
// A selection applied to an image.

#include <cstdint>
#include <string_view>

#include <mi2/frames.hpp>

#include "image/source.hpp"

namespace mi2::image {

/// Frames first, first + step, ..: never a list, since a file may claim any number of frames.
struct FrameRange {
  std::uint64_t first = 0;  ///< 0-based
  std::uint64_t step = 1;
  std::uint64_t count = 1;  ///< at least 1
};

/// The selected frames of `source`. Frames are counted only where the selection needs it.
/// @throws Error{kBadArgument} naming how many frames there are, for a number past the last; as Source::frames().
FrameRange select_frames(const Source& source, const FrameSelection& selection, std::string_view name);

}  // namespace mi2::image
