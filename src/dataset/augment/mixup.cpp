#include "dataset/augment/mixup.hpp"

#include <algorithm>

namespace mi2::dataset {

std::optional<Mixup> draw_mixup(Random& random, std::size_t batch, const AugmentOptions& options) {
  if (options.mixup_alpha <= 0 || !random.chance(options.mixup_probability)) return std::nullopt;
  Mixup mixup;
  mixup.lambda = static_cast<float>(random.beta(options.mixup_alpha, options.mixup_alpha));
  mixup.partner.resize(batch);
  for (std::size_t i = 0; i < batch; ++i) mixup.partner[i] = std::min(i ^ 1U, batch - 1);
  return mixup;
}

void mix(std::span<float> pixels, std::size_t size, const Mixup& mixup) {
  for (std::size_t i = 0; i < mixup.partner.size(); ++i) {
    const std::size_t j = mixup.partner[i];
    if (j <= i) continue;
    float* a = pixels.data() + i * size;
    float* b = pixels.data() + j * size;
    for (std::size_t k = 0; k < size; ++k) {
      const float difference = (1.0F - mixup.lambda) * (b[k] - a[k]);
      a[k] += difference;
      b[k] -= difference;
    }
  }
}

}  // namespace mi2::dataset
