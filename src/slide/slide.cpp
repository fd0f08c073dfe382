// Which format a slide is of.

#include "slide/slide.hpp"

#include <optional>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "dicom/dicom.hpp"
#include "dicom/slide.hpp"
#include "image/source.hpp"
#include "image/tiff_tiles.hpp"
#include "slide/formats.hpp"
#include "slide/tiff_levels.hpp"
#include "slide/tiled_source.hpp"

namespace mi2::slide {
namespace {

bool is_tiff(std::string_view format) noexcept { return format == "TIFF" || format == "BigTIFF"; }

std::unique_ptr<Pyramid> open_pyramid(std::span<const File> files, const Options& options, std::string_view name) {
  const File& first = files.front();
  if (dicom::looks_like_dicom(first.bytes)) return open_dicom(files, options, name);
  if (files.size() != 1) {
    throw Error(Code::kBadArgument,
                fmt::format("{}: expected one file, or DICOM objects; got {} files", name, files.size()));
  }
  if (first.bytes.empty()) throw Error(Code::kBadFile, fmt::format("{}: empty", name));
  std::string_view format = image::format_name(first.bytes);
  std::optional<Error> refused;
  if (is_tiff(format)) {
    try {
      if (std::unique_ptr<Pyramid> pyramid = open_tiff(first, name, format)) return pyramid;
    } catch (const Error& error) {
      // OpenSlide would take the first of several planes. But NDPI over 4 GiB, say, is not TIFF any more.
      if (error.code() != Code::kBadFile) throw;
      refused = error;
    }
  }
  try {
    if (std::unique_ptr<Pyramid> pyramid = open_with_openslide(first, name, format)) return pyramid;
  } catch (const Error&) {
    if (!refused) throw;
  }
  if (refused) throw Error(*refused);
  throw Error(Code::kUnsupported,
              fmt::format("{}: expected a whole slide, got {}; without --level, --mpp and --tiles it "
                          "is read as an image",
                          name, format.empty() ? "a file of another format" : format));
}

}  // namespace

void check(const SlideOptions& options) {
  if (!options.level || !options.mpp) return;
  throw Error(Code::kBadArgument, "--level and --mpp: expected one of them, since either says what the other does");
}

std::unique_ptr<Tiles> open(std::span<const File> files, const Options& options, std::string_view name) {
  check(options.choice);
  return tiles_of(open_pyramid(files, options, name), options, name);
}

std::size_t count_levels(const File& file) {
  constexpr std::size_t kAny = 2;
  try {
    if (dicom::looks_like_dicom(file.bytes)) return dicom::slide_head(file.bytes) ? 1 : 0;
    if (!is_tiff(image::format_name(file.bytes)))
      return file.path.extension() == ".mrxs" ? kAny : 0;  // MIRAX: a JPEG with its slide beside it
    const image::TiffTiles tiles(file.bytes, "");
    const TiffLevels levels = find_tiff_levels(tiles.directories(), "");
    return levels.directories.empty() ? kAny : levels.directories.size();
  } catch (const Error&) {  // whoever reads it is told why it cannot be
    return 0;
  }
}

}  // namespace mi2::slide
