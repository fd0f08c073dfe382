#pragma once
// Colour operations on 8-bit RGB rasters [height, width, 3], in place, equal to Pillow 13 bit for bit.
// A factor of 1 changes nothing; below 1 is less, above 1 more (ImageEnhance).

#include "image/resize.hpp"

namespace mi2::dataset {

/// Towards or away from black.      Source: Pillow, ImageEnhance.Brightness.
void adjust_brightness(image::Raster& picture, double factor);
/// Towards or away from grey.       Source: Pillow, ImageEnhance.Color.
void adjust_saturation(image::Raster& picture, double factor);
/// Towards or away from the picture's mean grey.      Source: Pillow, ImageEnhance.Contrast.
void adjust_contrast(image::Raster& picture, double factor);
/// Towards or away from a smoothed copy; pictures under 3 pixels a side stay.   Source: Pillow, ImageEnhance.Sharpness.
void adjust_sharpness(image::Raster& picture, double factor);
/// Keeps the upper `bits` (1 to 8) of each sample.      Source: Pillow, ImageOps.posterize.
void posterize(image::Raster& picture, int bits);
/// Inverts samples that are not below the threshold.    Source: Pillow, ImageOps.solarize.
void solarize(image::Raster& picture, double threshold);
/// Stretches each channel to 0..255.                    Source: Pillow, ImageOps.autocontrast.
void autocontrast(image::Raster& picture);
/// Flattens each channel's histogram.                   Source: Pillow, ImageOps.equalize.
void equalize(image::Raster& picture);

}  // namespace mi2::dataset
