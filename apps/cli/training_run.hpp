#pragma once
// A run of training as people see it, in a folder of its own: for mi2 train, and for mi2 evaluate, which fine-tunes.

#include <filesystem>
#include <stop_token>

#include "train/config/config.hpp"
#include "train/train.hpp"

namespace mi2::cli {

/// The run's folder. A run that does not start leaves none behind, if there was none.
class RunFolder {
 public:
  /// @throws Error{kBadFile} if it cannot be made.
  explicit RunFolder(std::filesystem::path path);
  RunFolder(const RunFolder&) = delete;
  RunFolder& operator=(const RunFolder&) = delete;
  ~RunFolder();
  void keep() noexcept { made_ = false; }

 private:
  std::filesystem::path path_;
  bool made_ = false;
};

/// Trains with a bar and evaluations on a terminal, lines elsewhere, and leaves all that a run leaves in its folder.
/// @throws as train::run_training.
train::TrainingEnd train_shown(const train::TrainConfig& config, RunFolder& folder, const std::stop_token& stop);

}  // namespace mi2::cli
