#include "report/used_scores.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include <fmt/format.h>

namespace mi2::report {

bool in_unit_range(const evaluation::Scores& scores) {
  return std::all_of(scores.values.begin(), scores.values.end(), [](double s) { return s >= 0 && s <= 1; });
}

bool are_probabilities(const evaluation::Scores& scores) {
  if (!in_unit_range(scores)) return false;
  for (std::size_t r = 0; r < scores.rows(); ++r) {
    const auto row = scores.row(r);
    // Printed with three digits, they are off by half of the last one each.
    const double most = 1e-3 + 5e-4 * static_cast<double>(scores.classes);
    if (std::abs(std::accumulate(row.begin(), row.end(), 0.0) - 1) > most) return false;
  }
  return true;
}

UsedScores used_scores(const Cases& cases, Task task, double scale, bool probabilities) {
  if (task == Task::kMany) return {cases.scores, probabilities, false};
  if (probabilities) return {cases.scores, true, false};
  if (cases.rows() == 0) return {cases.scores, false, true};
  return {evaluation::softmax(cases.scores, 1 / scale), true, true};
}

std::string name_of(const UsedScores& scores, double scale) {
  if (scores.were_made) return fmt::format("softmax of the scores x {:g}", scale);
  return scores.are_probabilities ? "probabilities" : "scores";
}

}  // namespace mi2::report
