// Writes frames of an image to stdout as PGM or PPM, one after the other: slice_dump FILE [WINDOW|- [PLANE]]. A line on
// stderr for each warning; on an error one line and status 1. For test_readers.py.

#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include <mi2/error.hpp>

#include "base/files.hpp"
#include "embedder/inputs.hpp"
#include "embedder/preparer.hpp"

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  try {
    mi2::ImageOptions options;
    if (argc > 2 && std::string_view(argv[2]) != "-") options.window = mi2::parse_window(argv[2]);
    if (argc > 3) options.plane = mi2::parse_plane(argv[3]);
    const std::vector<std::byte> file = mi2::embedder::read_input(argv[1], options.max_file_bytes);
    const auto source = mi2::embedder::open_source(file, argv[1], options);
    for (std::uint64_t i = 0; i < source->frames(); ++i) {
      const mi2::image::Image image = source->read(i);
      const bool grey = image.mode == mi2::image::Mode::kGrey;
      std::printf("P%c\n%d %d\n255\n", grey ? '5' : '6', image.width, image.height);
      if (i == 0) {
        for (const std::string& warning : image.warnings) std::fprintf(stderr, "warning: %s\n", warning.c_str());
      }
      std::fwrite(image.samples.data(), 1, image.samples.size(), stdout);
    }
    return 0;
  } catch (const mi2::Error& error) {
    std::fprintf(stderr, "%s: %s\n", mi2::name_of(error.code()).data(), error.what());
    return 1;
  }
}
