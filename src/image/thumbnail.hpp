#pragma once
// Small images of images, for people.

#include <cstddef>
#include <vector>

#include "image/image.hpp"

namespace mi2::image {

/// A WebP file of nothing but pixels: no metadata, no profile.
/// @param image  "L" or "RGB", of at least one pixel.
/// @param side   the longer side of the result, 1 to 4096 pixels; a smaller image keeps its size.
/// @throws Error{kBadArgument} for another mode or side; {kInternal} if libwebp refuses.
std::vector<std::byte> thumbnail(const ImageView& image, int side);

}  // namespace mi2::image
