#pragma once
// The settings of a training run: a YAML file with the key names of the reference (MainzTrain, as the fine-tuning of
// MedImageInsight uses it). docs/training-config.md lists every key.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dataset/augment/options.hpp"
#include "dataset/options.hpp"
#include "train/parameters/policies.hpp"
#include "train/report/hook.hpp"
#include "train/schedule/schedule.hpp"
#include "weights/config.hpp"

#include <mi2/device.hpp>

namespace mi2::train {

inline constexpr std::size_t kMaxTrainConfigBytes = 1'000'000;

/// What the best checkpoint is best in.
enum class Metric : std::uint8_t { kZeroShotAccuracy, kZeroShotAuc, kKnnAccuracy, kKnnAuc };
/// "zero_shot_accuracy": the name in configs, logs and reports.
std::string_view name_of(Metric metric) noexcept;

struct ModelOptions {
  /// A model directory to start from, or a config.yaml to start from random weights; empty: random weights for
  /// `architecture`.
  std::filesystem::path path;
  /// The model the file itself describes (IMAGE_ENCODER, LANG_ENCODER, UNICL_MODEL), if it does.
  std::optional<weights::ModelConfig> architecture;
  std::string yaml;                 ///< those sections as they stand; empty if they say nothing of an architecture
  bool from_scratch = false;        ///< random weights are meant
  std::optional<double> drop_rate;  ///< instead of the model's own
  std::optional<double> drop_path_rate;
  bool activation_checkpointing = false;  ///< compute activations again in the backward pass instead of keeping them
};

struct OptimizerOptions {
  enum class Kind : std::uint8_t { kAdamW, kSgd };
  Kind kind = Kind::kAdamW;
  double learning_rate = 0;
  bool scale_learning_rate = false;  ///< multiply it by processes x accumulation steps, as the reference may
  double weight_decay = 0.2;
  double beta1 = 0.9;
  double beta2 = 0.999;
  double eps = 1e-8;
  double momentum = 0.9;  ///< of SGD, as is nesterov
  bool nesterov = false;
  double clip_norm = 1;  ///< of the whole gradient; 0: no clipping
  double ema_decay = 0;  ///< of the averaged weights (WEIGHT_SMOOTHING); 0: none
  bool bf16 = false;     ///< autocast
};

/// Low-rank additions to frozen weights, in place of training the weights (ParameterRules::lora says which).
struct LoraOptions {
  std::int64_t rank = 0;        ///< 0: none
  std::optional<double> alpha;  ///< an addition is multiplied by alpha / rank; none: as rank
  bool merged = true;           ///< models are exported with the additions in their weights, too
};

struct BatchOptions {
  std::int64_t total = 0;       ///< images an optimizer step, over all processes; 0: per_device x processes
  std::int64_t per_device = 0;  ///< images a forward pass; 0: total / processes
  std::int64_t evaluation = 64;
  bool automatic = false;  ///< per_device is as large as memory allows; only with gradient_caching
  /// One contrast over the whole step's batch, `per_device` images at a time: vectors first, then gradients.
  bool gradient_caching = false;
};

struct EvaluationOptions {
  Cadence cadence;                ///< steps and epochs
  bool with_checkpoints = false;  ///< also whenever a checkpoint is written
  bool at_start = false;
  bool at_end = true;
  bool zero_shot = true;
  int knn = 5;                                ///< neighbours; 0: no kNN
  std::vector<dataset::DataSource> knn_bank;  ///< labelled neighbours; empty: the training set
  bool ema = true;                            ///< evaluate the averaged weights, if there are any
  Metric metric = Metric::kZeroShotAccuracy;
  int patience = 0;  ///< evaluations without a better metric before the run stops early; 0: never
};

struct CheckpointOptions {
  Cadence cadence;
  int keep_last = 2;  ///< besides the best; -1: all
};

/// What is known of the energy of a run; the rest is measured or estimated (energy/meter.hpp).
struct EnergySettings {
  double watts = 0;  ///< of one machine; 0: not known
  double watts_per_core = 12;
  double overhead = 1;  ///< PUE
  std::string region = "world";
  std::optional<double> grams_per_kwh;  ///< none: the region's
};

struct TrainConfig {
  std::string name = "train";
  std::filesystem::path output;
  bool resume = false;
  bool dry_run = false;
  std::vector<std::string> allowed_changes;  ///< keys that may differ from those of the checkpoint
  Device device{Device::Kind::kAuto};        ///< kAuto, kCpu or kCuda
  std::uint64_t seed = 0;
  double max_epochs = 0;        ///< 0: max_steps counts alone
  std::int64_t max_steps = 0;   ///< 0: max_epochs counts alone; with both, the shorter
  std::int64_t log_every = 10;  ///< steps
  ModelOptions model;
  OptimizerOptions optimizer;
  ScheduleOptions schedule;
  ParameterRules parameters;
  LoraOptions lora;
  BatchOptions batch;
  dataset::DataOptions data;
  dataset::AugmentOptions augment;
  EvaluationOptions evaluation;
  CheckpointOptions checkpoint;
  EnergySettings energy;
  HookOptions hook;
  std::vector<std::string> without_effect;  ///< keys of the reference that were given and that mi2 has no use for
};

/// @param name       what errors call the text.
/// @param overrides  "KEY.SUB=VALUE" each, VALUE as YAML; they win over the text, the last one over earlier ones.
/// @throws Error{kBadFile} (text) or {kBadArgument} (overrides) naming the key, and for the text its line: not YAML, an
///         unknown key (with a suggestion), a key given twice, a value of the wrong type or out of range, a key missing
///         that a run needs; {kUnsupported} for what the reference does and mi2 does not; {kTooLarge} over
///         kMaxTrainConfigBytes.
TrainConfig parse_train_config(std::string_view yaml, std::string_view name,
                               const std::vector<std::string>& overrides = {});

/// As parse_train_config, from a file. @throws also Error{kNotFound}.
TrainConfig load_train_config(const std::filesystem::path& path, const std::vector<std::string>& overrides = {});

/// Every setting with its meaning as a comment, as YAML that parse_train_config reads back to the same settings.
std::string to_yaml(const TrainConfig& config);

/// Forward passes an optimizer step.
/// @param processes  at least 1.
/// @throws Error{kBadArgument} unless processes x per-device batches fill the total batch exactly.
std::int64_t accumulation_steps(const BatchOptions& batch, int processes);

/// Images a forward pass of one process. @throws as accumulation_steps.
std::int64_t device_batch(const BatchOptions& batch, int processes);

/// Optimizer steps of the whole run. @param steps_per_epoch  at least 1.
std::int64_t total_steps(const TrainConfig& config, std::int64_t steps_per_epoch);

/// The rate the warm-up climbs to: START_LEARNING_RATE, scaled if NO_AUTO_LR_SCALING is false.
/// @throws as accumulation_steps.
double peak_learning_rate(const TrainConfig& config, int processes);

}  // namespace mi2::train
