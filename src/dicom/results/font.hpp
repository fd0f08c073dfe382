#pragma once
// Letters as pixels, so that a picture says what it is without a library or a file of fonts.

#include <array>
#include <cstdint>

namespace mi2::dicom::results {

inline constexpr int kGlyphWidth = 5;
inline constexpr int kGlyphHeight = 7;

/// Rows from the top; the lowest five bits are the pixels from left to right.
using Glyph = std::array<std::uint8_t, kGlyphHeight>;

/// Of a printable ASCII character: small letters are shown as capitals, and what has no glyph as '?'.
const Glyph& glyph_of(char c) noexcept;

}  // namespace mi2::dicom::results
