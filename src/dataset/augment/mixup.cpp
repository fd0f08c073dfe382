#include "dataset/augment/mixup.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace mi2::dataset {
namespace {

bool draws_cutmix(Random& random, const AugmentOptions& options) {
  if (options.cutmix_alpha <= 0) return false;
  return options.mixup_alpha <= 0 || random.chance(options.cutmix_share);
}

int below(Random& random, int count) { return static_cast<int>(random.below(static_cast<std::uint64_t>(count))); }

/// The part of an axis around a centre: its start and its length.
struct Stretch {
  int start = 0;
  int length = 0;
};

Stretch around(int centre, int length, int axis) {
  const int start = std::max(centre - length / 2, 0);
  return {start, std::min(centre + length / 2, axis) - start};
}

void blend(std::span<float> a, std::span<float> b, float lambda) {
  for (std::size_t k = 0; k < a.size(); ++k) {
    const float difference = (1.0F - lambda) * (b[k] - a[k]);
    a[k] += difference;
    b[k] -= difference;
  }
}

/// a, b [height, width, 3]
void swap_box(std::span<float> a, std::span<float> b, int width, const CropBox& box) {
  for (int y = box.top; y < box.top + box.height; ++y) {
    const std::size_t start =
        (static_cast<std::size_t>(y) * static_cast<std::size_t>(width) + static_cast<std::size_t>(box.left)) * 3;
    const auto row = a.subspan(start, static_cast<std::size_t>(box.width) * 3);
    std::swap_ranges(row.begin(), row.end(), b.subspan(start, row.size()).begin());
  }
}

}  // namespace

CropBox cutmix_box(double lambda, int width, int height, int centre_x, int centre_y) {
  const double ratio = std::sqrt(1 - lambda);
  const Stretch across = around(centre_x, static_cast<int>(width * ratio), width);
  const Stretch down = around(centre_y, static_cast<int>(height * ratio), height);
  return {across.start, down.start, across.length, down.length};
}

std::optional<Mixup> draw_mixup(Random& random, std::size_t batch, int width, int height,
                                const AugmentOptions& options) {
  if (options.mixup_alpha <= 0 && options.cutmix_alpha <= 0) return std::nullopt;
  if (!random.chance(options.mixup_probability)) return std::nullopt;
  Mixup mixup;
  if (draws_cutmix(random, options)) {
    const double lambda = random.beta(options.cutmix_alpha, options.cutmix_alpha);
    const int centre_y = below(random, height);
    const CropBox box = cutmix_box(lambda, width, height, below(random, width), centre_y);
    // The edges may have cut the box: what counts is the area that is left of it.
    mixup.lambda =
        static_cast<float>(1 - static_cast<double>(box.width) * box.height / (static_cast<double>(width) * height));
    mixup.box = box;
  } else {
    mixup.lambda = static_cast<float>(random.beta(options.mixup_alpha, options.mixup_alpha));
  }
  mixup.partner.resize(batch);
  for (std::size_t i = 0; i < batch; ++i) mixup.partner[i] = std::min(i ^ 1U, batch - 1);
  return mixup;
}

void mix(std::span<float> pixels, int width, int height, const Mixup& mixup) {
  const std::size_t size = static_cast<std::size_t>(width) * static_cast<std::size_t>(height) * 3;
  for (std::size_t i = 0; i < mixup.partner.size(); ++i) {
    const std::size_t j = mixup.partner[i];
    if (j <= i) continue;
    const std::span<float> a = pixels.subspan(i * size, size);
    const std::span<float> b = pixels.subspan(j * size, size);
    if (mixup.box) {
      swap_box(a, b, width, *mixup.box);
    } else {
      blend(a, b, mixup.lambda);
    }
  }
}

}  // namespace mi2::dataset
