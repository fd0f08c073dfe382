#include "archive/cards/maps.hpp"

#include <cstdint>
#include <utility>

#include <fmt/format.h>

#include <mi2/error.hpp>
#include <mi2/image.hpp>

#include "archive/item_file.hpp"
#include "embedder/heatmap.hpp"
#include "embedder/heatmap_picture.hpp"
#include "image/thumbnail.hpp"

namespace mi2::archive::cards {
namespace {

/// The longer side of a map on a page, pixels.
constexpr int kMapSide = 384;

std::string webp_of(const image::Raster& drawn) {
  const auto side = [](int length) { return static_cast<std::uint64_t>(length); };
  std::string file;
  for (const std::byte byte : image::thumbnail(
           {"RGB", side(drawn.width), side(drawn.height), std::as_bytes(std::span(drawn.samples)), {}}, kMapSide)) {
    file += std::to_integer<char>(byte);
  }
  return file;
}

ResultMap map_of(Reader& archive, std::uint64_t row, std::span<const float> direction, const Embedder& embedder) {
  image::Raster picture;
  const embedder::Patches patches =
      patches_of(file_of(archive, archive.item(row, true)), embedder, embedder.options().image, {},
                 [&](const ImageView& shown) { picture = embedder::raster_of(shown); });
  const embedder::Heatmap map = embedder::heatmap(patches, direction);
  return {webp_of(embedder::draw_heatmap(patches, map, picture, false)),
          fmt::format("Map of {}. Cosine {:.4f} dark blue, {:.4f} yellow; of the whole image {:.4f}.",
                      patches.resolution, map.least, map.most, map.whole)};
}

}  // namespace

std::vector<ResultMap> maps_of(Reader& archive, const Card& card, std::span<const float> direction,
                               const Embedder& embedder, const std::function<void()>& on_done) {
  std::vector<ResultMap> maps;
  for (const Result& result : card.results) {
    try {
      maps.push_back(map_of(archive, result.item, direction, embedder));
    } catch (const Error& error) {
      if (error.code() == Code::kInternal) throw;
      maps.push_back({{}, fmt::format("No map: {}.", error.what())});
    }
    on_done();
  }
  return maps;
}

}  // namespace mi2::archive::cards
