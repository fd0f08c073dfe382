#pragma once
// The frames of an image: which of them are wanted, and what each is.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <mi2/export.h>

namespace mi2 {

/// Which frames of a multi-frame DICOM object, or pages of a TIFF, are wanted. Every other image has one frame.
struct FrameSelection {
  enum class Kind : std::uint8_t {
    kMiddle,  ///< the one that represents the image: of DICOM the middle one, frames / 2; of a TIFF the first page
    kAll,
    kFirst,
    kNumber,  ///< frame `value`, counted from 1
    kEvery,   ///< the first, and every `value`-th after it
    kCenter,  ///< `value` frames around the middle, or all if there are no more
  };
  Kind kind = Kind::kMiddle;
  std::uint64_t value = 1;  ///< for kNumber, kEvery and kCenter; at least 1

  friend bool operator==(const FrameSelection&, const FrameSelection&) = default;
};

/// Parses "middle", "all", "first", "N", "every:K" or "center:K"; N and K are whole numbers from 1.
/// @throws Error{kBadArgument} with what was found and what is expected.
MI2_EXPORT FrameSelection parse_frames(std::string_view text);

/// As parse_frames reads it.
MI2_EXPORT std::string to_string(const FrameSelection& selection);

/// What a frame is. Only DICOM says more than the first two.
struct FrameInfo {
  std::uint64_t index = 0;   ///< 0-based
  std::uint64_t frames = 1;  ///< of the image
  std::string study_uid;     ///< StudyInstanceUID; empty: unknown, as below
  std::string series_uid;    ///< SeriesInstanceUID
  std::string instance_uid;  ///< SOPInstanceUID
  std::optional<std::int64_t> instance_number;
  std::optional<std::array<double, 3>> position;  ///< mm: ImagePositionPatient
  std::optional<std::array<double, 2>> spacing;   ///< mm: between rows, between columns (PixelSpacing)
  std::optional<std::array<double, 2>> window;    ///< WindowCenter, WindowWidth of the frame
};

}  // namespace mi2
