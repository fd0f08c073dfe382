#pragma once
// A task's progress on a bar, until Ctrl-C.

#include "base/progress.hpp"
#include "interrupt.hpp"
#include "progress.hpp"

namespace mi2::cli {

/// What a task reports is drawn on `bar`, which outlives it; a noted signal ends the task (throw_if_interrupted()).
inline base::OnProgress shown_on(Progress& bar) {
  return [&bar](const base::Progress& at) {
    bar.show(at);
    throw_if_interrupted();
  };
}

}  // namespace mi2::cli
