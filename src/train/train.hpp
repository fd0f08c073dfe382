#pragma once
// Training a model from a configuration: what `mi2 train` does. No type of libtorch is shown here.

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

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

struct TrainingEnd {
  bool leads = true;  ///< of several processes, the one that reports
  TrainResult result;
};

/// A whole run: Training and its run(). @throws as those.
using TrainingRun = TrainingEnd (*)(const TrainConfig& config, TrainObserver& observer, const std::stop_token& stop);

/// Provided by a program that links libtorch.
base::Linked<TrainingRun>& training_run() noexcept;

/// @throws Error{kUnsupported} if none was provided; as TrainingRun.
TrainingEnd run_training(const TrainConfig& config, TrainObserver& observer, const std::stop_token& stop);

}  // namespace mi2::train
