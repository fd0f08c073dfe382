#pragma once
// A picture that is drawn on: rectangles, text and other pictures. What lies outside of it is cut off.

#include <cstdint>
#include <string_view>

#include "image/resize.hpp"

namespace mi2::dicom::results {

/// Grey is enough for letters; pictures keep their colours.
class Canvas {
 public:
  /// Black. Both sides are positive.
  Canvas(int width, int height);

  [[nodiscard]] int width() const noexcept { return pixels_.width; }
  [[nodiscard]] int height() const noexcept { return pixels_.height; }
  /// RGB [height, width, 3].
  [[nodiscard]] const image::Raster& pixels() const noexcept { return pixels_; }

  void fill(int x, int y, int width, int height, std::uint8_t grey);
  /// @param text   ASCII; other bytes are shown as '?'.
  /// @param scale  pixels of the picture per pixel of a glyph.
  void write(int x, int y, std::string_view text, int scale, std::uint8_t grey);
  /// @param picture  RGB, or grey as one channel.
  void paste(int x, int y, const image::RasterView& picture);

 private:
  image::Raster pixels_;
};

/// What a text of `count` characters takes.
int text_width(std::size_t count, int scale) noexcept;
int text_height(int scale) noexcept;

}  // namespace mi2::dicom::results
