#pragma once
// Rows of pixels to columns of pixels.

#include <cstddef>
#include <cstdint>

namespace mi2::image {

/// Pixels of some lines, those of a line next to each other: pixel i of line j is at data + j * stride + i * channels.
template <class Byte>
struct Lines {
  Byte* data;
  std::size_t stride;  ///< bytes from a line to the next
};

/// Pixel i of line j of `from` becomes pixel j of line i of `to`. The two share no byte.
/// @param lines, pixels  of `from`: how many, and pixels in each; @param channels  bytes a pixel: 1 to 4.
void transpose(Lines<const std::uint8_t> from, Lines<std::uint8_t> to, std::size_t lines, std::size_t pixels,
               std::size_t channels);

}  // namespace mi2::image
