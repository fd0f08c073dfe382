#pragma once
// The contrast of a batch's images and texts over all processes: its loss, and its gradients in little memory.

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include <ATen/ATen.h>

#include "dataset/loader.hpp"
#include "dataset/token_cache.hpp"
#include "models/torch/torch_model.hpp"
#include "train/trainer/processes.hpp"

namespace mi2::train {

/// Keeps references to the model, the tokens and the processes.
class Contrast {
 public:
  /// @param dtype  of autocast.
  Contrast(models::TorchModel& model, dataset::TokenCache& tokens, Processes& processes, at::Device device,
           at::ScalarType dtype)
      : model_(model), tokens_(tokens), processes_(processes), device_(device), dtype_(dtype) {}

  /// The loss of this process's batch among those of all, with its graph: a scalar. The sum of all processes' gradients
  /// is the gradient of the whole.
  [[nodiscard]] at::Tensor loss(const dataset::Batch& batch) const;

  /// The same loss, and its gradients added to the weights', with the memory of a piece of the batch: all vectors first
  /// without a graph, the gradient of the loss by each vector, then piece by piece the vectors again, with the same
  /// random numbers, and their gradients. Source: Gao et al., Scaling Deep Contrastive Learning Batch Size under Memory
  /// Limited Setup, RepL4NLP 2021.
  /// @param pieces       at least 1, at most the batch.
  /// @param seed         of dropout and stochastic depth.
  /// @param before_last  called before the last backward pass.
  [[nodiscard]] double backward_in_pieces(const dataset::Batch& batch, std::int64_t pieces, std::uint64_t seed,
                                          const std::function<void()>& before_last) const;

 private:
  /// Captions repeat: each different one is computed once.
  struct Texts {
    std::vector<std::string> distinct;
    std::vector<std::int64_t> rows;  ///< of each of the batch's texts, in `distinct`
  };
  struct Features {
    at::Tensor images;  ///< undefined without any
    at::Tensor texts;
  };

  [[nodiscard]] static Texts distinct_texts(const std::vector<std::string>& texts);
  [[nodiscard]] Features piece(const dataset::Batch& batch, const Texts& texts, std::int64_t number,
                               std::int64_t pieces) const;
  [[nodiscard]] at::Tensor joined(const at::Tensor& mine) const;
  [[nodiscard]] at::Tensor targets_of(const dataset::Batch& batch) const;
  [[nodiscard]] at::Tensor loss_of(const Features& features, const Texts& texts, const dataset::Batch& batch) const;
  [[nodiscard]] bool has_scale() const;

  models::TorchModel& model_;
  dataset::TokenCache& tokens_;
  Processes& processes_;
  at::Device device_;
  at::ScalarType dtype_;
};

}  // namespace mi2::train
