#pragma once
// The model on libtorch: for training, and for GPUs.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <utility>
#include <vector>

#include <ATen/ATen.h>

#include "models/model.hpp"
#include "ops/torch/torch_ops.hpp"

namespace mi2::models {

/// A model whose forward pass can be differentiated.
class TorchModel : public Model {
 public:
  /// pixels f32 [B, height, width, 3], normalised, on the model's device -> unit vectors f32 [B, D], with their graph.
  virtual at::Tensor image_features(const at::Tensor& pixels) = 0;
  /// The same vectors, and the tokens [B, H, W, C] that they were made of.
  virtual std::pair<at::Tensor, at::Tensor> image_features_and_tokens(const at::Tensor& pixels) = 0;
  /// Tokens f32 [N, C] on the model's device, each by itself in place of a grid's mean -> unit vectors f32 [N, D].
  virtual at::Tensor features_of_tokens(const at::Tensor& tokens) = 0;
  /// Unit vectors f32 [texts, D], with their graph.
  virtual at::Tensor text_features(const ops::TokenBatch& tokens) = 0;
  /// Every weight under its checkpoint name, logit_scale (a scalar, the logarithm) last.
  virtual std::vector<ops::TorchParameter>& parameters() = 0;
  /// logit_scale among the parameters(): a scalar, the logarithm.
  at::Tensor& scale_parameter() { return parameters().back().value; }
  /// Whether dropout and stochastic depth act.
  virtual void set_training(bool training) = 0;
};

/// Loads every tensor of a weights file. @throws Error{kBadFile} naming a tensor that is missing, left over or
/// misshapen.
std::unique_ptr<TorchModel> load_torch_model(const weights::StoredWeights& weights, const weights::ModelConfig& config,
                                             const ops::TorchOps::Options& options);

/// A model of random weights, to train from.
std::unique_ptr<TorchModel> initial_torch_model(const weights::ModelConfig& config, std::uint64_t seed,
                                                const ops::TorchOps::Options& options);

}  // namespace mi2::models
