#include "dataset/augment/trivial_augment.hpp"

#include <cmath>
#include <utility>

#include "dataset/augment/colour.hpp"
#include "dataset/augment/geometry.hpp"

namespace mi2::dataset {
namespace {

/// torch.linspace in f32: counted from the nearer end.
float linspace(float start, float end, int bin) noexcept {
  const float step = (end - start) / static_cast<float>(kMagnitudes - 1);
  if (bin < kMagnitudes / 2) return start + step * static_cast<float>(bin);
  return end - step * static_cast<float>(kMagnitudes - 1 - bin);
}

bool has_sign(AugmentOp op) noexcept { return op >= AugmentOp::kShearX && op <= AugmentOp::kSharpness; }

}  // namespace

float magnitude_of(AugmentOp op, int bin) noexcept {
  switch (op) {
    case AugmentOp::kShearX:
    case AugmentOp::kShearY:
    case AugmentOp::kBrightness:
    case AugmentOp::kColor:
    case AugmentOp::kContrast:
    case AugmentOp::kSharpness:
      return linspace(0.0F, 0.99F, bin);
    case AugmentOp::kTranslateX:
    case AugmentOp::kTranslateY:
      return linspace(0.0F, 32.0F, bin);
    case AugmentOp::kRotate:
      return linspace(0.0F, 135.0F, bin);
    case AugmentOp::kPosterize:
      return 8.0F - std::nearbyint(static_cast<float>(bin) / (static_cast<float>(kMagnitudes - 1) / 6.0F));
    case AugmentOp::kSolarize:
      return linspace(255.0F, 0.0F, bin);
    case AugmentOp::kIdentity:
    case AugmentOp::kAutoContrast:
    case AugmentOp::kEqualize:
      break;
  }
  return 0;
}

Augmentation draw_trivial_augment(Random& random) noexcept {
  Augmentation drawn;
  drawn.op = static_cast<AugmentOp>(random.below(kAugmentOps));
  drawn.magnitude = magnitude_of(drawn.op, static_cast<int>(random.below(kMagnitudes)));
  if (has_sign(drawn.op) && random.below(2) == 1) drawn.magnitude = -drawn.magnitude;
  return drawn;
}

image::Raster apply(const Augmentation& augmentation, image::Raster image) {
  const double magnitude = double{augmentation.magnitude};
  switch (augmentation.op) {
    case AugmentOp::kIdentity:
      break;
    case AugmentOp::kShearX:
      return shear_x(image, magnitude);
    case AugmentOp::kShearY:
      return shear_y(image, magnitude);
    case AugmentOp::kTranslateX:
      return translate(image, static_cast<int>(magnitude), 0);
    case AugmentOp::kTranslateY:
      return translate(image, 0, static_cast<int>(magnitude));
    case AugmentOp::kRotate:
      return rotate(image, magnitude);
    case AugmentOp::kBrightness:
      adjust_brightness(image, 1.0 + magnitude);
      break;
    case AugmentOp::kColor:
      adjust_saturation(image, 1.0 + magnitude);
      break;
    case AugmentOp::kContrast:
      adjust_contrast(image, 1.0 + magnitude);
      break;
    case AugmentOp::kSharpness:
      adjust_sharpness(image, 1.0 + magnitude);
      break;
    case AugmentOp::kPosterize:
      posterize(image, static_cast<int>(magnitude));
      break;
    case AugmentOp::kSolarize:
      solarize(image, magnitude);
      break;
    case AugmentOp::kAutoContrast:
      autocontrast(image);
      break;
    case AugmentOp::kEqualize:
      equalize(image);
      break;
  }
  return image;
}

}  // namespace mi2::dataset
