#include "adapter/calibrate.hpp"

#include <algorithm>
#include <cmath>
#include <set>
#include <tuple>
#include <utility>

#include <fmt/format.h>

#include "evaluation/bootstrap.hpp"
#include "evaluation/calibration.hpp"
#include "evaluation/findings.hpp"

namespace mi2::adapter {
namespace {

bool enough(const evaluation::GroupsOfClass& count) {
  return count.with >= kFewestJudged && count.without >= kFewestJudged;
}

/// The temperature, or why there is none.
std::pair<double, std::string> temperature_of(const Evaluated& held_out,
                                              const std::vector<evaluation::GroupsOfClass>& counts) {
  // On rows that are all right the loss falls with the temperature to its bound, and every answer would be 1.
  if (evaluation::top_k_accuracy(held_out.logits, held_out.classes, 1) == 1) {
    return {1,
            "every held-out row is right, so that there was nothing to calibrate scores on: the temperature stays 1"};
  }
  if (std::count_if(counts.begin(), counts.end(), enough) < 2) {
    return {1, fmt::format("fewer than two labels have {} held-out {}, too few to calibrate scores on: the temperature "
                           "stays 1",
                           kFewestJudged, held_out.groups.empty() ? "rows" : "groups")};
  }
  const evaluation::FittedTemperature fitted =
      evaluation::fit_temperature_with_error(held_out.logits, held_out.classes, held_out.groups);
  if (!std::isfinite(fitted.log_error)) {
    return {1, fmt::format("the held-out rows set the temperature no bound ({:g}), so that it stays 1",
                           fitted.temperature)};
  }
  if (fitted.log_error > kMostLogError) {
    return {1, fmt::format("the held-out rows leave the temperature open ({:.2f}, right within a factor of {:.1f}), so "
                           "that it stays 1",
                           fitted.temperature, std::exp(1.96 * fitted.log_error))};
  }
  return {fitted.temperature, {}};
}

/// How many groups have a row with a finding, and how many one without it.
evaluation::GroupsOfClass groups_of_finding(const evaluation::KnownRows& known,
                                            const std::vector<std::size_t>& groups) {
  std::set<std::size_t> with;
  std::set<std::size_t> without;
  for (std::size_t i = 0; i < known.rows.size(); ++i) {
    const std::size_t row = known.rows[i];
    (known.positive[i] == 1 ? with : without).insert(groups.empty() ? row : groups[row]);
  }
  return {with.size(), without.size()};
}

}  // namespace

Calibration calibrate(const Evaluated& held_out) {
  const auto counts = evaluation::count_groups(held_out.classes, held_out.groups, held_out.logits.classes);
  Calibration found;
  std::tie(found.temperature, found.why_not) = temperature_of(held_out, counts);
  const evaluation::Scores probabilities = evaluation::softmax(held_out.logits, found.temperature);
  for (std::size_t c = 0; c < probabilities.classes; ++c) {
    found.thresholds.emplace_back();
    if (!enough(counts[c])) continue;
    const auto curve = evaluation::rank(probabilities, held_out.classes, c).curve();
    found.thresholds.back() = {evaluation::youden_point(curve), evaluation::sensitivity_point(curve, kSensitivity)};
  }
  return found;
}

Calibration calibrate_for(Target target, const Evaluated& held_out) {
  if (target == Target::kLabel) return calibrate(held_out);
  if (is_one_number(target) || target == Target::kOrdinal) return {};
  Calibration found;
  const evaluation::Scores probabilities = evaluation::logistic(held_out.logits);
  for (std::size_t c = 0; c < probabilities.classes; ++c) {
    found.thresholds.emplace_back();
    const evaluation::KnownRows known = evaluation::known_rows(probabilities, held_out.findings, c);
    if (!enough(groups_of_finding(known, held_out.groups))) continue;
    const auto curve = evaluation::RankedScores(known.scores, known.positive).curve();
    found.thresholds.back() = {evaluation::youden_point(curve), evaluation::sensitivity_point(curve, kSensitivity)};
  }
  return found;
}

}  // namespace mi2::adapter
