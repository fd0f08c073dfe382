#pragma once
// A heatmap over its image, for people.

#include "embedder/heatmap.hpp"
#include "image/resize.hpp"

#include <mi2/image.hpp>

namespace mi2::embedder {

/// A copy of an image that was shown, "L" or "RGB".
image::Raster raster_of(const ImageView& shown);

/// The image in grey under the map's colours, as RGB: from dark blue at Heatmap::least by red to yellow at
/// Heatmap::most, equal steps of the cosine being equal steps for the eye. Cells keep their edges.
/// @param picture  grey or RGB of Patches::width x height pixels; one with a longer side than 1024 is drawn smaller.
/// @param smooth   whether colours go from the middle of a cell to the next, which shows more than is known.
image::Raster draw_heatmap(const Patches& patches, const Heatmap& map, const image::RasterView& picture, bool smooth);

}  // namespace mi2::embedder
