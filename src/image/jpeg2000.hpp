#pragma once
// JPEG 2000 and High-Throughput JPEG 2000, by OpenJPEG.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "image/warnings.hpp"

namespace mi2::image {

/// Samples as they are coded, after the stream's own colour transform and palette.
struct Jpeg2000Samples {
  std::uint64_t width = 0;
  std::uint64_t height = 0;
  unsigned components = 0;  ///< 1 to 4
  unsigned precision = 0;   ///< bits a sample, 1 to 16
  bool is_signed = false;
  bool colour_transform = false;  ///< was undone, so that three components are RGB
  bool ycbcr = false;             ///< a .jp2 header says that the components are YCbCr
  bool cmyk = false;              ///< a .jp2 header says that they are inks
  /// [height, width, components], little endian, 1 byte a sample up to 8 bits, else 2; two's complement of `precision`
  /// bits if signed.
  std::vector<std::uint8_t> bytes;
};

/// Decodes a codestream, or a .jp2 file. Takes at most 40 bytes a sample (about 10 of usual streams), and time linear
/// in samples and bytes.
/// @throws Error{kBadFile} broken or truncated; {kUnsupported}, {kTooLarge} as read_jpeg2000_header(); {kUnsupported} a
///         palette of more than 4 columns, or colours in CIELab or e-sYCC.
Jpeg2000Samples decode_jpeg2000(std::span<const std::uint8_t> bytes, std::uint64_t max_pixels, std::string_view name,
                                Warnings& warnings);

}  // namespace mi2::image
