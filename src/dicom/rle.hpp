#pragma once
// Frames of DICOM RLE.

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "dicom/layout.hpp"

namespace mi2::dicom {

/// Decodes DICOM RLE (PS3.5 annex G). @returns samples by pixel, little endian; 1-bit samples still packed.
/// @throws Error{kBadFile} if the segments are not those of `layout` or too short.
std::vector<std::uint8_t> decode_rle(std::span<const std::uint8_t> stream, const Layout& layout, std::string_view name);

}  // namespace mi2::dicom
