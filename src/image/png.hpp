#pragma once
// PNG as Pillow reads it, and as libpng writes it.

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include "image/image.hpp"
#include "image/resize.hpp"

namespace mi2::image {

/// A whole file that starts with the signature. 16-bit colour keeps the high bytes; 16-bit grey is scaled by
/// options.intensity; grey + alpha of 16 bits is RGBA. @throws as Source::read().
Image decode_png(std::span<const std::byte> bytes, const DecodeOptions& options, std::string_view name);

/// Grey [height, width, 1] or RGB [height, width, 3], of at least one pixel, to a file.
std::vector<std::byte> encode_png(const RasterView& raster);

}  // namespace mi2::image
