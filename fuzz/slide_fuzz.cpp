// Any bytes as a whole slide: an Error or tiles, nothing else.

#include <cstddef>
#include <cstdint>
#include <span>

#include <mi2/error.hpp>

#include "slide/slide.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const mi2::slide::File file{std::as_bytes(std::span(data, size))};
  mi2::slide::Options options;
  options.tile_width = 48;
  options.tile_height = 40;
  options.max_pixels = 1U << 20U;
  for (const auto tiles : {mi2::SlideOptions::Tiles::kAll, mi2::SlideOptions::Tiles::kTissue}) {
    options.choice.tiles = tiles;
    options.choice.level.reset();
    if (tiles == mi2::SlideOptions::Tiles::kAll) options.choice.level = size % 2;
    try {
      const auto source = mi2::slide::open({&file, 1}, options, "fuzz");
      static_cast<void>(source->read(source->middle()));
      static_cast<void>(source->info(0));
      static_cast<void>(source->read(source->frames() - 1));
    } catch (const mi2::Error&) {
    }
  }
  return 0;
}
