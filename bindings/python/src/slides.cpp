#include "slides.hpp"

#include <filesystem>
#include <span>
#include <string_view>
#include <utility>

#include "embedder/inputs.hpp"
#include "embedder/slides.hpp"
#include "images.hpp"

namespace nb = nanobind;

namespace mi2::python {
namespace {

ImageOptions options_of(const Embedder& embedder, const std::optional<std::string>& level,
                        const std::optional<std::string>& mpp, const std::string& tiles, const std::string& frames) {
  ImageOptions options = embedder.options().image;
  SlideOptions& slide = options.slide.emplace();
  if (level) slide.level = parse_level(*level);
  if (mpp) slide.mpp = parse_mpp(*mpp);
  slide.tiles = parse_tiles(tiles);
  options.frames = parse_frames(frames);
  return options;
}

}  // namespace

std::vector<TileRow> embed_tiles(const Embedder& embedder, const std::vector<std::string>& paths,
                                 const std::optional<std::string>& level, const std::optional<std::string>& mpp,
                                 const std::string& tiles, const std::string& frames, std::size_t batch, Rows& rows,
                                 const nb::object& on_error, const nb::callable& advance) {
  const ImageOptions options = options_of(embedder, level, mpp, tiles, frames);
  embedder::ExpandedPaths expanded;
  embedder::NextItem items;
  {
    const nb::gil_scoped_release unlocked;  // files are looked into
    expanded = embedder::expand_paths(paths);
    items = embedder::slides_of(
        expanded.inputs, options.max_file_bytes,
        [&](std::span<const std::filesystem::path> files, std::string_view name) {
          return embedder.open_slide(files, name, options);
        },
        [&](std::vector<std::byte> encoded, std::string_view name) {
          return embedder.open_image(std::move(encoded), name, options);
        });
  }
  std::vector<TileRow> places;
  embed_items({embedder, batch, rows, nullptr, on_error, advance}, items, [&](const embedder::Embedded& item) {
    const TilePlace tile = item.frame && item.frame->tile ? *item.frame->tile : TilePlace{};
    places.emplace_back(item.name, item.frame ? item.frame->number : 0, tile.level, tile.x, tile.y, tile.width,
                        tile.height, tile.mpp);
    return places.size() - 1;
  });
  return places;
}

}  // namespace mi2::python
