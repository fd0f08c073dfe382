#pragma once
// A run made ready: processes, model, data, optimizer, as the settings say.

#include <cstdint>
#include <filesystem>
#include <map>
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
#include "train/parameters/policies.hpp"
#include "train/schedule/schedule.hpp"
#include "train/trainer/checkpoint.hpp"
#include "train/trainer/disk.hpp"
#include "train/trainer/evaluate.hpp"
#include "train/trainer/export.hpp"
#include "train/trainer/gradients.hpp"
#include "train/trainer/optimizer.hpp"
#include "train/trainer/processes.hpp"
#include "weights/lora.hpp"
#include "weights/model_source.hpp"

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
  /// The weights a model directory gets, of a LoRA run those that it trains: the averages, if there are any.
  [[nodiscard]] std::vector<NamedTensor> best_weights() const;
  /// Weights that are not finite are never written: no later step mends them, and the files before are good ones.
  /// @throws Error{kBadArgument} for such weights, with advice; {kBadFile} when the disk refuses.
  void save_checkpoint() const;
  /// Writes a model directory, a LoRA file, or both. @throws as save_checkpoint().
  void export_model(const std::filesystem::path& folder, const std::map<std::string, std::string>& metadata) const;
  /// Whether there are model directories among what is exported.
  [[nodiscard]] bool exports_models() const noexcept { return !lora || config.lora.merged; }
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
  std::optional<weights::LoraInfo> lora;  ///< of a LoRA run
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

  std::optional<ParameterPolicies> policies;
  std::optional<Gradients> gradients;
  std::unique_ptr<Optimizer> optimizer;
  std::optional<AveragedWeights> averages;
  std::optional<LearningRates> schedule;
  std::optional<Evaluator> evaluator;
  Checkpoints checkpoints;
  RunRecord record;  ///< of this run, for its checkpoints
  RunState state;
  DiskNeed disk;

 private:
  void open_device(Notes& notes);
  void open_model();
  void open_lora(const weights::ModelSource& source);
  void open_data(Notes& notes);
  void open_optimizer(Notes& notes);
  void open_evaluation(Notes& notes);
  void check_start() const;
  void open_disk(Notes& notes);
  /// BatchOptions::automatic: as the run had it, or by trying. batch_size.cpp.
  void adopt_batch(const RunRecord& before, Notes& notes);
  void choose_batch(Notes& notes);
  void set_images_per_pass(std::int64_t images_per_pass);
  void resume(Notes& notes);
  void resume_from(const StoredCheckpoint& checkpoint, Notes& notes);
  [[nodiscard]] std::string older_record() const;
  [[nodiscard]] std::uint64_t export_bytes() const;
  std::string identity_of(const dataset::Dataset& dataset, Notes& notes);
};

}  // namespace mi2::train
