#pragma once
// JPEG as libjpeg-turbo reads and writes it by default: accurate integer DCT, fancy upsampling.

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include "image/image.hpp"

namespace mi2::image {

/// Baseline, extended and progressive; grey, YCbCr or RGB, and CMYK or YCCK in Adobe's inverted convention (undone).
/// As Pillow, refuses a file that ends before its last row, and forgives what libjpeg only warns about.
/// @throws as Source::read(); {kTooLarge} also for more scans than any sane encoder writes.
Image decode_jpeg(std::span<const std::byte> bytes, const DecodeOptions& options, std::string_view name);

/// RGB [height, width, 3] to a baseline JPEG with 4:2:0 chroma, as Pillow's save(quality=quality).
std::vector<std::byte> encode_jpeg(const Pixels& pixels, int quality);

}  // namespace mi2::image
