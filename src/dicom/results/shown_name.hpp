#pragma once
// Whether an object's pixels may show somebody's name, or their face, by what its header says.

#include <string_view>

#include "dicom/describe.hpp"
#include "dicom/elements.hpp"

namespace mi2::dicom::results {

/// An overlay's bit in the pixels; the groups are 6000 to 601E.
bool is_overlay_bit(Tag tag);

/// Of kinds of objects whose pixels are known to show names, and of those that say so. Of a fixed list; empty: nothing
/// is known.
std::string_view shown_name(const Item& data, const Description& said);

/// Whether what shown_name() found can be in a part of each frame: a face, an overlay's bits and tiles are not.
bool can_be_masked(std::string_view shown);

}  // namespace mi2::dicom::results
