#include "archive/tiling.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "base/files.hpp"
#include "dicom/dicom.hpp"

namespace mi2::archive {

namespace {

constexpr std::string_view kUnfinished = " unfinished";

}  // namespace

std::string unfinished(std::string_view tiling) {
  return tiling.empty() || tiling.ends_with(kUnfinished) ? std::string(tiling)
                                                         : fmt::format("{}{}", tiling, kUnfinished);
}

bool same_tile(const TileFacts& one, const TileFacts& other) noexcept {
  TilePlace place = one.place;
  place.mpp = other.place.mpp;
  return place == other.place && one.read_width == other.read_width && one.read_height == other.read_height;
}

std::optional<SlideOptions> parse_tiling(std::string_view text) {
  if (text.ends_with(kUnfinished)) text.remove_suffix(kUnfinished.size());
  SlideOptions options;
  const std::string_view all = text;
  bool tiles = false;
  try {
    while (!text.empty()) {
      const std::string_view part = text.substr(0, text.find(','));
      text.remove_prefix(std::min(text.size(), part.size() + 1));
      const std::size_t equals = std::min(part.find('='), part.size());
      const std::string_view value = part.substr(std::min(part.size(), equals + 1));
      const std::string_view key = part.substr(0, equals);
      if (key == "level") options.level = parse_level(value);
      if (key == "mpp") options.mpp = parse_mpp(value);
      if (key == "tiles") options.tiles = parse_tiles(value);
      tiles = tiles || key == "tiles";
    }
  } catch (const Error&) {
    return std::nullopt;
  }
  if (!tiles || to_string(options) != all) return std::nullopt;
  return options;
}

SlidePlan plan_slide(std::span<const std::filesystem::path> paths, const SlideOptions& choice,
                     const ImageOptions& options, embedder::ModelSize size,
                     const std::function<void(std::uint64_t, std::string_view)>& claim, std::string_view name) {
  std::vector<base::MappedFile> files;
  std::vector<slide::File> views;
  for (const std::filesystem::path& path : paths) files.emplace_back(path);
  for (const base::MappedFile& file : files) views.push_back({file.bytes(), file.path()});
  slide::Options how = embedder::slide_options(options, size);
  how.choice = choice;
  const std::unique_ptr<slide::Tiles> tiles = slide::open(views, how, name);
  if (tiles->frames() > kMostFrames) {
    throw Error(Code::kTooLarge,
                fmt::format("{}: {} tiles, the limit is {}; choose a coarser --level or a larger --mpp", name,
                            tiles->frames(), kMostFrames));
  }
  if (claim) claim(tiles->frames(), name);
  SlidePlan plan;
  plan.all = tiles->all();
  const auto [width, height] = tiles->read_size();
  plan.tiles.reserve(tiles->frames());
  for (std::uint64_t i = 0; i < tiles->frames(); ++i) {
    plan.tiles.push_back({tiles->number(i), {*tiles->info(i).tile, width, height}});
  }
  // Of DICOM an object per level, in this order.
  if (views.size() > 1) plan.file = plan.tiles.front().facts.place.level;
  for (const base::MappedFile& file : files) file.check();
  return plan;
}

std::unique_ptr<image::Source> open_tiles(const slide::File& file, const TileFacts& tile, std::uint64_t number,
                                          const ImageOptions& options, std::string_view name) {
  slide::Options how;
  // The object of a level has that alone.
  how.choice.level = dicom::looks_like_dicom(file.bytes) ? 0U : tile.place.level;
  how.choice.tiles = SlideOptions::Tiles::kAll;
  how.tile_width = tile.read_width;
  how.tile_height = tile.read_height;
  how.max_pixels = options.max_pixels;
  how.claim = options.claim;
  // A catalog of nobody knows whom may have any number.
  if (tile.read_width == 0 || tile.read_height == 0) {
    throw Error(Code::kBadFile, fmt::format("{}: a tile without pixels", name));
  }
  std::unique_ptr<slide::Tiles> tiles = slide::open({&file, 1}, how, name);
  if (number < tiles->frames()) return tiles;
  throw Error(Code::kBadFile,
              fmt::format("{}: expected a slide with tile {}, got {} tiles", name, number + 1, tiles->frames()));
}

double mpp_for(const image::Source& tiles, const TileFacts& tile, embedder::ModelSize size) {
  const double level = tiles.info(0).tile ? tiles.info(0).tile->mpp : 0;
  return level * static_cast<double>(tile.read_width) / static_cast<double>(size.width);
}

}  // namespace mi2::archive
