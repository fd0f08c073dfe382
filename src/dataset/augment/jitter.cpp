#include "dataset/augment/jitter.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "dataset/augment/colour.hpp"

namespace mi2::dataset {

Jitter draw_jitter(Random& random, const AugmentOptions& options) noexcept {
  Jitter drawn;
  for (std::size_t i = kJitterOps - 1; i > 0; --i) std::swap(drawn.order[i], drawn.order[random.below(i + 1)]);
  const std::array spread{options.brightness, options.contrast, options.saturation};
  for (std::size_t i = 0; i < spread.size(); ++i) {
    drawn.amount[i] = random.uniform(std::max(0.0, 1.0 - double{spread[i]}), 1.0 + double{spread[i]});
  }
  drawn.amount[static_cast<std::size_t>(JitterOp::kHue)] = random.uniform(-double{options.hue}, double{options.hue});
  return drawn;
}

void apply(const Jitter& jitter, image::Raster& image) {
  for (const JitterOp op : jitter.order) {
    const double amount = jitter.amount[static_cast<std::size_t>(op)];
    if (amount == (op == JitterOp::kHue ? 0.0 : 1.0)) continue;
    switch (op) {
      case JitterOp::kBrightness:
        adjust_brightness(image, amount);
        break;
      case JitterOp::kContrast:
        adjust_contrast(image, amount);
        break;
      case JitterOp::kSaturation:
        adjust_saturation(image, amount);
        break;
      case JitterOp::kHue:
        adjust_hue(image, amount);
        break;
    }
  }
}

}  // namespace mi2::dataset
