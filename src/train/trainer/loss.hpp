#pragma once
// The contrastive loss of image-text-label training.

#include <ATen/ATen.h>

namespace mi2::train {

/// Which pairs belong together: [N, N], 1 where image i and text j have the same class. classes i64 [N].
at::Tensor pair_targets(const at::Tensor& classes);

/// As above for mixed images: image i is `lambda` of its own class and the rest of class `others[i]`.
at::Tensor mixed_pair_targets(const at::Tensor& classes, const at::Tensor& others, double lambda);

/// UniCL: the mean of two cross entropies of exp(log_scale) * images . texts against `targets`, over texts (rows of the
/// targets made to sum to 1) and over images (columns likewise).
/// images, texts f32 [N, D], unit rows; log_scale a scalar; targets f32 [N, N].   -> a scalar
/// Source: Yang et al., Unified Contrastive Learning in Image-Text-Label Space, CVPR 2022, section 3.
at::Tensor unicl_loss(const at::Tensor& images, const at::Tensor& texts, const at::Tensor& log_scale,
                      const at::Tensor& targets);

}  // namespace mi2::train
