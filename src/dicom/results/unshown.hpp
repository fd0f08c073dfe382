#pragma once
// What encapsulated pixels have beside pictures: comments, applications' data, and bytes behind a picture's end.

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "dicom/elements.hpp"

namespace mi2::dicom::results {

/// A part of the value of the pixels' element, [first, last).
struct Part {
  std::size_t first = 0;
  std::size_t last = 0;
};

struct Unshown {
  std::string_view refused;  ///< why it is not known; of a fixed list
  std::vector<Part> parts;   ///< ascending, none empty: with zeros in their place every decoder reads the same pixels
  std::size_t table = 0;     ///< bytes that the offset table takes, with its item's head
  bool table_fits = false;   ///< each of its offsets is that of a fragment; so is an empty one
};

/// Of JPEG and JPEG-LS what is in comments and applications' segments, but for the markers by which decoders tell
/// colours; of JPEG 2000 what is in comments; of RLE what its headers do not use and what is between and behind the
/// bytes of pixels; of all what is behind a picture's end.
/// @param pixels  with fragments.  @param frames  as the object says.
/// @param bytes   that a segment of RLE unpacks to: pixels of a frame.
/// @throws Error{kTooLarge} as read_fragments().
Unshown find_unshown(const Element& pixels, std::uint64_t frames, std::uint64_t bytes, std::string_view name);

}  // namespace mi2::dicom::results
