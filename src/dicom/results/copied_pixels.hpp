#pragma once
// An object's pixels as a copy of it has them.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "dicom/elements.hpp"
#include "dicom/results/unshown.hpp"

namespace mi2::dicom::results {

/// The first of the elements that pixels can be in; nullptr: there is none.
const Element* find_pixels(const Item& data);
bool is_pixel_tag(Tag tag);

/// An unsigned value of 16 bits; 0: there is none.
std::uint64_t word_of(const Item& data, Tag tag);

/// Of pixels that are not encapsulated, in explicit VR.
std::string_view native_vr(Tag tag, std::uint64_t bits_allocated);

struct CopiedPixels {
  std::string_view refused;  ///< why there are none; of a fixed list
  std::string head;          ///< up to their first byte
  Bytes bytes;               ///< a view of the element's value
  std::vector<Part> blank;   ///< of `bytes`: zeros in the copy
  std::string tail;
};

/// Native pixels are exactly what the header says; encapsulated ones are without what find_unshown() finds, and without
/// an offset table that does not fit.
CopiedPixels copied_pixels(const Item& data, const Element& pixels, bool encapsulated, std::string_view name);

}  // namespace mi2::dicom::results
