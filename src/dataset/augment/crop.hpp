#pragma once
// Random resized crop: a part of the image, of random size, shape and place, resized to the model's input.

#include "dataset/augment/options.hpp"
#include "dataset/augment/random.hpp"
#include "image/resize.hpp"

namespace mi2::dataset {

/// In pixels; inside the image.
struct CropBox {
  int left = 0;
  int top = 0;
  int width = 0;
  int height = 0;
};

/// Draws an area and a shape up to ten times until they fit; else the largest centred box of an allowed shape.
/// Source: torchvision 0.20, RandomResizedCrop.get_params.
CropBox draw_crop(Random& random, int width, int height, const AugmentOptions& options);

/// The part of an image, bicubic to width x height: Pillow's crop() and resize(), bit for bit.
image::Raster crop_and_resize(const image::Raster& image, const CropBox& box, int width, int height);

}  // namespace mi2::dataset
