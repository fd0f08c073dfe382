#pragma once
// Checkpoints of a run: everything that going on needs, in one safetensors file that appears whole or not at all, with
// checksums that show what a disk has done to it since.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "train/config/run_record.hpp"
#include "train/trainer/optimizer.hpp"
#include "weights/safetensors.hpp"

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

/// A checkpoint that is whole.
class StoredCheckpoint {
 public:
  /// Reads all of it, and compares its checksums.
  /// @throws Error{kNotFound}; {kBadFile} for a file that is damaged, or none of mi2 train.
  explicit StoredCheckpoint(const std::filesystem::path& path);

  [[nodiscard]] const std::string& name() const noexcept { return file_.name(); }
  /// What run it is of; nothing of a checkpoint of version 0.1, which has no checksums either.
  [[nodiscard]] const std::optional<RunRecord>& record() const noexcept { return record_; }
  [[nodiscard]] const RunState& state() const noexcept { return state_; }
  /// Of a checkpoint without a record: what version 0.1 compared.
  [[nodiscard]] const std::string& older_record() const noexcept { return older_record_; }

  /// Copies what it holds into `tensors`.
  /// @param changed  the run was allowed to change: what it averages or trains beside what the checkpoint has starts
  ///                 from the checkpoint's weights or from 0, and what it no longer needs is passed over.
  /// @throws Error{kBadFile} naming a tensor that is missing, left over, misshapen or not finite.
  void copy_into(std::span<const NamedTensor> tensors, bool changed) const;

 private:
  void check_sums() const;

  weights::SafeTensors file_;
  RunState state_;
  std::optional<RunRecord> record_;
  std::string older_record_;
};

/// The checkpoints of a run's folder.
class Checkpoints {
 public:
  /// @param folder  of checkpoints; made by the first save().
  explicit Checkpoints(std::filesystem::path folder) : folder_(std::move(folder)) {}

  /// Steps that have one, in order.
  [[nodiscard]] std::vector<std::int64_t> steps() const;
  [[nodiscard]] std::filesystem::path path_of(std::int64_t step) const;

  /// @throws Error{kBadFile} when the disk refuses, {kBadArgument} for a number that is not finite; earlier checkpoints
  ///         are as they were.
  void save(const RunState& state, std::span<const NamedTensor> tensors, const RunRecord& run) const;

  /// After saving `newest`, removes all but so many of the newest, and first those of later steps: only a damaged one,
  /// which was passed over, is ahead of its run. A negative number keeps all.
  void prune(int keep, std::int64_t newest) const;

 private:
  std::filesystem::path folder_;
};

}  // namespace mi2::train
