// Writes the 8-bit pixels of a DICOM file to stdout as PGM or PPM; on an error one line on stderr, which starts with
// the error's code, and status 1. A second argument "CENTER,WIDTH" overrides the window. For check_with_pydicom.py.

#include <cstdio>
#include <filesystem>

#include <mi2/error.hpp>

#include "base/files.hpp"
#include "dicom/dicom.hpp"

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  try {
    const mi2::base::MappedFile file{std::filesystem::path(argv[1])};
    mi2::dicom::Options options;
    if (argc > 2) options.window = mi2::dicom::parse_window(argv[2]);
    const mi2::image::Picture picture = mi2::dicom::decode(file.bytes(), options, argv[1]);
    const bool grey = picture.mode == mi2::image::Mode::kGrey;
    std::printf("P%c\n%d %d\n255\n", grey ? '5' : '6', picture.width, picture.height);
    std::fwrite(picture.samples.data(), 1, picture.samples.size(), stdout);
    return 0;
  } catch (const mi2::Error& error) {
    std::fprintf(stderr, "%s: %s\n", mi2::name_of(error.code()).data(), error.what());
    return 1;
  }
}
