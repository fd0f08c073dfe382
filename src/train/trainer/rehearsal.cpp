#include "train/trainer/rehearsal.hpp"

#include <algorithm>

#include "train/schedule/schedule.hpp"

namespace mi2::train {
double evaluations(const Session& session, std::int64_t first) {
  const EvaluationOptions& options = session.config.evaluation;
  if (!session.evaluator) return 0;
  const auto left = static_cast<double>(session.total - first);
  double count = (options.at_end ? 1 : 0) + (options.at_start && first == 0 ? 1 : 0);
  count += times_due(options.cadence, left, session.steps_per_epoch);
  if (options.with_checkpoints) {
    count += times_due(session.config.checkpoint.cadence, left, session.steps_per_epoch);
  }
  return count;
}

double evaluation_steps(const Session& session) {
  // An image that is evaluated takes no backward pass, which is twice as long as the forward one.
  return static_cast<double>(session.evaluated_images) / static_cast<double>(session.images_per_step()) / 3;
}

void estimate(Rehearsal& rehearsal, const Session& session) {
  // The session is one step ahead, and that step is not kept.
  rehearsal.first_step = session.state.step - 1;
  rehearsal.total_steps = session.total;
  rehearsal.images = session.images->dataset().size();
  rehearsal.missing_images = session.missing_images;
  rehearsal.disk_bytes = session.disk.needed;
  rehearsal.free_bytes = session.disk.free;
  rehearsal.images_per_pass = static_cast<std::int64_t>(session.loader.batch) / session.pieces;
  const auto images = static_cast<double>(session.images_per_step());
  rehearsal.images_per_second = images / rehearsal.seconds_per_step;
  // Batches are made ready while the step before is computed: the slower of the two counts.
  const double a_step =
      std::max(rehearsal.seconds_per_step, rehearsal.seconds_per_batch * static_cast<double>(session.accumulation));
  const double an_evaluation = evaluation_steps(session) * rehearsal.seconds_per_step;
  rehearsal.seconds = static_cast<double>(session.total - rehearsal.first_step) * a_step +
                      evaluations(session, rehearsal.first_step) * an_evaluation;
}

}  // namespace mi2::train
