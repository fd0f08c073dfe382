#pragma once
// Pixel data that is not compressed.

#include <string_view>

#include "dicom/frame.hpp"

namespace mi2::dicom {

/// @throws Error{kBadFile} if the frames take more than there is.
void check_native(const Element& pixels, const Layout& layout, std::string_view name);

/// Fills frame.bytes with frame number frame.index.
/// @throws as check_native().
void read_native(const Element& pixels, Frame& frame, std::string_view name, image::Warnings& warnings);

/// 1-bit samples, the first in the lowest bit, to one byte each. `first` is the number of a bit.
std::vector<std::uint8_t> unpack_bits(std::span<const std::uint8_t> packed, std::uint64_t first, std::uint64_t count);

}  // namespace mi2::dicom
