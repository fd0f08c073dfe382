#pragma once
// AdamW over groups of weights, and the moving average of weights.

#include <cstdint>
#include <functional>
#include <optional>
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

/// Changes weights along their gradients.
class Optimizer {
 public:
  virtual ~Optimizer() = default;
  /// One step. @param learning_rate  of a weight, from its lr_scale.
  virtual void step(const std::function<double(double lr_scale)>& learning_rate) = 0;
  /// What going on needs beside the weights, by names of its own: the tensors themselves.
  [[nodiscard]] virtual std::vector<NamedTensor> state() const = 0;
};

/// Source: Loshchilov and Hutter, Decoupled Weight Decay Regularization, ICLR 2019; libtorch's fused kernel.
class AdamW final : public Optimizer {
 public:
  AdamW(std::vector<TrainedWeight> weights, const AdamWOptions& options);

  void step(const std::function<double(double lr_scale)>& learning_rate) override;
  /// Moments and step counts by name ("exp_avg.NAME", "exp_avg_sq.NAME", "step.NAME").
  [[nodiscard]] std::vector<NamedTensor> state() const override;

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

struct SgdOptions {
  double momentum = 0.9;
  bool nesterov = false;  ///< needs a momentum
};

/// As torch.optim.SGD: weight decay is added to the gradient. libtorch's fused kernel.
class Sgd final : public Optimizer {
 public:
  Sgd(std::vector<TrainedWeight> weights, const SgdOptions& options);
  void step(const std::function<double(double lr_scale)>& learning_rate) override;
  /// "momentum.NAME"; nothing without a momentum.
  [[nodiscard]] std::vector<NamedTensor> state() const override;

 private:
  struct Group {
    double weight_decay = 0;
    double lr_scale = 1;
    std::vector<std::string> names;
    std::vector<at::Tensor> weights;
    std::vector<at::Tensor> momenta;
  };

  SgdOptions options_;
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

/// The averages in the place of the weights, for a scope.
class SwappedWeights {
 public:
  /// @param averages  null, or without a value: nothing is swapped.
  explicit SwappedWeights(std::optional<AveragedWeights>* averages)
      : averages_(averages != nullptr && *averages ? &**averages : nullptr) {
    if (averages_ != nullptr) averages_->swap();
  }
  ~SwappedWeights() {
    if (averages_ != nullptr) averages_->swap();
  }
  SwappedWeights(const SwappedWeights&) = delete;
  SwappedWeights& operator=(const SwappedWeights&) = delete;

 private:
  AveragedWeights* averages_;
};

}  // namespace mi2::train
