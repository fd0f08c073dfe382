#pragma once
// Pillow's conversions between modes.

#include <cstdint>
#include <span>

#include "image/image.hpp"
#include "image/resize.hpp"

namespace mi2::image {

/// Pillow's convert("RGB"): alpha is dropped, palette indices are looked up, CMYK is (1 - k)(1 - c) in its rounding.
/// @param raster  in `mode`; @param palette  RGB triples, for kPalette; indices past its end are black.
Raster to_rgb(Mode mode, const RasterView& raster, std::span<const std::uint8_t> palette);

/// RGB whose three samples are equal in every pixel as one channel; any other raster as it is.
Raster without_colour(Raster raster);

/// Colour times alpha, in place. LA or RGBA: alpha is the last channel.
void premultiply(Raster& raster);
/// The inverse, in Pillow's rounding; colour under alpha 0 stays.
void unpremultiply(Raster& raster);

}  // namespace mi2::image
