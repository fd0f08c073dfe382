#pragma once
// One frame as it is stored: the samples before any look-up table. What they mean is for grey.cpp and colour.cpp.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace mi2::dicom {

struct Object;

/// The Image Pixel module (PS3.3 C.7.6.3), checked.
struct Layout {
  std::uint64_t rows = 0;
  std::uint64_t columns = 0;
  std::uint64_t frames = 1;
  unsigned samples = 1;    ///< a pixel: 1 or 3
  unsigned allocated = 8;  ///< bits a sample: 1, 8, 16, 32; 32 or 64 if floating
  unsigned stored = 8;     ///< bits of them that count, the highest being high_bit
  unsigned high_bit = 7;
  bool is_signed = false;
  bool floating = false;
  bool planar = false;  ///< all red, then all green, then all blue
  std::string photometric;

  [[nodiscard]] std::uint64_t pixels() const noexcept { return rows * columns; }
};

/// bytes: little endian, one byte for a 1-bit sample.
struct Frame {
  Layout layout;
  std::uint64_t index = 0;  ///< 0-based number of the frame in its object
  std::vector<std::uint8_t> bytes;

  /// The stored bits of sample i (of rows x columns x samples, in the order of `bytes`): masked, not sign-extended.
  [[nodiscard]] std::uint32_t code(std::size_t i) const noexcept;
  /// The stored value of sample i, with its sign; floating samples as they are.
  [[nodiscard]] double value(std::size_t i) const noexcept;
};

/// Frame number frames / 2. Of a compressed object only that frame is decoded.
/// @throws Error{kBadFile} attributes or pixels missing, contradictory or short; {kUnsupported} no pixels, or a depth
///         that is not read; {kTooLarge} rows x columns over `max_pixels`.
Frame read_middle_frame(Object& object, std::uint64_t max_pixels, std::string_view name);

}  // namespace mi2::dicom
