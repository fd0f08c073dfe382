#pragma once
// Cubic spline resampling as scikit-image does it.

#include "image/resize.hpp"

namespace mi2::image {

/// skimage.transform.resize(channel, (height, width), order=3, mode="constant", preserve_range=True,
/// anti_aliasing=True) of each channel, clipped to 0..255 and cut to whole numbers: a Gaussian where the image shrinks,
/// then a cubic B-spline, with zeros around the image. Takes 8 bytes per pixel beside the image.
/// Source: scikit-image 0.26 and SciPy 1.17 (ndimage.gaussian_filter, ndimage.zoom). The order of additions is SciPy's,
/// so that the cut falls where it falls there.
Raster resize_spline(const RasterView& in, int width, int height);

}  // namespace mi2::image
