#pragma once
// Mixup and CutMix: each image of a batch becomes a blend of itself and another, or has a box of the other's.

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "dataset/augment/crop.hpp"
#include "dataset/augment/options.hpp"
#include "dataset/augment/random.hpp"

namespace mi2::dataset {

/// Image i is lambda * i + (1 - lambda) * partner[i], or with a box its partner inside of it and itself outside, which
/// is `lambda` of its area. Its targets are to be blended by lambda in either case.
struct Mixup {
  float lambda = 1;
  std::vector<std::size_t> partner;
  std::optional<CropBox> box;
};

/// With mixup_probability, lambda ~ Beta(alpha, alpha), one per batch. Partners are neighbours (0 and 1, 2 and 3, ...),
/// which the shuffling has made random, so that the shares of several processes are mixed as one batch would be; the
/// last of an odd batch is its own. Where both alphas are above 0, cutmix_share of the mixed batches get CutMix; else
/// all, or none.      Source: Zhang et al., ICLR 2018; Yun et al., ICCV 2019; timm 1.0, Mixup in mode "batch".
/// @param width, height  of the images.
std::optional<Mixup> draw_mixup(Random& random, std::size_t batch, int width, int height,
                                const AugmentOptions& options);

/// The box around a centre whose sides are sqrt(1 - lambda) of the image's, cut off at its edges. It may be empty.
CropBox cutmix_box(double lambda, int width, int height, int centre_x, int centre_y);

/// Mixes `pixels` [batch, height, width, 3] in place.
void mix(std::span<float> pixels, int width, int height, const Mixup& mixup);

}  // namespace mi2::dataset
