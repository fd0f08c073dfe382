#pragma once
// What JPEG does to an image, without the bits in between.

#include "image/resize.hpp"

namespace mi2::image {

/// Turns samples into those that decode_jpeg() gives for what encode_jpeg() writes, bit for bit: the quantised
/// coefficients go from the one to the other as they are, a few rows at a time, since entropy coding loses nothing.
/// Grey stays one channel, and gives what it gives as RGB.
/// @param raster  grey or RGB, at most 65500 pixels a side; @param quality  1 to 100.
/// @throws Error{kInternal} if libjpeg refuses.
void jpeg_round_trip(Raster& raster, int quality);

}  // namespace mi2::image
