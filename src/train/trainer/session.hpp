#pragma once
// A run made ready: processes, model, data, optimizer, as the settings say.

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include <ATen/ATen.h>

#include "dataset/loader.hpp"
#include "dataset/token_cache.hpp"
#include "models/torch/torch_model.hpp"
#include "text/tokenizer.hpp"
#include "train/config/config.hpp"
#include "train/schedule/schedule.hpp"
#include "train/trainer/checkpoint.hpp"
#include "train/trainer/disk.hpp"
#include "train/trainer/evaluate.hpp"
#include "train/trainer/export.hpp"
#include "train/trainer/gradients.hpp"
#include "train/trainer/optimizer.hpp"
#include "train/trainer/processes.hpp"

namespace mi2::train {

/// Notes from any thread, for the one that talks to people.
class Notes {
 public:
  void add(std::string text);
  std::vector<std::string> take();

 private:
  std::mutex mutex_;
  std::vector<std::string> texts_;
};

struct Session {
  /// @throws as Training.
  Session(TrainConfig settings, Notes& notes);

  /// Weights, averages, moments: what a checkpoint holds.
  [[nodiscard]] std::vector<NamedTensor> tensors() const;
  /// The weights a model directory gets: the averages, if there are any.
  [[nodiscard]] std::vector<NamedTensor> best_weights() const;
  /// Of all processes.
  [[nodiscard]] std::int64_t images_per_step() const;
  /// Where the data stands after so many optimizer steps.
  [[nodiscard]] dataset::Position position_after(std::int64_t steps) const;

  TrainConfig config;
  std::unique_ptr<Processes> processes;
  at::Device device = at::kCPU;
  at::ScalarType dtype = at::kFloat;  ///< of autocast

  ModelParts parts;
  weights::ModelConfig model_config;
  std::unique_ptr<models::TorchModel> model;
  std::optional<text::Tokenizer> tokenizer;
  std::optional<dataset::TokenCache> tokens;

  std::shared_ptr<dataset::ClassTable> classes;
  std::shared_ptr<const dataset::Images> images;
  dataset::LoaderOptions loader;
  std::size_t missing_images = 0;
  std::size_t evaluated_images = 0;  ///< of an evaluation, with the neighbours
  std::int64_t accumulation = 1;     ///< batches per step
  std::int64_t pieces = 1;           ///< of a batch that go through the model one after the other
  std::int64_t batches = 1;          ///< per epoch
  std::int64_t steps_per_epoch = 1;
  std::int64_t total = 1;  ///< steps

  std::optional<Gradients> gradients;
  std::optional<AdamW> optimizer;
  std::optional<AveragedWeights> averages;
  std::optional<CosineSchedule> schedule;
  std::optional<Evaluator> evaluator;
  Checkpoints checkpoints;
  RunRecord record;  ///< of this run, for its checkpoints
  RunState state;
  DiskNeed disk;

 private:
  void open_device(Notes& notes);
  void open_model();
  void open_data(Notes& notes);
  void open_optimizer(Notes& notes);
  void open_evaluation(Notes& notes);
  void check_start() const;
  void open_disk(Notes& notes);
  void resume(Notes& notes);
  void resume_from(const StoredCheckpoint& checkpoint, Notes& notes);
  [[nodiscard]] std::string older_record() const;
  std::string identity_of(const dataset::Dataset& dataset, Notes& notes);
};

}  // namespace mi2::train
