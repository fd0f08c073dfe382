#pragma once
// Tiles of whole slides through the pipeline.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include <nanobind/nanobind.h>

#include <mi2/embedder.hpp>

#include "rows.hpp"

namespace mi2::python {

/// Of a row: the path of its slide, of the finest level if that has several; the tile's number from 1, and level, x, y,
/// width, height and mpp as mi2::TilePlace has them. A slide that cannot be opened is number 0.
using TileRow = std::tuple<std::string, std::uint64_t, unsigned, std::uint64_t, std::uint64_t, std::uint64_t,
                           std::uint64_t, double>;

/// Appends a row per selected tile of each slide, in order; of NaN for one that cannot be read.
/// @param paths     files, and folders of them. The DICOM objects of one series are the levels of one slide.
/// @param level     of the slide, @param mpp  um per pixel, @param tiles  as the program's options of these names.
/// @param frames    as mi2::parse_frames reads it, of the tiles.
/// @param on_error  called with the number of a row, from 0, and its Error; None: the first is thrown.
/// @param batch, advance  as of embed_images().
/// @throws Error{kBadArgument} for an option.
std::vector<TileRow> embed_tiles(const Embedder& embedder, const std::vector<std::string>& paths,
                                 const std::optional<std::string>& level, const std::optional<std::string>& mpp,
                                 const std::string& tiles, const std::string& frames, std::size_t batch, Rows& rows,
                                 const nanobind::object& on_error, const nanobind::callable& advance);

}  // namespace mi2::python
