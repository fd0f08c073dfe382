#include "train/trainer/disk.hpp"

#include <algorithm>
#include <limits>
#include <system_error>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "train/schedule/schedule.hpp"

namespace mi2::train {
namespace {

namespace fs = std::filesystem;

/// Logs, curves, settings.
constexpr std::uint64_t kLogBytes = std::uint64_t{1} << 20;

/// Checkpoints that a run still writes, as far as steps and epochs say.
double checkpoints_left(const TrainConfig& config, std::int64_t first, std::int64_t total,
                        std::int64_t steps_per_epoch) {
  const auto left = static_cast<double>(std::max<std::int64_t>(total - first, 0));
  const Cadence& cadence = config.checkpoint.cadence;
  if (cadence.minutes > 0) return left + 1;
  return std::min(1 + times_due(cadence, left, steps_per_epoch), left + 1);
}

std::uint64_t bytes_in(const fs::path& folder) {
  std::uint64_t bytes = 0;
  std::error_code fault;
  for (const auto& entry : fs::directory_iterator(folder, fault)) {
    std::error_code gone;
    const std::uintmax_t size = entry.is_regular_file(gone) ? entry.file_size(gone) : 0;
    if (!gone) bytes += size;
  }
  return bytes;
}

/// The folder itself, or the nearest one above it that is there.
fs::path existing(fs::path folder) {
  std::error_code fault;
  folder = fs::absolute(folder, fault);
  while (!fs::exists(folder, fault) && folder.has_relative_path()) folder = folder.parent_path();
  return folder;
}

std::string in_words(std::uint64_t bytes) {
  constexpr double kMega = 1e6;
  constexpr double kGiga = 1e9;
  const auto count = static_cast<double>(bytes);
  return count < kGiga ? fmt::format("{:.1f} MB", count / kMega) : fmt::format("{:.1f} GB", count / kGiga);
}

}  // namespace

DiskNeed disk_need(const TrainConfig& config, std::int64_t first, std::int64_t total, std::int64_t steps_per_epoch,
                   std::uint64_t checkpoint_bytes, std::uint64_t model_bytes, bool evaluated) {
  DiskNeed need;
  double count = checkpoints_left(config, first, total, steps_per_epoch);
  const int keep = config.checkpoint.keep_last;
  // The oldest goes once the newest is whole.
  if (keep >= 0) count = std::min(count, static_cast<double>(keep) + 1);
  need.checkpoints = std::max<std::int64_t>(1, std::llround(std::min(count, 1e12)));
  // The best model is written anew beside the one before.
  need.models = evaluated ? 3 : 1;
  const double bytes = static_cast<double>(need.checkpoints) * static_cast<double>(checkpoint_bytes) +
                       static_cast<double>(need.models) * static_cast<double>(model_bytes) +
                       static_cast<double>(kLogBytes);
  need.needed = bytes < 1e19 ? static_cast<std::uint64_t>(bytes) : std::numeric_limits<std::uint64_t>::max();
  std::error_code fault;
  const fs::space_info space = fs::space(existing(config.output), fault);
  if (fault) {
    need.free = std::numeric_limits<std::uint64_t>::max();  // nobody knows
    return need;
  }
  need.free = space.available;
  for (const char* folder : {"checkpoints", "best", "model"}) need.free += bytes_in(config.output / folder);
  return need;
}

std::string check_disk(const DiskNeed& need, const fs::path& folder) {
  const std::string text =
      fmt::format("{}: the run needs up to {} for {} checkpoints and {} models at one moment; {} are free",
                  folder.string(), in_words(need.needed), need.checkpoints, need.models, in_words(need.free));
  if (need.needed <= need.free) return text;
  throw Error(Code::kBadFile, text + ": expected more space, or a smaller SAVE_STRATEGY.CHECKPOINT.KEEP_LAST_N");
}

}  // namespace mi2::train
