#pragma once
// The Image Pixel module.

#include <cstdint>
#include <string>
#include <string_view>

#include "dicom/attributes.hpp"

namespace mi2::dicom {

/// The Image Pixel module (PS3.3 C.7.6.3), checked.
struct Layout {
  std::uint64_t rows = 0;
  std::uint64_t columns = 0;
  std::uint64_t frames = 1;
  bool unreadable_count = false;  ///< NumberOfFrames is there, but no number: then `frames` is 1
  unsigned samples = 1;           ///< a pixel: 1 or 3
  unsigned allocated = 8;         ///< bits a sample: 1, 8, 16, 32; 32 or 64 if floating
  unsigned stored = 8;            ///< bits of them that count, the highest being high_bit
  unsigned high_bit = 7;
  bool is_signed = false;
  bool floating = false;
  bool planar = false;    ///< all red, then all green, then all blue
  bool overlays = false;  ///< bits beside the stored ones are overlays
  std::string photometric;

  [[nodiscard]] std::uint64_t pixels() const noexcept { return rows * columns; }
};

/// @param floating  whether the pixels are FloatPixelData or DoubleFloatPixelData.
/// @throws Error{kBadFile} attributes missing or contradictory; {kUnsupported} a depth that is not read;
///         {kTooLarge} rows x columns over `max_pixels`.
Layout read_layout(const Item& data, bool floating, std::uint64_t max_pixels, std::string_view name);

/// What a compressed frame says of itself.
struct CodedSize {
  std::uint64_t width = 0;
  std::uint64_t height = 0;
  unsigned components = 0;
};

/// Checks it against the object's. Sides that are swapped in the object are taken from the frame, with a warning.
/// @throws Error{kBadFile} if they differ otherwise.
void take_size(Layout& layout, const CodedSize& coded, std::string_view name, image::Warnings& warnings);

}  // namespace mi2::dicom
