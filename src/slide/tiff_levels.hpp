#pragma once
// Which directories of a TIFF are the levels of a slide. No pixels here.

#include <array>
#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include "image/tiff_tiles.hpp"

namespace mi2::slide {

struct TiffLevels {
  std::vector<std::size_t> directories;  ///< the finest first; empty: of another layout
  std::array<double, 2> mpp{};           ///< um between pixels of the finest, along x and y; 0: not said
  std::string_view other;                ///< whose layout it is, if it is another one's
};

/// Aperio (SVS), OME (levels below the first directory) and generic (smaller tiled directories after the first).
/// @throws Error{kUnsupported} for a TIFF that is no slide, or of several planes.
TiffLevels find_tiff_levels(std::span<const image::TiffDirectory> directories, std::string_view name);

}  // namespace mi2::slide
