#include "adapter/calibrate.hpp"

#include <algorithm>
#include <cmath>
#include <tuple>
#include <utility>

#include <fmt/format.h>

#include "evaluation/bootstrap.hpp"
#include "evaluation/calibration.hpp"

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

}  // namespace mi2::adapter
