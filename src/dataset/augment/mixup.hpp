#pragma once
// Mixup: each image of a batch becomes a blend of itself and another.

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "dataset/augment/options.hpp"
#include "dataset/augment/random.hpp"

namespace mi2::dataset {

/// Image i is lambda * i + (1 - lambda) * partner[i]; its targets are to be blended in the same way.
struct Mixup {
  float lambda = 1;
  std::vector<std::size_t> partner;
};

/// With mixup_probability, lambda ~ Beta(alpha, alpha), one per batch. Partners are neighbours (0 and 1, 2 and 3, ...),
/// which the shuffling has made random, so that the shares of several processes are mixed as one batch would be; the
/// last of an odd batch is its own.      Source: Zhang et al., ICLR 2018.
std::optional<Mixup> draw_mixup(Random& random, std::size_t batch, const AugmentOptions& options);

/// Blends `pixels` [batch, ...] in place, `size` numbers per image.
void mix(std::span<float> pixels, std::size_t size, const Mixup& mixup);

}  // namespace mi2::dataset
