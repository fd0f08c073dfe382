#pragma once
// Which parts of which pictures are blacked out, as a user says it.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "dicom/elements.hpp"

namespace mi2::dicom::results {

inline constexpr std::size_t kMostMasks = 256;

/// A rectangle of a picture, and the objects that it is of.
struct Mask {
  double x = 0;  ///< from the left
  double y = 0;  ///< from the top
  double width = 0;
  double height = 0;
  bool percent = false;  ///< of the picture's sides; else pixels
  /// Values that the object must have, in whatever case; empty: any.
  std::string modality, manufacturer, model, station;
  std::uint64_t rows = 0, columns = 0;  ///< that its picture must have; 0: any
};

/// "X,Y,WIDTH,HEIGHT" in whole pixels, or all in percent of the picture's sides: "0%,0%,100%,12.5%".
/// @throws Error{kBadArgument} for anything else, and for a rectangle without an area.
Mask parse_mask(std::string_view text);

/// A table (CSV) with the columns x, y, width and height, one rectangle per line, as in parse_mask(). Columns that may
/// be there say of which objects a line is: modality, manufacturer, model, station, rows, columns.
/// @param name  what errors call it.
/// @throws Error{kBadFile} naming the line; {kTooLarge} over kMostMasks lines.
std::vector<Mask> parse_masks(std::string_view csv, std::string_view name);

/// A part of a picture in pixels, [left, right) and [top, bottom).
struct Box {
  std::uint64_t left = 0, top = 0, right = 0, bottom = 0;
  bool operator==(const Box&) const = default;
};

struct Boxes {
  std::vector<Box> boxes;  ///< each once, with an area, cut to the picture
  bool outside = false;    ///< a mask of this object is wholly outside of the picture
};

/// What is masked of an object of rows x columns pixels. Parts of a pixel are whole ones.
Boxes boxes_of(const std::vector<Mask>& masks, const Item& data, std::uint64_t rows, std::uint64_t columns);

}  // namespace mi2::dicom::results
