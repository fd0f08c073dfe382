#pragma once
// A command of the user's that hears of each evaluation: for trackers that mi2 does not know.

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "train/report/observer.hpp"

namespace mi2::train {

struct HookOptions {
  /// The program and its arguments, as they are: no shell reads them. Empty: none.
  std::vector<std::string> command;
  double timeout = 60;    ///< seconds, after which it and what it has started are killed
  bool required = false;  ///< a failure of it ends the run
};

/// @throws Error{kNotFound} if the program is not there, or cannot be run.
void check_hook(const HookOptions& options);

/// One evaluation, as the command reads it from its standard input: a line of JSON with the run's name, folder and
/// length, step, epoch, metrics, whether it is the best so far, and seconds. What is not a number is null.
std::string hook_text(const RunStart& run, const EvaluationRecord& record, const std::filesystem::path& folder);

/// Runs the command and waits for it. Beside hook_text() it has MI2_RUN_NAME, MI2_RUN_DIR, MI2_STEP and MI2_BEST (0 or
/// 1) in its environment. What it prints goes to standard error.
/// @param stopped  asked while it runs: true kills it.
/// @returns what went wrong, as a sentence; empty if it ended with status 0.
std::string run_hook(const HookOptions& options, const RunStart& run, const EvaluationRecord& record,
                     const std::filesystem::path& folder, const std::function<bool()>& stopped);

}  // namespace mi2::train
