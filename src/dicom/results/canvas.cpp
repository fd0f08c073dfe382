#include "dicom/results/canvas.hpp"

#include <algorithm>
#include <cstddef>

#include "dicom/results/font.hpp"

namespace mi2::dicom::results {
namespace {

constexpr int kChannels = 3;
constexpr int kAdvance = kGlyphWidth + 1;

std::size_t offset_of(int width, int x, int y, int channels) {
  return (static_cast<std::size_t>(y) * static_cast<std::size_t>(width) + static_cast<std::size_t>(x)) *
         static_cast<std::size_t>(channels);
}

}  // namespace

Canvas::Canvas(int width, int height) {
  pixels_.width = width;
  pixels_.height = height;
  pixels_.channels = kChannels;
  pixels_.samples.assign(offset_of(width, 0, height, kChannels), 0);
}

void Canvas::fill(int x, int y, int width, int height, std::uint8_t grey) {
  const int left = std::max(x, 0);
  const int right = std::min(x + width, pixels_.width);
  const int bottom = std::min(y + height, pixels_.height);
  if (left >= right) return;
  for (int row = std::max(y, 0); row < bottom; ++row) {
    const auto start =
        pixels_.samples.begin() + static_cast<std::ptrdiff_t>(offset_of(pixels_.width, left, row, kChannels));
    std::fill(start, start + static_cast<std::ptrdiff_t>(right - left) * kChannels, grey);
  }
}

void Canvas::write(int x, int y, std::string_view text, int scale, std::uint8_t grey) {
  for (const char c : text) {
    const Glyph& glyph = glyph_of(c);
    for (int row = 0; row < kGlyphHeight; ++row) {
      const unsigned bits = glyph.at(static_cast<std::size_t>(row));
      for (int column = 0; column < kGlyphWidth; ++column) {
        if ((bits >> (kGlyphWidth - 1 - column) & 1U) == 0) continue;
        fill(x + column * scale, y + row * scale, scale, scale, grey);
      }
    }
    x += kAdvance * scale;
    if (x >= pixels_.width) return;
  }
}

void Canvas::paste(int x, int y, const image::RasterView& picture) {
  for (int row = 0; row < picture.height; ++row) {
    for (int column = 0; column < picture.width; ++column) {
      const int to_x = x + column;
      const int to_y = y + row;
      if (to_x < 0 || to_y < 0 || to_x >= pixels_.width || to_y >= pixels_.height) continue;
      const std::size_t from = offset_of(picture.width, column, row, picture.channels);
      const std::size_t to = offset_of(pixels_.width, to_x, to_y, kChannels);
      for (std::size_t channel = 0; channel < kChannels; ++channel) {
        const std::size_t source = picture.channels == kChannels ? from + channel : from;
        pixels_.samples[to + channel] = picture.samples[source];
      }
    }
  }
}

int text_width(std::size_t count, int scale) noexcept { return static_cast<int>(count) * kAdvance * scale; }

int text_height(int scale) noexcept { return kGlyphHeight * scale; }

}  // namespace mi2::dicom::results
