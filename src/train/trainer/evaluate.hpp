#pragma once
// How good a model in training is: zero-shot and nearest neighbours on images it does not train on.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
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

/// What makes the figures of an evaluation say less than they seem to, for people: patients that are trained on too, a
/// bank of fewer images than EVAL.KNN, labels that the bank does not have.
std::vector<std::string> doubts_about(const EvaluationData& data, const dataset::Dataset& trained_on,
                                      const EvaluationOptions& options);

/// Every process computes its share of the vectors and has the same answer.
class Evaluator {
 public:
  Evaluator(EvaluationData data, const EvaluationOptions& options, at::ScalarType dtype, at::Device device);

  /// "zero_shot_accuracy", "zero_shot_auc", "knn_accuracy", "knn_auc", as far as the options and the data allow. Images
  /// of one group are no neighbours of each other; one that has no other neighbours does not count.
  /// @throws Error{kBadFile} if no image can be read.
  std::vector<std::pair<std::string, double>> run(models::TorchModel& model, dataset::TokenCache& tokens,
                                                  Processes& processes);

  /// What the first run() has found that makes the figures say less than they seem to, once: where no image names its
  /// patient, images of the validation that are nearly equal to one of the neighbours' bank.
  std::vector<std::string> take_doubts() { return std::exchange(doubts_, {}); }

 private:
  struct Vectors {
    EmbeddingMatrix vectors;
    std::vector<std::size_t> classes;  ///< [rows]
    std::vector<std::size_t> groups;   ///< [rows], or vectors::kNoGroup
  };
  Vectors embed(models::TorchModel& model, const std::shared_ptr<const dataset::Images>& images,
                Processes& processes) const;
  void add_neighbours(std::vector<std::pair<std::string, double>>& metrics, const Vectors& found, const Vectors& bank,
                      std::size_t classes) const;
  void look_for_nearly_equal(const Vectors& found, Vectors bank);
  at::Tensor class_vectors(models::TorchModel& model, dataset::TokenCache& tokens) const;

  EvaluationData data_;
  std::unordered_map<std::string, std::size_t> groups_;  ///< of validation and bank, numbered
  EvaluationOptions options_;
  bool looked_ = false;  ///< for nearly equal images
  std::vector<std::string> doubts_;
  at::ScalarType dtype_;
  at::Device device_;
};

}  // namespace mi2::train
