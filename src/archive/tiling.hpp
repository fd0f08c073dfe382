#pragma once
// By which tiles the whole slides of an archive are added, and a tile of one read again.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <mi2/image.hpp>
#include <mi2/slide.hpp>

#include "archive/catalog_facts.hpp"
#include "embedder/preparer.hpp"
#include "slide/slide.hpp"

namespace mi2::archive {

/// How whole slides are read.
struct Slides {
  enum class Kind : std::uint8_t {
    kAsBefore,  ///< by the tiles that their files, else their source, were added by; else as pictures
    kPictures,
    kTiles,  ///< by `tiles`
  };
  Kind kind = Kind::kAsBefore;
  SlideOptions tiles{};
  std::optional<SlideOptions> source{};  ///< with kAsBefore: what the source was added by
  /// Of a model's image, which tiles have. None: slides are pictures.
  std::function<embedder::ModelSize()> model_size{};
  std::size_t together = 4096;  ///< tiles that are committed together
};

/// What to_string(SlideOptions) wrote, or unfinished() of it; nothing for any other text.
std::optional<SlideOptions> parse_tiling(std::string_view text);
/// For KnownFile::slices of a slide that is to be looked at again: some of its tiles are missing.
std::string unfinished(std::string_view tiling);

/// Whether two are read from the same place. um per pixel follow from it, up to rounding.
bool same_tile(const TileFacts& one, const TileFacts& other) noexcept;

/// A tile of a slide that is to be embedded.
struct PlannedTile {
  std::uint64_t number = 0;  ///< of all tiles of the level, from 0
  TileFacts facts;
};

/// The tiles of a slide that were chosen.
struct SlidePlan {
  std::size_t file = 0;   ///< of the slide's files, the one that they are read from: its level's
  std::uint64_t all = 0;  ///< tiles of the level, those without tissue too
  std::vector<PlannedTile> tiles;
};

/// Opens a slide and chooses. @param paths  one, or the DICOM objects of its levels, the finest first.
/// @param claim  called with the number of tiles before they take memory.
/// @throws as slide::open(); Error{kTooLarge} for more tiles than an object may have frames.
SlidePlan plan_slide(std::span<const std::filesystem::path> paths, const SlideOptions& choice,
                     const ImageOptions& options, embedder::ModelSize size,
                     const std::function<void(std::uint64_t tiles, std::string_view name)>& claim,
                     std::string_view name);

/// The file of a tile, opened so that its frames are all tiles of the level, as large as this one. Tissue is not looked
/// for, and nothing is decoded.
/// @param file  outlives what is returned.
/// @throws as slide::open(); Error{kBadFile} if it has no such tile.
std::unique_ptr<image::Source> open_tiles(const slide::File& file, const TileFacts& tile, std::uint64_t number,
                                          const ImageOptions& options, std::string_view name);

/// The same tile as a model of another size has it: um per pixel. @param tiles  as open_tiles() opened it.
double mpp_for(const image::Source& tiles, const TileFacts& tile, embedder::ModelSize size);

/// Frames that one file has at most in an archive.
inline constexpr std::uint64_t kMostFrames = 1U << 20U;

}  // namespace mi2::archive
