#pragma once
// AdamW over groups of weights, and the moving average of weights.

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include <ATen/ATen.h>

#include "ops/torch/torch_ops.hpp"

namespace mi2::train {

/// What one weight is trained with.
struct TrainedWeight {
  std::string name;
  at::Tensor value;  ///< a leaf with a gradient
  double weight_decay = 0;
  double lr_scale = 1;
};

struct AdamWOptions {
  double beta1 = 0.9;
  double beta2 = 0.999;
  double eps = 1e-8;
};

/// A tensor that resuming a run needs, under a name of its own.
struct NamedTensor {
  std::string name;
  at::Tensor value;
};

/// Source: Loshchilov and Hutter, Decoupled Weight Decay Regularization, ICLR 2019; libtorch's fused kernel.
class AdamW {
 public:
  AdamW(std::vector<TrainedWeight> weights, const AdamWOptions& options);

  /// One step along the weights' gradients.
  /// @param learning_rate  of a weight, from its lr_scale.
  void step(const std::function<double(double lr_scale)>& learning_rate);

  /// Moments and step counts by name ("exp_avg.NAME", "exp_avg_sq.NAME", "step.NAME"): the tensors themselves.
  [[nodiscard]] std::vector<NamedTensor> state() const;

 private:
  struct Group {
    double weight_decay = 0;
    double lr_scale = 1;
    std::vector<std::string> names;
    std::vector<at::Tensor> weights;
    std::vector<at::Tensor> averages;
    std::vector<at::Tensor> squares;
    std::vector<at::Tensor> steps;
  };

  AdamWOptions options_;
  std::vector<Group> groups_;
};

/// A moving average of weights, warmed up: after t updates the decay is at most (1 + t) / (10 + t), so that a short
/// run's average does not remember its random start.
class AveragedWeights {
 public:
  /// Starts as a copy. `weights` share their memory with the model.
  AveragedWeights(std::vector<NamedTensor> weights, double decay);

  /// @param updates  made before this one.
  void update(std::int64_t updates);
  /// Changes the model's weights and the averages over; again changes them back.
  void swap();
  /// "NAME": the averages themselves.
  [[nodiscard]] const std::vector<NamedTensor>& averages() const noexcept { return averages_; }

 private:
  double decay_;
  std::vector<NamedTensor> weights_;
  std::vector<NamedTensor> averages_;
};

}  // namespace mi2::train
