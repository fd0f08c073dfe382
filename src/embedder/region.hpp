#pragma once
// One image that is also looked at: shown beside its vector, or cut.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <mi2/embedder.hpp>
#include <mi2/image.hpp>

namespace mi2::embedder {

/// As Embedder::prepare().
/// @param options  in place of the embedder's.  @param see  as EncodedImage::prepare().
/// @throws also Error{kBadArgument} if ImageOptions::frames selects several.
Pixels prepare_seen(const Embedder& embedder, std::vector<std::byte> encoded, std::string_view name,
                    const ImageOptions& options, const std::function<void(const ImageView& frame)>& see);
/// The same, with the embedder's options.
Pixels prepare_seen(const Embedder& embedder, std::vector<std::byte> encoded, std::string_view name,
                    const std::function<void(const ImageView& frame)>& see);

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

/// What Embedder::prepare() makes of a PNG of the region, in 8-bit grey or RGB.
/// @param name  what errors call the image.
/// @throws as Embedder::prepare(); Error{kBadArgument} for a region that is not within the image.
Pixels prepare_region(const Embedder& embedder, std::vector<std::byte> encoded, std::string_view name,
                      const Region& region);
/// The same, with options in place of the embedder's.
Pixels prepare_region(const Embedder& embedder, std::vector<std::byte> encoded, std::string_view name,
                      const Region& region, const ImageOptions& options);

}  // namespace mi2::embedder
