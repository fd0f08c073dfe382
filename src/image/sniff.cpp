// Which format a file is, by its first bytes.

#include <algorithm>
#include <array>
#include <memory>
#include <string>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "image/bmp.hpp"
#include "image/gif.hpp"
#include "image/image.hpp"
#include "image/jpeg.hpp"
#include "image/jpeg2000_image.hpp"
#include "image/png.hpp"
#include "image/source.hpp"
#include "image/tiff.hpp"
#include "image/webp.hpp"

namespace mi2::image {
namespace {

using Opener = std::unique_ptr<Source> (*)(std::span<const std::byte>, const DecodeOptions&, std::string_view);

/// A format by its first bytes; '?' matches any.
struct Format {
  std::string_view signature;
  std::string_view name;
  Opener open;  ///< null: recognised only to be refused by name
};

/// A format of which one frame is read.
template <Image (*kDecode)(std::span<const std::byte>, const DecodeOptions&, std::string_view)>
class Single final : public Source {
 public:
  static std::unique_ptr<Source> open(std::span<const std::byte> bytes, const DecodeOptions& options,
                                      std::string_view name) {
    return std::make_unique<Single>(bytes, options, name);
  }
  Single(std::span<const std::byte> bytes, const DecodeOptions& options, std::string_view name)
      : bytes_(bytes), options_(options), name_(name) {}

  [[nodiscard]] Image read(std::uint64_t index) const override {
    check_frame(index, 1, name_);
    return kDecode(bytes_, options_, name_);
  }

