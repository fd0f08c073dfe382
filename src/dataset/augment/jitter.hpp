#pragma once
// Colour jitter: brightness, contrast, saturation and hue, each by a random amount and in a random order.

#include <array>
#include <cstdint>

#include "dataset/augment/options.hpp"
#include "dataset/augment/random.hpp"
#include "image/resize.hpp"

namespace mi2::dataset {

enum class JitterOp : std::uint8_t { kBrightness, kContrast, kSaturation, kHue };
inline constexpr std::size_t kJitterOps = 4;

struct Jitter {
  std::array<JitterOp, kJitterOps> order{JitterOp::kBrightness, JitterOp::kContrast, JitterOp::kSaturation,
                                         JitterOp::kHue};
  std::array<double, kJitterOps> amount{1, 1, 1, 0};  ///< by JitterOp: three factors, and turns of the hue
};

/// Factors from max(0, 1 - option) to 1 + option, a turn from -hue to hue; all orders equally likely.
/// Source: torchvision 0.20, ColorJitter.get_params.
Jitter draw_jitter(Random& random, const AugmentOptions& options) noexcept;

/// An RGB raster, in place. What changes nothing (a factor of 1, a turn of 0) is left out.
void apply(const Jitter& jitter, image::Raster& image);

}  // namespace mi2::dataset
