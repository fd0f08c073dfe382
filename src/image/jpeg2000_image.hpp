#pragma once
// JPEG 2000 files: .jp2 and plain codestreams.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "image/image.hpp"

namespace mi2::image {

/// Grey, grey with alpha, RGB, RGBA, sYCC and CMYK of 1 to 16 bits; colour keeps its highest 8, deep and signed grey go
/// by options.intensity. 15 bytes per sample at most, as decode_jpeg2000().
/// @throws Error{kBadFile}, {kUnsupported}, {kTooLarge}.
Image decode_jpeg2000_file(std::span<const std::byte> bytes, const DecodeOptions& options, std::string_view name);

/// JFIF's YCbCr, which sYCC is, to RGB in place. @param step  samples per pixel, those of colour first.
void ycbcr_to_rgb(std::vector<std::uint8_t>& samples, std::size_t step);

}  // namespace mi2::image
