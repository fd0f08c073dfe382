#pragma once
// TrivialAugmentWide: one random operation of random strength per image.

#include <array>
#include <cstdint>
#include <string_view>

#include "dataset/augment/random.hpp"
#include "image/resize.hpp"

namespace mi2::dataset {

enum class AugmentOp : std::uint8_t {
  kIdentity,
  kShearX,      ///< -0.99 to 0.99
  kShearY,      ///< -0.99 to 0.99
  kTranslateX,  ///< -32 to 32 pixels
  kTranslateY,  ///< -32 to 32 pixels
  kRotate,      ///< -135 to 135 degrees
  kBrightness,  ///< factor 1 plus -0.99 to 0.99; so the next three
  kColor,
  kContrast,
  kSharpness,
  kPosterize,     ///< 8 to 2 bits
  kSolarize,      ///< threshold 255 to 0
  kAutoContrast,  ///< no magnitude; so the next
  kEqualize,
};
inline constexpr std::size_t kAugmentOps = 14;

/// Strengths an operation has, from none to most.
inline constexpr int kMagnitudes = 31;

struct Augmentation {
  AugmentOp op = AugmentOp::kIdentity;
  float magnitude = 0;  ///< in the operation's own unit
};

/// Magnitude `bin` (0 to kMagnitudes - 1) of an operation, before its sign.   Source: torchvision 0.20,
/// TrivialAugmentWide._augmentation_space.
float magnitude_of(AugmentOp op, int bin) noexcept;

/// All operations equally likely, all magnitudes equally likely, either sign for those that have one.
Augmentation draw_trivial_augment(Random& random) noexcept;

/// 8-bit RGB in, the same size out.
image::Raster apply(const Augmentation& augmentation, image::Raster image);

}  // namespace mi2::dataset
