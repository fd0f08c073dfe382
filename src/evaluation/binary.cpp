#include "evaluation/binary.hpp"

#include <algorithm>
#include <numeric>

namespace mi2::evaluation {
namespace {

/// Largest minus smallest of those that there are; nothing of fewer than two.
std::optional<double> range_of(std::span<const GroupRates> groups, std::optional<double> GroupRates::*rate) {
  std::vector<double> values;
  for (const GroupRates& group : groups) {
    if (group.*rate) values.push_back(*(group.*rate));
  }
  if (values.size() < 2) return std::nullopt;
  const auto [low, high] = std::minmax_element(values.begin(), values.end());
  return *high - *low;
}

}  // namespace

BinaryCounts counts_at(std::span<const double> scores, std::span<const std::uint8_t> positive, double threshold) {
  BinaryCounts found;
  for (std::size_t r = 0; r < scores.size(); ++r) {
    const bool called = scores[r] >= threshold;
    if (positive[r] != 0) {
      ++(called ? found.true_positives : found.false_negatives);
    } else {
      ++(called ? found.false_positives : found.true_negatives);
    }
  }
  return found;
}

std::vector<NetBenefit> decision_curve(std::span<const RocPoint> curve, double prevalence) {
  if (curve.empty()) return {};
  std::vector<NetBenefit> found;
  std::size_t at = curve.size() - 1;
  for (int percent = 1; percent < 100; ++percent) {
    const double threshold = percent / 100.0;
    while (at > 0 && curve[at].threshold < threshold) --at;
    const double odds = threshold / (1 - threshold);
    found.push_back(
        {threshold, prevalence * curve[at].true_positive_rate - (1 - prevalence) * curve[at].false_positive_rate * odds,
         prevalence - (1 - prevalence) * odds});
  }
  return found;
}

std::optional<double> equalized_odds_difference(std::span<const GroupRates> groups) {
  const auto sensitivity = range_of(groups, &GroupRates::true_positive_rate);
  const auto alarms = range_of(groups, &GroupRates::false_positive_rate);
  if (!sensitivity || !alarms) return sensitivity ? sensitivity : alarms;
  return std::max(*sensitivity, *alarms);
}

std::vector<double> holm(std::span<const double> p) {
  std::vector<std::size_t> order(p.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return p[a] < p[b]; });
  std::vector<double> raised(p.size());
  double largest = 0;
  for (std::size_t i = 0; i < order.size(); ++i) {
    largest = std::max(largest, std::min(1.0, static_cast<double>(p.size() - i) * p[order[i]]));
    raised[order[i]] = largest;
  }
  return raised;
}

}  // namespace mi2::evaluation
