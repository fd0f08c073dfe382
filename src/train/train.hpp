#pragma once
// Training a model from a configuration: what `mi2 train` does. No type of libtorch is shown here.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <stop_token>

#include "base/linked.hpp"
#include "train/config/config.hpp"
#include "train/report/observer.hpp"

#include <mi2/error.hpp>

namespace mi2::train {

struct TrainResult {
  RunEnd end = RunEnd::kComplete;
  std::int64_t steps = 0;
  std::optional<double> best;        ///< of EvaluationOptions::metric
  std::filesystem::path model;       ///< the last weights, averaged if the run averages: a model directory
  std::filesystem::path best_model;  ///< those of the best evaluation; empty without one
  std::filesystem::path lora;        ///< the last additions of a LoRA run, which may then have no models
  std::filesystem::path best_lora;
};

/// What a dry run finds: one step, of which nothing is kept. Times and memory are of the process that leads.
struct Rehearsal {
  std::int64_t first_step = 0;  ///< steps already done: not 0 when resumed
  std::int64_t total_steps = 0;
  std::size_t images = 0;  ///< to train on
  std::size_t missing_images = 0;
  double loss = 0;
  double gradient_norm = 0;
  std::int64_t images_per_pass = 0;  ///< of one process
  double seconds_per_batch = 0;      ///< until the first one was read, decoded and augmented
  double seconds_per_step = 0;
  double images_per_second = 0;
  double seconds = 0;              ///< an estimate of what is left of the run, with its evaluations
  std::uint64_t memory_bytes = 0;  ///< the most that was resident
  std::uint64_t disk_bytes = 0;    ///< the most that the run's folder needs
  std::uint64_t free_bytes = 0;
  std::filesystem::path sheet;  ///< images of the first batch as the model sees them; dataset::write_sheet()
};

/// One run. Its folder receives checkpoints/, model/, best/ and the effective settings, train.yaml; what else it holds
/// is up to the observer.
class Training {
 public:
  /// Joins the other processes of the run, reads the labels, loads the model, and goes back to the last checkpoint if
  /// the settings say so. What is wrong with the settings, the data or the model is reported here, before any training.
  /// @param observer  hears of oddities from here on; used only where leads() is true.
  /// @throws Error{kBadArgument}, {kBadFile}, {kNotFound}, {kUnsupported} naming the setting or file at fault.
  Training(TrainConfig config, TrainObserver& observer);
  ~Training();
  Training(const Training&) = delete;
  Training& operator=(const Training&) = delete;

  /// Of several processes, one writes files and talks to people.
  [[nodiscard]] bool leads() const noexcept;

  /// Trains to the end, to an early stop, or until a stop is requested (looked for once per step), which leaves a
  /// checkpoint.
  /// @throws Error{kBadFile} for a disk that is full or data that cannot be read: earlier checkpoints stay whole;
  ///         {kBadArgument} if the loss stays without a finite value; {kInternal} if another process is lost.
  TrainResult run(const std::stop_token& stop);

  /// Reads a batch and takes one step with it, in place of run(). The folder receives nothing but the sheet.
  /// @throws as run().
  Rehearsal rehearse();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

struct TrainingEnd {
  bool leads = true;  ///< of several processes, the one that reports
  TrainResult result;
  std::optional<Rehearsal> rehearsal;  ///< of a dry run, in place of the result
};

/// A whole run: Training and its run(), or its rehearse(). @throws as those.
using TrainingRun = TrainingEnd (*)(const TrainConfig& config, TrainObserver& observer, const std::stop_token& stop);

/// Provided by a program that links libtorch.
base::Linked<TrainingRun>& training_run() noexcept;

/// @throws Error{kUnsupported} if none was provided; as TrainingRun.
TrainingEnd run_training(const TrainConfig& config, TrainObserver& observer, const std::stop_token& stop);

}  // namespace mi2::train
