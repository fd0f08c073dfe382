#pragma once
// The VOI window: which values become black, grey and white.

#include <cmath>
#include <cstdint>
#include <optional>

#include <mi2/image.hpp>

#include "dicom/attributes.hpp"
#include "image/window.hpp"

namespace mi2::dicom {

enum class WindowFunction : std::uint8_t { kLinear, kLinearExact, kSigmoid };

struct AppliedWindow {
  Window window;
  WindowFunction function = WindowFunction::kLinear;

  /// @returns 0 (black) to 1.      Source: PS3.3 C.11.2.1.2 and C.11.2.1.3.
  [[nodiscard]] double operator()(double x) const noexcept {
    const double c = window.center;
    const double w = window.width;
    switch (function) {
      case WindowFunction::kSigmoid:
        return 1 / (1 + std::exp(-4 * (x - c) / w));
      case WindowFunction::kLinearExact:
        if (x <= c - w / 2) return 0;
        if (x > c + w / 2) return 1;
        return (x - c) / w + 0.5;
      case WindowFunction::kLinear:
        break;
    }
    return image::windowed(window, x);
  }
};

/// The first window of an item; one that is no window is a warning. LINEAR with a width under 1 is LINEAR_EXACT.
std::optional<AppliedWindow> read_window(const Item& item, image::Warnings& warnings);

}  // namespace mi2::dicom
