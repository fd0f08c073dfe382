#include "train/train.hpp"

namespace mi2::train {

base::Linked<TrainingRun>& training_run() noexcept {
  static base::Linked<TrainingRun> run;
  return run;
}

TrainingEnd run_training(const TrainConfig& config, TrainObserver& observer, const std::stop_token& stop) {
  const TrainingRun run = training_run().get("training needs libtorch, which this program does not link");
  return run(config, observer, stop);
}

}  // namespace mi2::train
