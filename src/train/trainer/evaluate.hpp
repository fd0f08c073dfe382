#pragma once
// How good a model in training is: zero-shot and nearest neighbours on images it does not train on.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <ATen/ATen.h>

#include <mi2/matrix.hpp>

#include "dataset/loader.hpp"
#include "dataset/token_cache.hpp"
#include "models/torch/torch_model.hpp"
#include "train/config/config.hpp"
#include "train/trainer/processes.hpp"

namespace mi2::train {

/// What an evaluation looks at. The bank may be null.
struct EvaluationData {
  std::shared_ptr<const dataset::Images> validation;
  std::shared_ptr<const dataset::Images> bank;  ///< labelled neighbours
  dataset::LoaderOptions loader;                ///< of both; training off
};

/// Every process computes its share of the vectors and has the same answer.
class Evaluator {
 public:
  Evaluator(EvaluationData data, const EvaluationOptions& options, at::ScalarType dtype, at::Device device);

  /// "zero_shot_accuracy", "zero_shot_auc", "knn_accuracy", "knn_auc", as far as the options and the data allow.
  /// @throws Error{kBadFile} if no image can be read.
  std::vector<std::pair<std::string, double>> run(models::TorchModel& model, dataset::TokenCache& tokens,
                                                  Processes& processes);

 private:
  struct Vectors {
    EmbeddingMatrix vectors;
    std::vector<std::size_t> classes;  ///< [rows]
  };
  Vectors embed(models::TorchModel& model, const std::shared_ptr<const dataset::Images>& images,
                Processes& processes) const;
  at::Tensor class_vectors(models::TorchModel& model, dataset::TokenCache& tokens) const;

  EvaluationData data_;
  EvaluationOptions options_;
  at::ScalarType dtype_;
  at::Device device_;
};

}  // namespace mi2::train
