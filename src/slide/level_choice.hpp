#pragma once
// Which level tiles are read from, and how large they are there.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "slide/pyramid.hpp"

#include <mi2/slide.hpp>

namespace mi2::slide {

struct LevelChoice {
  std::size_t level = 0;
  std::uint64_t width = 0;  ///< of a tile, in pixels of the level
  std::uint64_t height = 0;
};

/// um per pixel that are chosen where neither a level nor a resolution is.
inline constexpr double kUsualMpp = 0.5;

/// @param width, height  of the model's image.
/// @throws Error{kBadArgument} naming the levels that there are, for one that is not, or a resolution that none has.
LevelChoice choose_level(std::span<const Level> levels, const SlideOptions& options, std::uint64_t width,
                         std::uint64_t height, std::string_view name);

/// "level 0: 100000 x 80000 at 0.25 um, level 1: .."
std::string text_of(std::span<const Level> levels);

}  // namespace mi2::slide
