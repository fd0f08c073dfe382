#pragma once
// Which frames of an image are read: of a multi-frame DICOM object, or the pages of a TIFF.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <mi2/export.h>

namespace mi2 {

/// Frames are numbered from 1, as DICOM numbers them.
struct FrameSelection {
  enum class Kind : std::uint8_t {
    kMiddle,  ///< the frame that represents the image: of DICOM number frames / 2 + 1, of a TIFF the first page
    kAll,
    kFirst,
    kNumber,  ///< frame number `value`
    kEvery,   ///< frames 1, 1 + `value`, 1 + 2 * `value`, ..
    kCenter,  ///< `value` frames around the one in the middle, an even number with one more before it; all if fewer
  };
  Kind kind = Kind::kMiddle;
  std::uint64_t value = 0;  ///< at least 1 where it counts

  friend bool operator==(const FrameSelection&, const FrameSelection&) = default;
};

/// "middle", "all", "first", "N", "every:K" or "center:K".
MI2_EXPORT std::string to_string(const FrameSelection& selection);
/// @throws Error{kBadArgument} for anything else.
MI2_EXPORT FrameSelection parse_frames(std::string_view text);

/// Where a tile of a whole slide lies, in pixels of the finest level.
struct TilePlace {
  unsigned level = 0;  ///< that it is read from; 0: the finest
  std::uint64_t x = 0;
  std::uint64_t y = 0;
  std::uint64_t width = 0;
  std::uint64_t height = 0;
  double mpp = 0;  ///< um between the pixels that the model sees, along x; 0: the slide does not say

  friend bool operator==(const TilePlace&, const TilePlace&) = default;
};

/// One frame of an image.
struct FramePlace {
  std::uint64_t number = 1;         ///< from 1
  std::uint64_t frames = 1;         ///< of the image; 0: not known
  std::optional<TilePlace> tile{};  ///< of a whole slide

  friend bool operator==(const FramePlace&, const FramePlace&) = default;
};

}  // namespace mi2
