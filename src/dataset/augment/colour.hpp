#pragma once
// Colour operations on 8-bit RGB rasters [height, width, 3], in place, equal to Pillow 13 bit for bit.
// A factor of 1 changes nothing; below 1 is less, above 1 more (ImageEnhance).

#include "image/resize.hpp"

namespace mi2::dataset {

/// Towards or away from black.      Source: Pillow, ImageEnhance.Brightness.
void adjust_brightness(image::Raster& image, double factor);
/// Towards or away from grey.       Source: Pillow, ImageEnhance.Color.
void adjust_saturation(image::Raster& image, double factor);
/// Towards or away from the image's mean grey.      Source: Pillow, ImageEnhance.Contrast.
void adjust_contrast(image::Raster& image, double factor);
/// Towards or away from a smoothed copy; images with a side under 3 pixels stay.   Source: Pillow,
/// ImageEnhance.Sharpness.
void adjust_sharpness(image::Raster& image, double factor);
/// Turns hues by `turn` of the circle, -0.5 to 0.5, in Pillow's HSV of 8 bits.      Source: torchvision 0.20,
/// adjust_hue on PIL images; Pillow, Convert.c.
void adjust_hue(image::Raster& image, double turn);
/// Keeps the upper `bits` (1 to 8) of each sample.      Source: Pillow, ImageOps.posterize.
void posterize(image::Raster& image, int bits);
/// Inverts samples that are not below the threshold.    Source: Pillow, ImageOps.solarize.
void solarize(image::Raster& image, double threshold);
/// Stretches each channel to 0..255.                    Source: Pillow, ImageOps.autocontrast.
void autocontrast(image::Raster& image);
/// Flattens each channel's histogram.                   Source: Pillow, ImageOps.equalize.
void equalize(image::Raster& image);

}  // namespace mi2::dataset
