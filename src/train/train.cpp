#include "train/train.hpp"

namespace mi2::train {

base::Linked<TrainingRun>& training_run() noexcept {
  static base::Linked<TrainingRun> run;
  return run;
}

TrainingEnd run_training(const TrainConfig& config, TrainObserver& observer, const std::function<bool()>& interrupted,
                         const std::function<void(const Error&)>& stuck) {
  const TrainingRun run = training_run().get("training needs libtorch, which this program does not link");
  return run(config, observer, interrupted, stuck);
}

}  // namespace mi2::train
