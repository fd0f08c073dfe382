#pragma once
// Which TIFF samples are read, and as what. No libtiff here.

#include <cstddef>
#include <cstdint>
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
  std::uint16_t photometric = 0;
  std::uint16_t compression = 1;
  std::uint16_t planar = 1;
  std::uint16_t orientation = 1;
  std::vector<std::uint16_t> extra;  ///< kinds of the samples after the colour's own: 0 other, 1 and 2 alpha
};

/// Grey of more than 8 bits, by the type it is collected in before scaling.
enum class Depth : std::uint8_t { kEight, kUnsigned16, kSigned32, kFloat32 };

struct TiffLayout {
  Mode mode = Mode::kGrey;
  Depth depth = Depth::kEight;
  bool inverted = false;       ///< 0 is white
  bool premultiplied = false;  ///< colour was multiplied by alpha
  bool ycbcr = false;
};

/// The combinations Pillow reads, under its names. Source: Pillow's TiffImagePlugin.OPEN_INFO.
/// @throws Error{kUnsupported} naming what is not read.
TiffLayout tiff_layout(const TiffTags& tags, std::string_view name);

/// One row of samples, in native byte order as libtiff gives them.
struct TiffRow {
  const std::uint8_t* bytes;
  std::size_t pixels;
  int bits;     ///< a sample
  int samples;  ///< in `bytes`, a pixel
};

/// Unpacks to `channels` 8-bit samples per pixel, `step` bytes apart: bilevel to 0 and 255, grey of fewer bits spread
/// over 0..255, indices as they are, the high byte of 16 bits.
void unpack_row(const TiffRow& row, const TiffLayout& layout, int channels, std::size_t step, std::uint8_t* out);

/// Unpacks 12- and 16-bit unsigned grey.
void unpack_row(const TiffRow& row, std::uint16_t* out);
/// Unpacks 16-bit signed and 32-bit integer grey.
void unpack_row(const TiffRow& row, std::int32_t* out);

/// Turns an image as TIFF's Orientation tag (2 to 8) says; other values leave it alone.
void orient(Image& image, int orientation);

}  // namespace mi2::image
