// Writes tiles of a slide to stdout: slide_dump LEVEL|- MPP|- tissue|all SIZE FILE..; of each a line "level x y width
// height mpp", one "tile_width tile_height", and its RGB samples. A line on stderr for each warning of the first; on an
// error one line and status 1. For test_readers.py.

#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include <mi2/error.hpp>
#include <mi2/slide.hpp>

#include "base/files.hpp"
#include "slide/slide.hpp"

int main(int argc, char** argv) {
  if (argc < 6) return 2;
  try {
    mi2::slide::Options options;
    if (std::string_view(argv[1]) != "-") options.choice.level = mi2::parse_level(argv[1]);
    if (std::string_view(argv[2]) != "-") options.choice.mpp = mi2::parse_mpp(argv[2]);
    options.choice.tiles = mi2::parse_tiles(argv[3]);
    options.tile_width = options.tile_height = std::strtoull(argv[4], nullptr, 10);
    std::vector<mi2::base::MappedFile> files;
    for (int i = 5; i < argc; ++i) files.emplace_back(argv[i]);
    std::vector<mi2::slide::File> views;
    for (const auto& file : files) views.push_back({file.bytes(), file.path()});
    const auto source = mi2::slide::open(views, options, argv[5]);
    for (std::uint64_t i = 0; i < source->frames(); ++i) {
      const mi2::TilePlace place = source->info(i).tile.value();
      const mi2::image::Image tile = source->read(i);
      std::printf("%u %llu %llu %llu %llu %.17g\n%d %d\n", place.level, static_cast<unsigned long long>(place.x),
                  static_cast<unsigned long long>(place.y), static_cast<unsigned long long>(place.width),
                  static_cast<unsigned long long>(place.height), place.mpp, tile.width, tile.height);
      std::fwrite(tile.samples.data(), 1, tile.samples.size(), stdout);
      if (i > 0) continue;
      for (const std::string& warning : tile.warnings) std::fprintf(stderr, "warning: %s\n", warning.c_str());
    }
    return 0;
  } catch (const mi2::Error& error) {
    std::fprintf(stderr, "%s: %s\n", mi2::name_of(error.code()).data(), error.what());
    return 1;
  }
}
