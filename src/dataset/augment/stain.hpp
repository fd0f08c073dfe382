#pragma once
// Other stains: what haematoxylin, eosin and DAB absorb, each made stronger or weaker.

#include <array>

#include "dataset/augment/random.hpp"
#include "image/resize.hpp"

namespace mi2::dataset {

/// The optical density of stain i becomes scale[i] * density + offset[i]. Stains: haematoxylin, eosin, DAB.
struct StainShift {
  std::array<double, 3> scale{1, 1, 1};
  std::array<double, 3> offset{0, 0, 0};
};

/// Scales from 1 - strength to 1 + strength, offsets from -strength to strength.
/// Source: Tellez et al., IEEE TMI 37 (2018), HED colour augmentation.
StainShift draw_stain(Random& random, double strength) noexcept;

/// An RGB raster, in place. A sample v is light of (v + 1) / 256, its density -ln of that; the densities of a pixel
/// are those of the stains times the matrix of their colours, whose rows have length 1. An image whose channels are
/// equal everywhere has no stain and stays as it is.     Source: Ruifrok and Johnston, 2001 (the matrix).
void apply(const StainShift& shift, image::Raster& image);

}  // namespace mi2::dataset
