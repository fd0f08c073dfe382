#pragma once
// Fine-tuning on a dataset's training split, as mi2 train does it: for mi2 evaluate --ways fine-tune.

#include <filesystem>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "arguments.hpp"
#include "recipe/training_rows.hpp"
#include "train/config/config.hpp"

namespace mi2::cli {

struct FineTuningArguments {
  std::vector<std::string> settings;  ///< "KEY=VALUE" of mi2 train, over the recipe's
  bool resume = false;                ///< go on with what is there, or begin
};

/// One run. Its folder gets manifest.csv, which has no row of test, plan.json, and in run/ what mi2 train leaves.
class FineTuning {
 public:
  /// Looks at all that can be wrong before hours are spent; writes nothing.
  /// @param weights_sha256  of the model that is tuned.
  /// @throws Error{kBadArgument} for a setting that is none or is not the user's to choose, for a model that is no
  ///         folder, for a run that is there already without --resume, or with it one of other weights, rows or
  ///         settings; {kBadFile} for a recipe's setting that is none or not its own to choose.
  FineTuning(const recipe::Recipe& recipe, recipe::TrainingRows rows, const ModelArguments& model,
             std::string weights_sha256, const std::filesystem::path& folder, FineTuningArguments arguments);

  /// Trains what is not trained yet. @returns the folder of the model that was best on val.
  /// @throws as train::run_training; Interrupted, with a checkpoint left.
  std::filesystem::path run();

  /// Whether an earlier run of the program has trained some of it, or all.
  [[nodiscard]] bool began_earlier() const noexcept { return began_earlier_; }

  /// How the model came about: settings, rows, and the run's own report. To be called after run().
  [[nodiscard]] nlohmann::ordered_json report() const;

 private:
  [[nodiscard]] train::TrainConfig configured(const ModelArguments& model) const;
  [[nodiscard]] nlohmann::ordered_json plan() const;
  void check_earlier() const;

  std::filesystem::path folder_;
  FineTuningArguments arguments_;
  std::string name_;
  std::string weights_sha256_;
  recipe::TrainingRows rows_;
  std::vector<recipe::TrainingSetting> settings_;
  train::TrainConfig config_;
  bool began_earlier_ = false;
};

}  // namespace mi2::cli
