#pragma once
// What a run's folder will need on its disk.

#include <cstdint>
#include <filesystem>
#include <string>

#include "train/config/config.hpp"

namespace mi2::train {

struct DiskNeed {
  std::uint64_t needed = 0;      ///< bytes, at most, of checkpoints and models at one moment
  std::uint64_t free = 0;        ///< to this user, and what the run's earlier files take and later ones will replace
  std::int64_t checkpoints = 0;  ///< on disk at one moment
  std::int64_t models = 0;
};

/// @param first, total      steps done, and of the whole run.
/// @param checkpoint_bytes  of one checkpoint.     @param model_bytes  of an exported model.
/// @param evaluated         the run also keeps its best model.
DiskNeed disk_need(const TrainConfig& config, std::int64_t first, std::int64_t total, std::int64_t steps_per_epoch,
                   std::uint64_t checkpoint_bytes, std::uint64_t model_bytes, bool evaluated);

/// @returns what a run needs and has, as a sentence.
/// @throws Error{kBadFile} if it has less than it needs.
std::string check_disk(const DiskNeed& need, const std::filesystem::path& folder);

}  // namespace mi2::train
