#include "base/tile_text.hpp"

#include <fmt/format.h>

#include "base/numbers.hpp"

namespace mi2::base {
namespace {

std::string number_text(double value) {
  std::string text;
  append_number(text, value);
  return text;
}

}  // namespace

std::string tile_member(const std::optional<FramePlace>& frame, const char* separator) {
  if (!frame || !frame->tile) return {};
  const TilePlace& tile = *frame->tile;
  const std::string mpp = tile.mpp > 0 ? R"(, "mpp": )" + number_text(tile.mpp) : "";
  return fmt::format(R"({}"tile": {{"level": {}, "x": {}, "y": {}, "width": {}, "height": {}{}}})", separator,
                     tile.level, tile.x, tile.y, tile.width, tile.height, mpp);
}

std::string tile_fields(const std::optional<FramePlace>& frame) {
  if (!frame || !frame->tile) return ",,,,,,";
  const TilePlace& tile = *frame->tile;
  return fmt::format("{},{},{},{},{},{},", tile.level, tile.x, tile.y, tile.width, tile.height,
                     tile.mpp > 0 ? number_text(tile.mpp) : "");
}

}  // namespace mi2::base
