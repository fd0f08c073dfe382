#pragma once
// What a threshold does to rows of two kinds, counted.

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "evaluation/proportion.hpp"
#include "evaluation/roc.hpp"

namespace mi2::evaluation {

struct BinaryCounts {
  std::uint64_t true_positives = 0;
  std::uint64_t false_positives = 0;
  std::uint64_t true_negatives = 0;
  std::uint64_t false_negatives = 0;

  [[nodiscard]] Proportion sensitivity() const { return {true_positives, true_positives + false_negatives}; }
  [[nodiscard]] Proportion specificity() const { return {true_negatives, true_negatives + false_positives}; }
  [[nodiscard]] Proportion precision() const { return {true_positives, true_positives + false_positives}; }
  [[nodiscard]] Proportion negative_precision() const { return {true_negatives, true_negatives + false_negatives}; }
  [[nodiscard]] Proportion false_positive_rate() const { return {false_positives, true_negatives + false_positives}; }
  [[nodiscard]] Proportion accuracy() const {
    return {true_positives + true_negatives, true_positives + false_positives + true_negatives + false_negatives};
  }
};

/// score >= threshold is called positive. Both lists [rows]; positive is 0 or 1.
BinaryCounts counts_at(std::span<const double> scores, std::span<const std::uint8_t> positive, double threshold);

/// What acting on an answer is worth, per row, where a wrong alarm costs odds of the threshold probability.
struct NetBenefit {
  double threshold = 0;  ///< of probability, inside (0, 1)
  double model = 0;      ///< of acting on a probability of at least the threshold
  double all = 0;        ///< of always acting; never acting is 0
};
/// At 0.01, 0.02, .. 0.99. Empty for an empty curve.
/// @param curve  of probabilities. @param prevalence  the share of positive rows.
/// Source: Vickers and Elkin, Medical Decision Making 2006.
std::vector<NetBenefit> decision_curve(std::span<const RocPoint> curve, double prevalence);

/// Sensitivity and false alarms of one group of people.
struct GroupRates {
  std::optional<double> true_positive_rate;
  std::optional<double> false_positive_rate;
};
/// The larger of the two rates' ranges over the groups that have them; nothing unless two groups have one of them.
/// Source: Hardt et al., NeurIPS 2016; equal to fairlearn's equalized_odds_difference.
std::optional<double> equalized_odds_difference(std::span<const GroupRates> groups);

/// p-values of several comparisons, raised so that all of them together are wrong no more often than one.
/// Source: Holm, Scand. J. Stat. 1979; equal to statsmodels' multipletests(method="holm").
std::vector<double> holm(std::span<const double> p);

}  // namespace mi2::evaluation
