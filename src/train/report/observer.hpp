#pragma once
// What happens in a run, for its log, TensorBoard and the terminal. These are events with numbers of their own; how far
// a run is (base/progress.hpp) is one of them.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <mi2/error.hpp>

namespace mi2::train {

/// What is trained on.
struct TrainingData {
  std::size_t images = 0;
  std::size_t missing = 0;  ///< files that were not there, also of what is evaluated on
  std::size_t classes = 0;
  std::size_t patients = 0;  ///< named ones; 0: none is named
  std::string identity;      ///< a hash of all records
};

/// What is known before the first step.
struct RunStart {
  std::string name;
  std::int64_t first_step = 0;  ///< steps already done: not 0 when resumed
  std::int64_t total_steps = 0;
  std::int64_t steps_per_epoch = 0;
  int processes = 1;
  double images_per_step = 0;   ///< of all processes
  double evaluations = 0;       ///< still to come
  double evaluation_steps = 0;  ///< about how many steps take as long as one
  TrainingData data{};
};

/// After an optimizer step. `step` counts complete steps: 1 after the first.
struct StepRecord {
  std::int64_t step = 0;
  double epoch = 0;  ///< passes over the data so far, with its fraction
  double loss = 0;   ///< mean since the record before
  double learning_rate = 0;
  double gradient_norm = 0;  ///< before clipping
  double logit_scale = 0;    ///< the raw parameter
  double images_per_second = 0;
  std::uint64_t memory_bytes = 0;  ///< resident, or allocated on the device
};

/// Values are shares in [0, 1] for accuracies and AUCs.
struct EvaluationRecord {
  std::int64_t step = 0;
  double epoch = 0;
  std::vector<std::pair<std::string, double>> metrics;  ///< "zero_shot_accuracy"
  bool best = false;
  double seconds = 0;
};

enum class RunEnd : std::uint8_t { kComplete, kStoppedEarly, kInterrupted, kFailed };
/// "complete", "stopped_early", "interrupted", "failed"
std::string_view name_of(RunEnd end) noexcept;

/// Called from the thread that runs the training and in the process that leads, but for stuck().
class TrainObserver {
 public:
  virtual ~TrainObserver() = default;
  virtual void started(const RunStart& /*run*/) {}
  /// After every step, logged or not; cheap.
  virtual void advanced(std::int64_t /*step*/, double /*loss*/) {}
  /// Every LOG_EVERY steps.
  virtual void logged(const StepRecord& /*record*/) {}
  /// An evaluation begins, which may take as long as many steps.
  virtual void evaluating(std::int64_t /*step*/) {}
  virtual void evaluated(const EvaluationRecord& /*record*/) {}
  /// A checkpoint of `step` is on disk: what was reported before must now survive a crash of the machine.
  virtual void saved(std::int64_t /*step*/) {}
  /// Something a person should know: a broken record, a pattern that matches nothing.
  virtual void noted(std::string_view /*text*/) {}
  virtual void finished(RunEnd /*end*/) {}
  /// A stop was requested, but the thread that trains waits for a process that may be lost. A checkpoint is saved, and
  /// nothing but ending the program gets out of the wait. Called from another thread, in any process.
  virtual void stuck(const Error& /*error*/) {}
};

}  // namespace mi2::train
