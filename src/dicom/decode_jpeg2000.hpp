#pragma once
// JPEG 2000 frames.

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "dicom/layout.hpp"

namespace mi2::dicom {

/// Decodes a frame and updates `layout` (depth, planes, colour model) to what came out. Samples have the stream's bits,
/// and the sign that PixelRepresentation says, as pydicom reads them.
/// @throws Error{kBadFile} if it is broken, ends early or disagrees with `layout`; {kUnsupported}, {kTooLarge}.
std::vector<std::uint8_t> decode_jpeg2000(std::span<const std::uint8_t> stream, Layout& layout, std::string_view name,
                                          image::Warnings& warnings);

}  // namespace mi2::dicom
