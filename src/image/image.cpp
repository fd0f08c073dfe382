#include "image/image.hpp"

namespace mi2::image {

int channels(Mode mode) noexcept {
  switch (mode) {
    case Mode::kBilevel:
    case Mode::kGrey:
    case Mode::kPalette:
      return 1;
    case Mode::kGreyAlpha:
      return 2;
    case Mode::kRgb:
      return 3;
    case Mode::kRgba:
    case Mode::kCmyk:
      return 4;
  }
  return 0;
}

}  // namespace mi2::image
