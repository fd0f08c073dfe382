#pragma once
// Whole slides as images of many tiles: DICOM, SVS and pyramidal TIFF, and what OpenSlide reads where it is installed.

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string_view>

#include "image/source.hpp"

#include <mi2/slide.hpp>

namespace mi2::slide {

struct Options {
  SlideOptions choice;
  std::uint64_t tile_width = 0;                       ///< of the model's image
  std::uint64_t tile_height = 0;                      ///< of the model's image
  std::uint64_t max_pixels = 200'000'000;             ///< of a tile
  std::function<void(std::uint64_t pixels)> claim{};  ///< as ImageOptions::claim, of a tile
};

struct File {
  std::span<const std::byte> bytes;
  std::filesystem::path path{};  ///< empty: it is in memory alone, where OpenSlide cannot read it
};

/// A slide's tiles, those that were chosen, as frames.
class Tiles : public image::Source {
 public:
  /// Tiles of the level, those without tissue too.
  [[nodiscard]] virtual std::uint64_t all() const noexcept = 0;
  /// Which of all() a frame is, from 0, row by row from the upper left corner.
  [[nodiscard]] virtual std::uint64_t number(std::uint64_t frame) const = 0;
  /// Of a tile in pixels of its level.
  [[nodiscard]] virtual std::array<std::uint64_t, 2> read_size() const noexcept = 0;
};

/// Tiles that one slide has at most.
inline constexpr std::uint64_t kMaxTiles = 1ULL << 24U;

/// Opens a slide, whose frames are tiles in rows from the top, as docs/slides.md says. Which have tissue is found out
/// here. Of the slide, a level of at most 4 million pixels or a mask of that size is in memory, and then a tile.
/// @param files  outlive the source: one, or the DICOM objects of the slide's levels in any order.
/// @throws Error{kUnsupported} for what is no slide, or of a format not read; {kBadArgument} for a level or resolution
///         that there is none of; {kBadFile}; {kTooLarge} for more than kMaxTiles tiles.
std::unique_ptr<Tiles> open(std::span<const File> files, const Options& options, std::string_view name);

/// Levels that a file has as a slide, or as the part of one that an object is; 0: it is none, or cannot be read.
/// Nothing is decoded. Of a format that only OpenSlide reads 2: whether it does is known where it is opened.
std::size_t count_levels(const File& file);

/// @throws Error{kBadArgument} for options that contradict each other.
void check(const SlideOptions& options);

}  // namespace mi2::slide
