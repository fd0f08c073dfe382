#pragma once
// Mirroring.

#include "image/resize.hpp"

namespace mi2::dataset {

/// Left becomes right, in place.
void flip_horizontally(image::Raster& picture);
/// Top becomes bottom, in place.
void flip_vertically(image::Raster& picture);

}  // namespace mi2::dataset
