#pragma once
// An encoded image whose frames are read one at a time.

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "image/image.hpp"
#include "image/intensity.hpp"

#include <mi2/frames.hpp>

namespace mi2::image {

/// What sets a frame apart from others of its series in the same plane. dicom/frame_groups.hpp reads it.
struct FrameGroup {
  bool localizer = false;         ///< a scout, on which others were planned
  std::optional<double> time;     ///< which of the volumes that follow one another in time
  std::optional<double> b_value;  ///< s/mm2: how strongly diffusion is weighted

  friend bool operator==(const FrameGroup&, const FrameGroup&) = default;
};

/// What a frame is. DICOM says more than the first two, and a tile where it lies.
struct FrameInfo {
  std::uint64_t index = 0;   ///< 0-based
  std::uint64_t frames = 1;  ///< of the image
  std::string study_uid;     ///< StudyInstanceUID; empty: unknown, as below
  std::string series_uid;    ///< SeriesInstanceUID
  std::string instance_uid;  ///< SOPInstanceUID
  std::optional<std::int64_t> instance_number;
  std::optional<std::array<double, 3>> position;     ///< mm: ImagePositionPatient
  std::optional<std::array<double, 6>> orientation;  ///< of rows and of columns: ImageOrientationPatient
  std::optional<std::array<double, 2>> spacing;      ///< mm: between rows, between columns (PixelSpacing)
  std::optional<std::array<double, 2>> window;       ///< WindowCenter, WindowWidth of the frame
  std::optional<TilePlace> tile;                     ///< of a whole slide
  FrameGroup group;                                  ///< Source::info() leaves it empty
};

/// The normal of the plane of an orientation, of length 1 if its directions are perpendicular and of length 1.
std::array<double, 3> normal_of(const std::array<double, 6>& orientation) noexcept;

class Source {
 public:
  Source() = default;
  Source(const Source&) = delete;
  Source& operator=(const Source&) = delete;
  virtual ~Source() = default;

  /// At least 1. @throws as read().
  [[nodiscard]] virtual std::uint64_t frames() const { return 1; }
  /// The frame that represents the image.
  [[nodiscard]] virtual std::uint64_t middle() const { return 0; }
  /// @throws Error{kBadFile} if the image cannot hold all the frames that it says it has.
  virtual void check() const {}
  /// What frame `index` is. @throws as read().
  [[nodiscard]] virtual FrameInfo info(std::uint64_t index) const;
  /// Hands over the samples of frame `index` by which its grey levels would be chosen; nothing if those are fixed.
  /// @throws as read().
  virtual void each_block(std::uint64_t /*index*/, const UseBlock& /*use*/) const {}
  /// Whether its values are Hounsfield units, for which windows with names are (Window::hounsfield). A volume does not
  /// say: all of it may be read.
  [[nodiscard]] virtual bool takes_hounsfield() const { return false; }
  /// Decodes frame `index`; no other is kept. Safe to call from several threads.
  /// @throws Error{kBadArgument} past the last frame, {kBadFile} corrupt or truncated, {kUnsupported} a variant not
  ///         read, {kTooLarge}.
  [[nodiscard]] virtual Image read(std::uint64_t index) const = 0;
};

/// @throws Error{kBadArgument} naming how many frames there are, unless `index` is one of them.
void check_frame(std::uint64_t index, std::uint64_t frames, std::string_view name);

/// Whether a file that starts so is of a format that open() reads.
bool looks_like_image(std::span<const std::byte> head) noexcept;

/// "GIF", ..: what a file that starts so is, be it only to refuse it; empty if that is not known.
std::string_view format_name(std::span<const std::byte> head) noexcept;

/// Opens an image file of a format of docs/preprocessing.md, held in memory, which must outlive the source. The pages
/// of a TIFF are its frames, without reduced copies and masks; an animation is its first frame. EXIF orientation is
/// ignored.
/// @param name  what errors call the image (a path, "row 3").
/// @throws Error{kBadFile} empty, {kUnsupported} another format.
std::unique_ptr<Source> open(std::span<const std::byte> bytes, const DecodeOptions& options, std::string_view name);

}  // namespace mi2::image
