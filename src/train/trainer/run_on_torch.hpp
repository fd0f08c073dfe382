#pragma once
// Training as a program that links libtorch provides it. No type of libtorch is shown here.

#include "train/train.hpp"

namespace mi2::train {

/// To be provided to training_run(). @throws as Training.
TrainingEnd run_on_torch(const TrainConfig& config, TrainObserver& observer, const std::stop_token& stop);

}  // namespace mi2::train
