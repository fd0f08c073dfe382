#include "train/trainer/loss.hpp"

namespace mi2::train {
namespace {

at::Tensor equal_classes(const at::Tensor& rows, const at::Tensor& columns) {
  return rows.unsqueeze(1).eq(columns.unsqueeze(0)).to(at::kFloat);
}

/// Mean over rows of the cross entropy against targets whose rows sum to 1.
at::Tensor cross_entropy(const at::Tensor& logits, const at::Tensor& targets) {
  return -(targets * at::log_softmax(logits, 1)).sum(1).mean();
}

}  // namespace

at::Tensor pair_targets(const at::Tensor& classes) { return equal_classes(classes, classes); }

at::Tensor mixed_pair_targets(const at::Tensor& classes, const at::Tensor& others, double lambda) {
  return equal_classes(classes, classes) * lambda + equal_classes(others, classes) * (1 - lambda);
}

at::Tensor unicl_loss(const at::Tensor& images, const at::Tensor& texts, const at::Tensor& log_scale,
                      const at::Tensor& targets) {
  const at::Tensor logits = at::matmul(images, texts.t()) * log_scale.exp();
  const at::Tensor over_texts = targets / targets.sum(1, true);
  // Mixed images may leave a text without any image of its class: such a column has no say.
  const at::Tensor over_images = targets.t() / targets.t().sum(1, true).clamp_min(1e-12);
  return (cross_entropy(logits, over_texts) + cross_entropy(logits.t(), over_images)) / 2;
}

}  // namespace mi2::train
