#pragma once
// Where a run is in its steps: the learning rate of each, and when something is due. Steps are optimizer steps.

#include <cstdint>

namespace mi2::train {

/// Linear warm-up, then down to min_lr: by half a cosine, or several one after the other (warm restarts), or in a line.
struct ScheduleOptions {
  double warmup_epochs = 0;  ///< at most one of warmup_epochs and warmup_steps is not 0
  double warmup_steps = 0;
  double warmup_lr = 0;  ///< of the first step
  double min_lr = 0;     ///< of the steps after the last
  enum class Kind : std::uint8_t { kCosine, kLinear };
  Kind kind = Kind::kCosine;
  int cycles = 1;          ///< half cosines of the run
  double cycle_mul = 1;    ///< a cycle's length, of the one before
  double cycle_decay = 1;  ///< the rate a cycle begins with, of the one before
};

class LearningRates {
 public:
  /// @param total_steps      the rate reaches min_lr there; at least 1.
  /// @param steps_per_epoch  turns warmup_epochs into steps; at least 1.
  /// @throws Error{kBadArgument} if the warm-up is longer than the run, or than the first of several cycles.
  LearningRates(const ScheduleOptions& options, double learning_rate, std::int64_t total_steps,
                std::int64_t steps_per_epoch);

  /// @param step   counted from 0.
  /// @param scale  of a group of parameters (LR_SCALE_PATTERNS): it multiplies the rate that the warm-up climbs to;
  ///               warmup_lr and min_lr are the same for every group, but never above that rate.
  ///
  /// The cosine counts from step 0, not from the end of the warm-up, as in the reference; the line from its end.
  /// Source: CosineLRScheduler of timm with warmup_prefix off, cycle_limit `cycles` and t_initial so that they fill the
  /// run (Loshchilov and Hutter, SGDR, ICLR 2017); transformers' get_linear_schedule_with_warmup.
  [[nodiscard]] double learning_rate(std::int64_t step, double scale = 1) const noexcept;

 private:
  double peak_;
  double warmup_lr_;
  double min_lr_;
  double warmup_;
  double total_;
  ScheduleOptions::Kind kind_;
  int cycles_;
  double cycle_mul_;
  double cycle_decay_;
  double first_cycle_;  ///< steps
};

/// How often something is done. 0 everywhere: never.
struct Cadence {
  std::int64_t steps = 0;
  double epochs = 0;   ///< may be a fraction: 0.5 is twice an epoch
  double minutes = 0;  ///< of wall-clock time
};

/// Whether steps or epochs of `cadence` are due once `done` steps are complete. Minutes are the caller's clock.
bool is_due(const Cadence& cadence, std::int64_t done, std::int64_t steps_per_epoch) noexcept;
/// About how often that is in so many steps, steps and epochs counted each for itself.
double times_due(const Cadence& cadence, double steps, std::int64_t steps_per_epoch) noexcept;

}  // namespace mi2::train
