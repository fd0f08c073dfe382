#pragma once
// Affine operations on 8-bit rasters: nearest neighbour, black where nothing was, equal to Pillow 13 bit for bit as
// torchvision 0.20 calls it (_apply_op of its auto-augmentation).

#include "image/resize.hpp"

namespace mi2::dataset {

/// Rows move right by `level` pixels per row, about the upper left corner.
image::Raster shear_x(const image::Raster& image, double level);
/// Columns move down by `level` pixels per column, about the upper left corner.
image::Raster shear_y(const image::Raster& image, double level);
/// Moves the image by whole pixels, to the right and down.
image::Raster translate(const image::Raster& image, int right, int down);
/// Turns about the centre, counter-clockwise, by degrees; the size stays.     Source: Pillow, Image.rotate.
image::Raster rotate(const image::Raster& image, double degrees);

}  // namespace mi2::dataset
