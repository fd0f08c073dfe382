#pragma once
// Other fields of view: a round field, as microscopes and eyepieces have it, and a picture small on black.

#include "dataset/augment/crop.hpp"
#include "dataset/augment/random.hpp"
#include "image/resize.hpp"

namespace mi2::dataset {

/// What is farther from the middle than `radius` halves of the shorter side becomes black, in place.
void make_round(image::Raster& image, double radius);
/// Drawn from 0.8 to 1.1, so that a field may touch the sides or be cut off by them.
double draw_radius(Random& random) noexcept;

/// Where a picture is shown: its sides times one factor of `least` to 1, anywhere inside. Sides are at least 1.
CropBox draw_place(Random& random, int width, int height, double least) noexcept;
/// The whole image, bicubic, in `place`, and black around it. The size stays.
image::Raster shown_in(const CropBox& place, const image::Raster& image);

}  // namespace mi2::dataset
