#pragma once
// Where a tile lies, as results say it.

#include <optional>
#include <string>

#include <mi2/frames.hpp>

namespace mi2::base {

/// `"tile": {"level": 0, "x": 0, "y": 0, "width": 480, "height": 480, "mpp": 0.5}` with the `separator` before it; mpp
/// is left out where it is not known. Empty without a tile.
std::string tile_member(const std::optional<FramePlace>& frame, const char* separator);

/// Columns of CSV, with a comma after each.
inline constexpr const char* kTileColumns = "level,x,y,width,height,mpp,";
/// The fields of these; empty ones for a row without a tile, or where it is not known.
std::string tile_fields(const std::optional<FramePlace>& frame);

}  // namespace mi2::base