 private:
  std::span<const std::byte> bytes_;
  DecodeOptions options_;
  std::string name_;
};

using namespace std::string_view_literals;

constexpr std::array kFormats = {
    Format{"\x89PNG\r\n\x1a\n"sv, "PNG", Single<decode_png>::open},
    Format{"\xff\xd8\xff"sv, "JPEG", Single<decode_jpeg>::open},
    Format{"RIFF????WEBPVP8"sv, "WebP", Single<decode_webp>::open},
    Format{"II*\0????CR"sv, "camera raw (CR2)", nullptr},
    Format{"II*\0"sv, "TIFF", open_tiff},
    Format{"MM\0*"sv, "TIFF", open_tiff},
    Format{"II+\0"sv, "BigTIFF", open_tiff},
    Format{"MM\0+"sv, "BigTIFF", open_tiff},
    Format{"GIF87a"sv, "GIF", Single<decode_gif>::open},
    Format{"GIF89a"sv, "GIF", Single<decode_gif>::open},
    // With the size of its second header: texts begin with these letters, too.
    Format{"BM????????????\x0c\0\0\0"sv, "BMP", Single<decode_bmp>::open},
    Format{"BM????????????\x28\0\0\0"sv, "BMP", Single<decode_bmp>::open},
    Format{"BM????????????\x34\0\0\0"sv, "BMP", Single<decode_bmp>::open},
    Format{"BM????????????\x38\0\0\0"sv, "BMP", Single<decode_bmp>::open},
    Format{"BM????????????\x40\0\0\0"sv, "BMP", Single<decode_bmp>::open},
    Format{"BM????????????\x6c\0\0\0"sv, "BMP", Single<decode_bmp>::open},
    Format{"BM????????????\x7c\0\0\0"sv, "BMP", Single<decode_bmp>::open},
    Format{"\0\0\0\x0cjP  \r\n\x87\n"sv, "JPEG 2000", Single<decode_jpeg2000_file>::open},
    Format{"\xff\x4f\xff\x51"sv, "JPEG 2000", Single<decode_jpeg2000_file>::open},
    Format{"8BPS"sv, "Photoshop (PSD)", nullptr},
    Format{"\0\0\1\0"sv, "icon (ICO)", nullptr},
    Format{"P1"sv, "PNM", nullptr},
    Format{"P2"sv, "PNM", nullptr},
    Format{"P3"sv, "PNM", nullptr},
    Format{"P4"sv, "PNM", nullptr},
    Format{"P5"sv, "PNM", nullptr},
    Format{"P6"sv, "PNM", nullptr},
    Format{"P7"sv, "PAM", nullptr},
    Format{"GIMP Palette"sv, "GIMP palette", nullptr},
    Format{"????ftypavif"sv, "AVIF", nullptr},
    Format{"????ftyphe"sv, "HEIF", nullptr},
    Format{"????ftypmif1"sv, "HEIF", nullptr},
    Format{"????ftypmsf1"sv, "HEIF", nullptr},
    Format{"????ftypcrx"sv, "camera raw (CR3)", nullptr},
    Format{"????ftyp"sv, "video (MP4)", nullptr},
    Format{"RIFF????AVI "sv, "video (AVI)", nullptr},
    Format{"\x1a\x45\xdf\xa3"sv, "video (Matroska)", nullptr},
    Format{"\xff\x0a"sv, "JPEG XL", nullptr},
    Format{"\0\0\0\x0cJXL "sv, "JPEG XL", nullptr},
    Format{"qoif"sv, "QOI", nullptr},
    Format{"DDS "sv, "DDS", nullptr},
    Format{"%PDF"sv, "PDF", nullptr},
    Format{"<svg"sv, "SVG", nullptr},
    Format{"<?xml"sv, "XML", nullptr},
    Format{"\x76\x2f\x31\x01"sv, "OpenEXR", nullptr},
    Format{"#?RADIANCE"sv, "Radiance HDR", nullptr},
    Format{"SIMPLE  ="sv, "FITS", nullptr},
    Format{"FUJIFILMCCD-RAW"sv, "camera raw (RAF)", nullptr},
    Format{"IIRO"sv, "camera raw (ORF)", nullptr},
    Format{"IIRS"sv, "camera raw (ORF)", nullptr},
    Format{"IIU\0"sv, "camera raw (RW2)", nullptr},
    Format{"FOVb"sv, "camera raw (X3F)", nullptr},
    Format{"II\xbc\x01"sv, "JPEG XR", nullptr},
    Format{"icns"sv, "icon (ICNS)", nullptr},
    Format{"\x89HDF\r\n\x1a\n"sv, "HDF5", nullptr},
    Format{"\x1f\x8b"sv, "gzip", nullptr},
    Format{"\x37\x7a\xbc\xaf\x27\x1c"sv, "7z", nullptr},
};

/// By whichever room: whoever comes here with a file has found it to be neither DICOM nor a volume.
constexpr const char* kRead = "DICOM, NIfTI, NRRD, MetaImage, PNG, JPEG, JPEG 2000, WebP, TIFF, GIF and BMP";

bool starts_with(std::span<const std::byte> bytes, std::string_view signature) noexcept {
  if (bytes.size() < signature.size()) return false;
  for (std::size_t i = 0; i < signature.size(); ++i) {
    if (signature[i] != '?' && static_cast<char>(bytes[i]) != signature[i]) return false;
  }
  return true;
}

/// Null for a format that is not recognised.
const Format* format_of(std::span<const std::byte> bytes) noexcept {
  const auto* const found = std::find_if(kFormats.begin(), kFormats.end(),
                                         [&](const Format& format) { return starts_with(bytes, format.signature); });
  return found == kFormats.end() ? nullptr : found;
}

}  // namespace

bool looks_like_image(std::span<const std::byte> head) noexcept {
  const Format* format = format_of(head);
  return format != nullptr && format->open != nullptr;
}

std::string_view format_name(std::span<const std::byte> head) noexcept {
  const Format* format = format_of(head);
  return format == nullptr ? std::string_view{} : format->name;
}

std::unique_ptr<Source> open(std::span<const std::byte> bytes, const DecodeOptions& options, std::string_view name) {
  if (bytes.empty()) throw Error(Code::kBadFile, fmt::format("{}: empty", name));
  const Format* format = format_of(bytes);
  if (format == nullptr) {
    throw Error(Code::kUnsupported,
                fmt::format("{}: not an image of a format that is known; {} are read", name, kRead));
  }
  if (format->open == nullptr) {
    throw Error(Code::kUnsupported, fmt::format("{}: {} is not read; {} are", name, format->name, kRead));
  }
  return format->open(bytes, options, name);
}

}  // namespace mi2::image
