#pragma once
// Checkpoints of a run: everything that going on needs, in one safetensors file that appears whole or not at all.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "train/trainer/optimizer.hpp"

namespace mi2::train {

/// Numbers that go on with a run. Random numbers need none: they are functions of the seed and the step.
struct RunState {
  std::int64_t step = 0;       ///< complete optimizer steps
  std::int64_t skipped = 0;    ///< of them, those left out because a number was not finite
  std::optional<double> best;  ///< of the metric that decides
  std::int64_t best_step = 0;
  std::int64_t without_better = 0;  ///< evaluations since
  friend bool operator==(const RunState&, const RunState&) = default;
};

/// The checkpoints of a run's folder.
class Checkpoints {
 public:
  /// @param folder  of checkpoints; made by the first save().
  explicit Checkpoints(std::filesystem::path folder) : folder_(std::move(folder)) {}

  /// Steps that have one, in order.
  [[nodiscard]] std::vector<std::int64_t> steps() const;
  [[nodiscard]] std::filesystem::path path_of(std::int64_t step) const;

  /// @param run  what makes a run this run (batch size, seed, ..): load() wants the same.
  /// @throws Error{kBadFile} when the disk refuses; earlier checkpoints are as they were.
  void save(const RunState& state, std::span<const NamedTensor> tensors, const std::string& run) const;

  /// Copies what a checkpoint holds into `tensors`.
  /// @throws Error{kBadFile} naming a tensor that is missing, left over or misshapen, or what is damaged;
  ///         {kBadArgument} if it is a checkpoint of another run.
  [[nodiscard]] RunState load(std::int64_t step, std::span<const NamedTensor> tensors, const std::string& run) const;

  /// Removes all but the newest `keep`. A negative number keeps all.
  void prune(int keep) const;

 private:
  std::filesystem::path folder_;
};

}  // namespace mi2::train
