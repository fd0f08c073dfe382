#pragma once
// The image of an item again, from the file that it was added from.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <mi2/embedder.hpp>
#include <mi2/image.hpp>

#include "archive/catalog.hpp"
#include "archive/reader.hpp"
#include "embedder/heatmap.hpp"
#include "embedder/pipeline.hpp"

namespace mi2::archive {

/// Where an item's vector came from.
struct ItemFile {
  std::string locator;
  std::string sha256;
  std::uint64_t frame = 1;
  std::vector<float> vector;
  std::optional<TileFacts> tile{};      ///< that the frame is, of a whole slide
  std::optional<std::int64_t> stamp{};  ///< as Original::stamp
  std::string window{};                 ///< as ItemFacts
  bool of_several = false;              ///< the archive has several windows: what has none of them has its own
};

/// @throws Error{kNotFound} for the mean of a series, which is of no file.
ItemFile file_of(Reader& archive, const ItemFacts& item);

/// What messages call such a file, of which they name no path.
inline constexpr std::string_view kItemsFile = "the item's file";

/// The frame as the model takes it, of the file read again.
/// @param image  how the archive's images are prepared: options_of(). Of an archive of several windows the item's
///               counts in place of its own.
/// @param see    as EncodedImage::prepare().
/// @throws Error{kNotFound} for a file that is not there, or no file of its own on a disk of this machine; {kTooLarge};
///         {kBadFile} for one that has changed since it was added; what reading an image throws.
Pixels pixels_of(const ItemFile& file, const Embedder& embedder, ImageOptions image,
                 const std::function<void(const ImageView& frame)>& see = {});

/// Reads the file again and embeds the item's frame with its patches.
/// @param image, see  as pixels_of().
/// @param in_turn     none: at once.
/// @throws as pixels_of(); Error{kBadFile} if the item's vector does not follow from the frame alone: it was seen
///         through another window, say.
embedder::Patches patches_of(const ItemFile& file, const Embedder& embedder, const ImageOptions& image,
                             const embedder::InTurn& in_turn,
                             const std::function<void(const ImageView& frame)>& see = {});

}  // namespace mi2::archive
