#pragma once
// What makes a run this run, kept in its checkpoints, so that nothing of it changes unnoticed when the run is resumed.

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "train/config/config.hpp"

namespace mi2::train {

struct RunRecord {
  /// By key: its value as to_yaml() writes it, or for files what they hold.
  std::map<std::string, std::string> settings;
  std::int64_t total_steps = 0;
};

/// The settings that a run's weights follow from, as the file has them. Those that only say where things are, how often
/// something is written or how fast it goes are not among them, nor those whose meaning depends on the processes or on
/// files, which the caller adds: MODEL, DATASET.TRAIN, START_LEARNING_RATE ..
std::map<std::string, std::string> settings_to_record(const TrainConfig& config);

/// Compares a checkpoint's record with that of the run that goes on from it. A key that only one of them has is new or
/// gone with the version, and passed over.
/// @param allowed  keys that may differ (--allow-change), also by their aliases.
/// @returns what differs all the same, one sentence each.
/// @throws Error{kBadArgument} naming every key that differs and is not allowed, with its old and new value; for fewer
///         steps in all than before; for an allowed key that is none of the run's.
std::vector<std::string> check_changes(const RunRecord& before, const RunRecord& now,
                                       std::span<const std::string> allowed, std::string_view checkpoint);

}  // namespace mi2::train
