// Going on from a checkpoint.

#include <string>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "train/trainer/session.hpp"

#include <mi2/error.hpp>

namespace mi2::train {

/// What version 0.1 compared.
std::string Session::older_record() const {
  return fmt::format("seed {}, {} images, {} per pass, {} passes per step", config.data.seed, images->dataset().size(),
                     loader.batch * static_cast<std::size_t>(loader.world), accumulation);
}

void Session::resume_from(const StoredCheckpoint& checkpoint, Notes& notes) {
  if (const std::optional<RunRecord>& before = checkpoint.record()) {
    adopt_batch(*before, notes);
    for (const std::string& change : check_changes(*before, record, config.allowed_changes, checkpoint.name())) {
      notes.add(fmt::format("{}: {}", checkpoint.name(), change));
    }
  } else if (checkpoint.older_record() != older_record()) {
    throw Error(Code::kBadArgument, fmt::format("{}: is of a run with other settings ({}; now {})", checkpoint.name(),
                                                checkpoint.older_record(), older_record()));
  } else {
    notes.add(
        fmt::format("{}: is of version 0.1, which recorded neither settings nor checksums: only the seed, the "
                    "number of images and the batch are compared",
                    checkpoint.name()));
  }
  if (total < checkpoint.state().step) {
    throw Error(Code::kBadArgument, fmt::format("{}: {} steps are done, the run ends after {}; expected MAX_STEPS or "
                                                "MAX_NUM_EPOCHS to be no less",
                                                checkpoint.name(), checkpoint.state().step, total));
  }
  checkpoint.copy_into(tensors(), !config.allowed_changes.empty());
  state = checkpoint.state();
}

void Session::resume(Notes& notes) {
  std::vector<std::int64_t> steps = checkpoints.steps();
  if (steps.empty()) {
    notes.add(fmt::format("{}: has no checkpoint yet; the run starts from the beginning", config.output.string()));
    return;
  }
  std::vector<std::string> faults;
  for (; !steps.empty(); steps.pop_back()) {
    try {
      resume_from(StoredCheckpoint(checkpoints.path_of(steps.back())), notes);
      return;
    } catch (const Error& error) {
      // The newest may be damaged by the disk; an older one is a shorter way than the beginning.
      if (error.code() == Code::kBadArgument || error.code() == Code::kInternal) throw;
      faults.emplace_back(error.what());
      notes.add(fmt::format("passed over: {}", error.what()));
    }
  }
  throw Error(Code::kBadFile, fmt::format("no checkpoint of this run can be read: {}", fmt::join(faults, "; ")));
}

}  // namespace mi2::train
