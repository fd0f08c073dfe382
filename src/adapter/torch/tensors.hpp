#pragma once
// Rows and numbers of adapters as tensors.

#include <cmath>
#include <cstdint>
#include <vector>

#include <torch/types.h>

#include <mi2/error.hpp>

#include "adapter/fit.hpp"

namespace mi2::adapter {

/// [rows, dimensions]
inline torch::Tensor embeddings_of(const Samples& samples, torch::Dtype dtype) {
  const std::vector<std::int64_t> shape{static_cast<std::int64_t>(samples.rows()),
                                        static_cast<std::int64_t>(samples.vectors.dimensions())};
  return torch::from_blob(const_cast<float*>(samples.vectors.data()), shape, torch::kFloat32).to(dtype, false, true);
}

/// Samples::classes, [rows].
inline torch::Tensor class_tensor(const Samples& samples) {
  const std::vector<std::int64_t> classes(samples.classes.begin(), samples.classes.end());
  return torch::tensor(classes, torch::kInt64);
}

/// Samples::numbers, [rows].
inline torch::Tensor number_tensor(const Samples& samples, torch::Dtype dtype) {
  return torch::tensor(samples.numbers, torch::kFloat64).to(dtype);
}

/// [classes]: rows / (classes * rows of the class), as scikit-learn's "balanced"; ones if not asked for.
inline torch::Tensor class_weights(const Samples& samples, std::size_t classes, bool balanced, torch::Dtype dtype) {
  std::vector<double> rows(classes);
  for (const std::size_t c : samples.classes) ++rows[c];
  std::vector<double> weights(classes, 1.0);
  for (std::size_t c = 0; balanced && c < classes; ++c) {
    if (rows[c] > 0) weights[c] = static_cast<double>(samples.rows()) / (static_cast<double>(classes) * rows[c]);
  }
  return torch::tensor(weights, torch::kFloat64).to(dtype);
}

inline std::vector<float> values_of(const torch::Tensor& tensor) {
  const torch::Tensor flat = tensor.detach().to(torch::kFloat32).contiguous().view({-1});
  return {flat.data_ptr<float>(), flat.data_ptr<float>() + flat.numel()};
}

/// @throws Error{kBadArgument} for a loss that is not finite.
inline void check_loss(double loss) {
  if (std::isfinite(loss)) return;
  throw Error(Code::kBadArgument, "train: the loss is not finite; a smaller learning rate or --standardize may help");
}

}  // namespace mi2::adapter
