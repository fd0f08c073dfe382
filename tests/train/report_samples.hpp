#pragma once
// A short run with known numbers.

#include <cmath>
#include <cstdint>

#include "train/report/observer.hpp"

namespace mi2::train::test {

inline StepRecord step_record(std::int64_t step) {
  StepRecord record;
  record.step = step;
  record.epoch = static_cast<double>(step) / 10;
  record.loss = 1 + 3 * std::exp(-static_cast<double>(step) / 40) + 0.2 * std::sin(static_cast<double>(step * step));
  record.learning_rate = 1e-3 * std::cos(static_cast<double>(step) / 200);
  record.gradient_norm = 0.5;
  record.logit_scale = 2.6593;
  record.images_per_second = 48;
  record.memory_bytes = 1'500'000'000;
  return record;
}

inline EvaluationRecord evaluation_record(std::int64_t step) {
  const double share = 1 - std::exp(-static_cast<double>(step) / 60);
  return {step,
          static_cast<double>(step) / 10,
          {{"zero_shot_accuracy", 0.78 * share}, {"knn_accuracy", 0.8 * share}},
          true,
          2.5};
}

/// Tells `observer` of the steps first+1 .. last, logged every step and evaluated every 20.
inline void play(TrainObserver& observer, std::int64_t first, std::int64_t last, RunEnd end) {
  observer.started({"sample <run>", first, 200, 10, 1});
  for (std::int64_t step = first + 1; step <= last; ++step) {
    observer.advanced(step, step_record(step).loss);
    observer.logged(step_record(step));
    if (step % 20 == 0) observer.evaluated(evaluation_record(step));
    if (step % 50 == 0) observer.saved(step);
  }
  observer.finished(end);
}

}  // namespace mi2::train::test
