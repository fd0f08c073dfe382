#pragma once
// VL Whole Slide Microscopy objects: one level of a slide each, whose frames are tiles. DICOM PS3.3 C.7.6.17, C.8.12.4.

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "dicom/dicom.hpp"

namespace mi2::dicom {

/// The SOP class: VL Whole Slide Microscopy Image Storage.
inline constexpr std::string_view kSlideClass = "1.2.840.10008.5.1.4.1.1.77.1.6";

/// Which frame lies at which place of the grid of tiles.
class TileFrames {
 public:
  /// All of them, row by row, from frame `first` on.
  TileFrames(std::uint64_t columns, std::uint64_t rows, std::uint64_t first)
      : columns_(columns), rows_(rows), first_(first), full_(true) {}
  struct Placed {
    std::uint64_t place;  ///< row * columns + column
    std::uint64_t frame;
  };
  /// Those that are there. @param placed  sorted by place.
  TileFrames(std::uint64_t columns, std::uint64_t rows, std::vector<Placed> placed)
      : columns_(columns), rows_(rows), placed_(std::move(placed)) {}

  /// nullopt where there is none.
  [[nodiscard]] std::optional<std::uint64_t> at(std::uint64_t column, std::uint64_t row) const noexcept;

 private:
  std::uint64_t columns_;
  std::uint64_t rows_;
  std::uint64_t first_ = 0;
  bool full_ = false;
  std::vector<Placed> placed_;
};

/// What an object says of the slide that it is of.
struct SlideHead {
  std::string series_uid;
  std::string flavour;       ///< value 3 of ImageType: VOLUME, LABEL, OVERVIEW, THUMBNAIL
  std::uint64_t width = 0;   ///< pixels of the whole level
  std::uint64_t height = 0;  ///< pixels

  /// Whether it is a level of the slide, and no other image of the glass.
  [[nodiscard]] bool is_level() const noexcept {
    return flavour != "LABEL" && flavour != "OVERVIEW" && flavour != "THUMBNAIL" && flavour != "LOCALIZER";
  }
};

/// nullopt: another object, or none that can be read.
std::optional<SlideHead> slide_head(std::span<const std::byte> bytes);

struct SlideObject {
  SlideHead head;
  std::uint64_t tile_width = 0;   ///< pixels
  std::uint64_t tile_height = 0;  ///< pixels
  std::array<double, 2> mpp{};    ///< um between pixels, along x and y; 0: the object does not say
  std::vector<std::byte> icc_profile;
  image::Warnings warnings;
  TileFrames places;
  std::unique_ptr<image::Source> frames;
};

/// @param bytes  outlive the object.
/// @throws Error{kUnsupported} for another object, several optical paths, a part of a concatenation, or tiles that do
/// not
///         lie on a grid; {kBadFile} for fewer frames than tiles; as open().
SlideObject open_slide(std::span<const std::byte> bytes, const Options& options, std::string_view name);

}  // namespace mi2::dicom
