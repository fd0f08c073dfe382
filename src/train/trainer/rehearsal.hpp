#pragma once
// What one step says of a whole run.

#include "train/train.hpp"
#include "train/trainer/session.hpp"

namespace mi2::train {

/// Fills in what follows from the session, and from the times that are there already.
void estimate(Rehearsal& rehearsal, const Session& session);

/// Evaluations of the run after `first` steps, about.
double evaluations(const Session& session, std::int64_t first);
/// How many steps take about as long as one evaluation.
double evaluation_steps(const Session& session);

}  // namespace mi2::train
