// Writes the 8-bit pixels of a DICOM file to stdout as PGM or PPM; on an error one line on stderr, which starts with
// the error's code, and status 1; a line for each warning. A second argument "all" writes every frame, one image after
// the other. For check_with_pydicom.py.

#include <cstdio>
#include <filesystem>
#include <string>
#include <string_view>

#include <mi2/error.hpp>

#include "base/files.hpp"
#include "dicom/dicom.hpp"

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  try {
    const mi2::base::MappedFile file{std::filesystem::path(argv[1])};
    mi2::dicom::Options options;
    const auto source = mi2::dicom::open(file.bytes(), options, argv[1]);
    const bool all = argc > 2 && std::string_view(argv[2]) == "all";
    const std::uint64_t first = all ? 0 : source->middle();
    const std::uint64_t last = all ? source->frames() - 1 : first;
    for (std::uint64_t i = first; i <= last; ++i) {
      const mi2::image::Image picture = source->read(i);
      const bool grey = picture.mode == mi2::image::Mode::kGrey;
      std::printf("P%c\n%d %d\n255\n", grey ? '5' : '6', picture.width, picture.height);
      for (const std::string& warning : picture.warnings) std::fprintf(stderr, "warning: %s\n", warning.c_str());
      std::fwrite(picture.samples.data(), 1, picture.samples.size(), stdout);
    }
    return 0;
  } catch (const mi2::Error& error) {
    std::fprintf(stderr, "%s: %s\n", mi2::name_of(error.code()).data(), error.what());
    return 1;
  }
}
