#pragma once
// A part of an image in place of the whole.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include <mi2/embedder.hpp>
#include <mi2/image.hpp>

namespace mi2::embedder {

/// Pixels of an image as it is shown: in its own size, before the profile's steps and the resize.
struct Region {
  std::uint64_t x = 0;  ///< from its left
  std::uint64_t y = 0;  ///< from its top
  std::uint64_t width = 1;
  std::uint64_t height = 1;
};

/// "X,Y,WIDTH,HEIGHT". @throws Error{kBadArgument} unless these are four whole numbers, the last two at least 1.
Region parse_region(std::string_view text);

std::string to_string(const Region& region);

/// Pixels that take memory at a time while a region is cut out of an image.
/// @param whole  those of the image; more than these are no region of it.
std::uint64_t pixels_of_cutting(std::uint64_t whole, const Region& region) noexcept;

/// What Embedder::prepare() makes of a PNG of the region, in 8-bit grey or RGB.
/// @param name  what errors call the image.
/// @throws as Embedder::prepare(); Error{kBadArgument} for a region that is not within the image.
Pixels prepare_region(const Embedder& embedder, std::span<const std::byte> encoded, std::string_view name,
                      const Region& region);
/// The same, with options in place of the embedder's.
Pixels prepare_region(const Embedder& embedder, std::span<const std::byte> encoded, std::string_view name,
                      const Region& region, const ImageOptions& options);

}  // namespace mi2::embedder
