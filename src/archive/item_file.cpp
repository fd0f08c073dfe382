#include "archive/item_file.hpp"

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include <mi2/encoded_image.hpp>
#include <mi2/error.hpp>
#include <mi2/frames.hpp>

#include "archive/original.hpp"
#include "archive/same_vector.hpp"
#include "archive/tiling.hpp"
#include "archive/windows.hpp"
#include "embedder/preparer.hpp"
#include "embedder/slides.hpp"

namespace mi2::archive {
namespace {

constexpr std::string_view kName = kItemsFile;

/// Of bytes that cannot be had.
Error error_of(OriginalState state, std::string_view locator, std::uint64_t max_bytes) {
  if (way_of(std::string(locator)) == kVectorsWay) {
    return {Code::kNotFound, "the item came as a vector, without a picture"};
  }
  switch (state) {
    case OriginalState::kNoFile:
    case OriginalState::kGone:
      return {Code::kNotFound, fmt::format("{}: not on a disk of this machine, or not there any more", kName)};
    case OriginalState::kTooLarge:
      return {Code::kTooLarge, fmt::format("{}: more than {} bytes", kName, max_bytes)};
    case OriginalState::kChanged:
      return {Code::kBadFile, fmt::format("{}: changed since it was added", kName)};
    case OriginalState::kUnreadable:
    case OriginalState::kThere:
      break;
  }
  return {Code::kNotFound, fmt::format("{}: cannot be read", kName)};
}

}  // namespace

// A slide stays on the disk: of it one tile is read.
Pixels pixels_of(const ItemFile& file, const Embedder& embedder, ImageOptions image,
                 const std::function<void(const ImageView& frame)>& see) {
  if (file.of_several) image = through(image, file.window);
  image.frames = {FrameSelection::Kind::kNumber, file.frame};
  std::optional<Pixels> pixels;
  std::vector<std::byte> bytes;
  const Original original{file.locator, file.sha256, file.tile ? file.stamp : std::nullopt};
  const OriginalState state = with_original(original, image.max_file_bytes, [&](std::span<const std::byte> all) {
    if (!file.tile) return bytes.assign(all.begin(), all.end());
    const auto tiles = open_tiles({all, file.locator}, *file.tile, file.frame - 1, image, kName);
    const auto [width, height] = embedder::model_size(embedder);
    pixels = embedder::Preparer(image).prepare(*tiles, file.frame - 1, kName, width, height, see);
  });
  if (state != OriginalState::kThere) throw error_of(state, file.locator, image.max_file_bytes);
  if (pixels) return *std::move(pixels);
  return embedder.open_image(std::move(bytes), kName, image).prepare(0, see);
}

ItemFile file_of(Reader& archive, const ItemFacts& item) {
  const std::optional<RowSource> source = archive.catalog().source_of(item.row);
  if (item.kind != "frame" || !source || source->file_sha256.empty()) {
    throw Error(Code::kNotFound, "item: expected one of an image, got the mean of a series, which is of no file");
  }
  const std::span<const float> vector = archive.row(item.row, item.crc);
  ItemFile file{item.locator,
                source->file_sha256,
                item.frame > 0 ? static_cast<std::uint64_t>(item.frame) : 1,
                {vector.begin(), vector.end()},
                item.tile,
                std::nullopt,
                item.window,
                !several_windows(archive.format().space).empty()};
  // The hash of a slide would take longer than its tile.
  const std::optional<KnownFile> known = item.tile ? archive.catalog().file(item.locator) : std::nullopt;
  if (known && known->instance == item.instance) file.stamp = known->stamp;
  return file;
}

embedder::Patches patches_of(const ItemFile& file, const Embedder& embedder, const ImageOptions& image,
                             const embedder::InTurn& in_turn, const std::function<void(const ImageView& frame)>& see) {
  const Pixels pixels = pixels_of(file, embedder, image, see);
  embedder::Patches patches;
  const auto pass = [&] { patches = embedder::patches_of(embedder, pixels); };
  if (in_turn) {
    in_turn(pass);
  } else {
    pass();
  }
  if (embedder::heatmap(patches, file.vector).whole >= kSameVector) return patches;
  throw Error(Code::kBadFile,
              fmt::format("{}: its frame alone gives another vector than the archive has: it was seen through another "
                          "window, or in the shades of its whole series",
                          kName));
}

}  // namespace mi2::archive
