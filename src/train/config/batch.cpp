// How a batch divides among processes, and what follows from it.

#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include <mi2/error.hpp>
#include "train/config/config.hpp"

namespace mi2::train {
namespace {

[[noreturn]] void fail(const BatchOptions& batch, int processes) {
  throw Error(Code::kBadArgument,
              fmt::format("TRAIN.BATCH_SIZE_TOTAL {} is no multiple of {} processes x TRAIN.BATCH_SIZE_PER_GPU {}",
                          batch.total, processes, std::max<std::int64_t>(1, batch.per_device)));
}

}  // namespace

std::int64_t device_batch(const BatchOptions& batch, int processes) {
  if (batch.per_device > 0) return batch.per_device;
  if (batch.total % processes != 0) fail(batch, processes);
  return batch.total / processes;
}

std::int64_t accumulation_steps(const BatchOptions& batch, int processes) {
  if (batch.total == 0) return 1;
  const std::int64_t forward = device_batch(batch, processes) * processes;
  if (batch.total % forward != 0) fail(batch, processes);
  return batch.total / forward;
}

std::int64_t total_steps(const TrainConfig& config, std::int64_t steps_per_epoch) {
  std::int64_t steps = std::numeric_limits<std::int64_t>::max();
  if (config.max_steps > 0) steps = config.max_steps;
  // A number of steps that no run reaches and that still fits.
  if (config.max_epochs > 0) {
    const double exact = std::min(config.max_epochs * static_cast<double>(steps_per_epoch), 4.0e18);
    steps = std::min(steps, std::max<std::int64_t>(1, std::llround(exact)));
  }
  return steps;
}

double peak_learning_rate(const TrainConfig& config, int processes) {
  const double rate = config.optimizer.learning_rate;
  if (!config.optimizer.scale_learning_rate) return rate;
  const std::int64_t passes = accumulation_steps(config.batch, processes);
  // Compared as a whole, a batch is one, however many pieces it is computed in.
  return rate * processes * static_cast<double>(config.batch.gradient_caching ? 1 : passes);
}

}  // namespace mi2::train
