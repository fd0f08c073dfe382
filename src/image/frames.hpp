#pragma once
// From a selection of frames to their numbers.

#include <cstdint>
#include <string_view>

#include <mi2/frames.hpp>

namespace mi2::image {

/// Frames first, first + step, ..: `count` of them, 0-based.
struct FrameRange {
  std::uint64_t first = 0;
  std::uint64_t step = 1;
  std::uint64_t count = 1;

  [[nodiscard]] std::uint64_t operator[](std::uint64_t i) const noexcept { return first + i * step; }
};

/// The frames that a selection means of an image.
/// @param frames  of the image, at least 1.   @param middle  the one that represents it.   @param name  for errors.
/// @throws Error{kBadArgument} for a number past the last frame.
FrameRange select_frames(const FrameSelection& selection, std::uint64_t frames, std::uint64_t middle,
                         std::string_view name);

}  // namespace mi2::image
