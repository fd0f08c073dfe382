#include "evaluation/proportion.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "evaluation/distributions.hpp"

namespace mi2::evaluation {
namespace {

void check_share(const Proportion& proportion) {
  if (proportion.part > proportion.whole) {
    throw Error(Code::kBadArgument, fmt::format("proportion: expected a part of the whole, got {} of {}",
                                                proportion.part, proportion.whole));
  }
}

}  // namespace

std::optional<Interval> wilson(const Proportion& proportion, double level) {
  check_share(proportion);
  const double z = normal_reach(level);
  if (proportion.whole == 0) return std::nullopt;
  const auto k = static_cast<double>(proportion.part);
  const auto n = static_cast<double>(proportion.whole);
  const double centre = (k + z * z / 2) / (n + z * z);
  const double half = z / (n + z * z) * std::sqrt(k * (n - k) / n + z * z / 4);
  return Interval{std::max(0.0, centre - half), std::min(1.0, centre + half)};
}

std::optional<Interval> clopper_pearson(const Proportion& proportion, double level) {
  check_share(proportion);
  normal_reach(level);  // the level's check
  if (proportion.whole == 0) return std::nullopt;
  const auto k = static_cast<double>(proportion.part);
  const auto n = static_cast<double>(proportion.whole);
  const double tail = (1 - level) / 2;
  return Interval{k > 0 ? beta_quantile(tail, k, n - k + 1) : 0.0, k < n ? beta_quantile(1 - tail, k + 1, n - k) : 1.0};
}

Figure figure_of(const Proportion& proportion, double level, const char* why) {
  if (proportion.whole == 0) return undefined(why);
  return {proportion.value(), wilson(proportion, level)};
}

double mcnemar_exact(std::uint64_t only_first, std::uint64_t only_second) {
  return std::min(1.0, 2 * fair_coin(std::min(only_first, only_second), only_first + only_second));
}

PredictiveValues predictive_values(double sensitivity, double specificity, double prevalence) {
  if (!(prevalence > 0 && prevalence < 1)) {
    throw Error(Code::kBadArgument, fmt::format("prevalence: expected between 0 and 1, got {}", prevalence));
  }
  const double right_positive = sensitivity * prevalence;
  const double positive = right_positive + (1 - specificity) * (1 - prevalence);
  const double right_negative = specificity * (1 - prevalence);
  const double negative = right_negative + (1 - sensitivity) * prevalence;
  PredictiveValues found;
  if (positive > 0) found.positive = right_positive / positive;
  if (negative > 0) found.negative = right_negative / negative;
  return found;
}

}  // namespace mi2::evaluation
