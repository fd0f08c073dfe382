#pragma once
// Mirroring.

#include "image/resize.hpp"

namespace mi2::dataset {

/// Left becomes right, in place.
void flip_horizontally(image::Raster& image);
/// Top becomes bottom, in place.
void flip_vertically(image::Raster& image);

}  // namespace mi2::dataset
