#pragma once
// An object's pixels with parts of every frame blacked out, uncompressed.

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "dicom/elements.hpp"
#include "dicom/results/mask.hpp"

namespace mi2::dicom::results {

struct MaskedPixels {
  std::string_view refused;  ///< why there are none; of a fixed list
  std::string head;          ///< up to their first byte
  std::shared_ptr<const std::vector<std::byte>> bytes;
  std::string tail;
  std::map<Tag, std::string> values;  ///< of attributes that are others now, as they are written; empty: left out
};

/// Explicit VR little endian's pixel data of an object, in which the boxes are black in every frame: 0, in MONOCHROME1
/// the largest value, in signed or floating grey the darkest one that the object has, of a palette the darkest colour.
/// Compressed frames are decoded. Of what was compressed with loss, or may have been, the values say so.
/// @param file        the object's bytes.  @param data  what was read of them, by which native pixels are found.
/// @param max_pixels  as Options::max_pixels.
/// @throws Error{kBadFile}, {kUnsupported} if frames cannot be decoded; {kTooLarge} over a GiB of them.
MaskedPixels masked_pixels(Bytes file, const Item& data, const std::vector<Box>& boxes, std::uint64_t max_pixels,
                           std::string_view name);

}  // namespace mi2::dicom::results
