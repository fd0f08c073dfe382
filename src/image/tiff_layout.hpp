#pragma once
// Which TIFF samples are read, and as what. No libtiff here.

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "image/image.hpp"

namespace mi2::image {

/// The tags that decide what a TIFF's samples mean.
struct TiffTags {
  std::uint32_t width = 0;
  std::uint32_t height = 0;
  std::uint16_t bits = 1;
  std::uint16_t samples = 1;  ///< a pixel
  std::uint16_t format = 1;   ///< 1 unsigned, 2 signed, 3 float
  std::optional<std::uint16_t> photometric;
  std::uint16_t compression = 1;
  std::uint16_t planar = 1;
  std::uint16_t orientation = 1;
  std::vector<std::uint16_t> extra;  ///< kinds of the samples after the colour's own: 0 other, 1 and 2 alpha

  std::uint16_t ink_set = 1;  ///< 1 CMYK
  std::uint16_t inks = 4;
  std::array<std::uint16_t, 2> dots = {0, 255};  ///< codes of no ink and of all ink
  bool dots_given = false;
  std::optional<std::array<float, 6>> black_white;       ///< ReferenceBlackWhite: black and white of each component
  std::array<float, 3> luma = {0.299F, 0.587F, 0.114F};  ///< YCbCrCoefficients
  bool transfer = false;    ///< TransferFunction or GrayResponseCurve: samples are not the shades to show
  bool indexed = false;     ///< Indexed: samples are indices, whatever the photometric interpretation
  bool raw = false;         ///< DNGVersion, or a preview before the sub-images that a camera writes
  std::uint32_t depth = 1;  ///< ImageDepth: slices of a volume
};

/// How samples are collected: as 8 bits, or as grey of more bits before scaling, or by libtiff as RGB.
enum class Depth : std::uint8_t { kEight, kUnsigned16, kUnsigned32, kSigned32, kFloat32, kFloat64, kWholeRgb };

struct TiffLayout {
  Mode mode = Mode::kGrey;
  Depth depth = Depth::kEight;
  bool inverted = false;       ///< 0 is white
  bool premultiplied = false;  ///< colour was multiplied by alpha
  bool ycbcr = false;          ///< JPEG, which libjpeg makes RGB
  bool wide_palette = false;   ///< kUnsigned16 are indices of a palette of more than 256 colours
};

/// What is read is what Pillow reads, under its names, and more where a tag says plainly what a sample means.
/// Source: Pillow's TiffImagePlugin.OPEN_INFO; TIFF 6.0.
/// @param warnings  gets what is read although a tag contradicts it or is not applied.
/// @throws Error{kUnsupported} naming what is not read.
TiffLayout tiff_layout(const TiffTags& tags, Warnings& warnings, std::string_view name);

/// A photometric interpretation by its name and number.
std::string photometric_name(const TiffTags& tags);

/// One row of samples, in native byte order as libtiff gives them.
struct TiffRow {
  const std::uint8_t* bytes;
  std::size_t pixels;
  int bits;     ///< a sample, 1 to 64
  int samples;  ///< in `bytes`, a pixel
};

/// Unpacks to `channels` 8-bit samples per pixel, `step` bytes apart: bilevel to 0 and 255, grey of fewer bits spread
/// over 0..255, indices as they are, the highest 8 of up to 16 bits.
void unpack_row(const TiffRow& row, const TiffLayout& layout, int channels, std::size_t step, std::uint8_t* out);

/// Unpacks one deep sample per pixel. Integers of other sizes than the type's are taken from `bits`; two's complement
/// for the signed.
void unpack_row(const TiffRow& row, std::uint16_t* out);
void unpack_row(const TiffRow& row, std::uint32_t* out);
void unpack_row(const TiffRow& row, std::int32_t* out);
/// 16 and 32 bits.
void unpack_row(const TiffRow& row, float* out);
/// 64 bits of any format. @returns false if a number is one that a double or its differences cannot hold.
[[nodiscard]] bool unpack_row(const TiffRow& row, int format, double* out);

/// Turns an image as TIFF's Orientation tag (2 to 8) says; other values leave it alone.
void orient(Image& image, int orientation);

}  // namespace mi2::image
