#pragma once
// Letters for sheets of images: 5 x 7 dots, black on what is there.

#include "image/resize.hpp"

namespace mi2::dataset {

inline constexpr int kLetterWidth = 6;  ///< with the space to the next
inline constexpr int kLineHeight = 9;
/// A character that has no letter, and is drawn as a box, as all outside of ASCII's visible ones are.
inline constexpr char kNoLetter = '\x7F';

/// @param scale  dots are so many pixels wide and high. What is outside of the sheet is left out.
void draw_letter(image::Raster& rgb, char character, int scale, int left, int top);

}  // namespace mi2::dataset
