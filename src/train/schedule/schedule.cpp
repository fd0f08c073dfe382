#include "train/schedule/schedule.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include <fmt/format.h>

#include <mi2/error.hpp>

namespace mi2::train {

LearningRates::LearningRates(const ScheduleOptions& options, double learning_rate, std::int64_t total_steps,
                             std::int64_t steps_per_epoch)
    : peak_(learning_rate),
      warmup_lr_(options.warmup_lr),
      min_lr_(options.min_lr),
      warmup_(options.warmup_steps + options.warmup_epochs * static_cast<double>(steps_per_epoch)),
      total_(static_cast<double>(total_steps)),
      kind_(options.kind),
      cycles_(std::max(options.cycles, 1)),
      cycle_mul_(options.cycle_mul),
      cycle_decay_(options.cycle_decay),
      first_cycle_(total_) {
  if (cycles_ > 1) {
    double cycles = 0;
    for (int i = 0; i < cycles_; ++i) cycles += std::pow(cycle_mul_, i);
    first_cycle_ = total_ / cycles;
  }
  if (total_steps < 1 || steps_per_epoch < 1) {
    throw Error(Code::kBadArgument,
                fmt::format("schedule: expected at least one step and one step per epoch, got {} and {}", total_steps,
                            steps_per_epoch));
  }
  if (!(first_cycle_ >= 1)) {
    throw Error(
        Code::kBadArgument,
        fmt::format("LR_SCHEDULER_PARAMS.cycles: expected a first cycle of at least one step, got {} of {} steps "
                    "for {} cycles, each {} times the one before",
                    first_cycle_, total_steps, cycles_, cycle_mul_));
  }
  if (warmup_ > first_cycle_) {
    throw Error(Code::kBadArgument,
                fmt::format("the warm-up takes {} steps, the {} has {}: shorten LR_SCHEDULER_PARAMS.warmup_steps "
                            "or warmup_epochs",
                            warmup_, cycles_ > 1 ? "first cycle" : "whole run", first_cycle_));
  }
}

double LearningRates::learning_rate(std::int64_t step, double scale) const noexcept {
  const double peak = peak_ * scale;
  const double lowest = std::min(min_lr_, peak);
  const auto now = static_cast<double>(std::max<std::int64_t>(step, 0));
  if (now < warmup_) {
    const double first = std::min(warmup_lr_, peak);
    return first + now * (peak - first) / warmup_;
  }
  if (now >= total_) return lowest;
  if (kind_ == ScheduleOptions::Kind::kLinear) {
    return lowest + (peak - lowest) * (total_ - now) / (total_ - warmup_);
  }
  double begin = 0;
  double length = first_cycle_;
  double highest = peak;
  for (int cycle = 1; cycle < cycles_ && now >= begin + length; ++cycle) {
    begin += length;
    length *= cycle_mul_;
    highest *= cycle_decay_;
  }
  const double low = std::min(lowest, highest);
  return low + 0.5 * (highest - low) * (1 + std::cos(std::numbers::pi * (now - begin) / length));
}

bool is_due(const Cadence& cadence, std::int64_t done, std::int64_t steps_per_epoch) noexcept {
  if (done < 1) return false;
  if (cadence.steps > 0 && done % cadence.steps == 0) return true;
  if (cadence.epochs <= 0) return false;
  const double interval = std::max(1.0, cadence.epochs * static_cast<double>(steps_per_epoch));
  // Due at the first step that completes another interval.
  return std::floor(static_cast<double>(done) / interval) > std::floor(static_cast<double>(done - 1) / interval);
}

double times_due(const Cadence& cadence, double steps, std::int64_t steps_per_epoch) noexcept {
  double count = 0;
  if (cadence.steps > 0) count += std::floor(steps / static_cast<double>(cadence.steps));
  if (cadence.epochs > 0) {
    count += std::floor(steps / std::max(1.0, cadence.epochs * static_cast<double>(steps_per_epoch)));
  }
  return count;
}

}  // namespace mi2::train
