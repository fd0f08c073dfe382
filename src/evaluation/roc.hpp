#pragma once
// Receiver operating characteristic of one class against the rest.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "evaluation/scores.hpp"

namespace mi2::evaluation {

/// What calling "positive" every score >= threshold does.
struct RocPoint {
  double threshold = 0;
  double false_positive_rate = 0;
  double true_positive_rate = 0;
};

/// A threshold to use, and what it does to the rows it was chosen on.
struct OperatingPoint {
  double threshold = 0;  ///< score >= threshold is positive
  double sensitivity = 0;
  double specificity = 0;
};

/// What calling "positive" every score >= threshold finds, and how much of it is right.
struct PrecisionRecall {
  double threshold = 0;
  double recall = 0;
  double precision = 0;
};

/// Of each row the share of the other kind's rows that lie on the right side of it, ties counting a half. Both lists
/// are in the order of the rows; both are empty unless both kinds occur.
struct Placements {
  std::vector<double> positives;
  std::vector<double> negatives;
};

/// One class's scores in order, so that the area under the curve takes one pass, whatever the rows' weights.
class RankedScores {
 public:
  /// `scores` and `positive` are [rows]; positive is 0 or 1.
  RankedScores(std::span<const double> scores, std::span<const std::uint8_t> positive);

  /// Area under the curve: the probability that a positive row scores above a negative one, ties counting a half.
  /// Nothing unless both kinds have weight. `weights` is [rows], none negative, or empty for one each.
  /// Source: Mann and Whitney, 1947; equal to scikit-learn's roc_auc_score.
  [[nodiscard]] std::optional<double> auc(std::span<const double> weights = {}) const;

  /// From (0, 0), its threshold infinite, to (1, 1), a point for each distinct score. Empty unless both kinds occur.
  [[nodiscard]] std::vector<RocPoint> curve() const;

  /// The mean precision over the positive rows, each at its own score as threshold; rows of one score count together.
  /// Nothing without weight on a positive row. `weights` as for auc().
  /// Source: equal to scikit-learn's average_precision_score.
  [[nodiscard]] std::optional<double> average_precision(std::span<const double> weights = {}) const;

  /// A point for each distinct score, highest threshold first. Empty without a positive row.
  [[nodiscard]] std::vector<PrecisionRecall> precision_recall() const;

  /// What the area's standard error is made of. Source: DeLong et al., Biometrics 1988.
  [[nodiscard]] Placements placements() const;

 private:
  std::vector<double> scores_;          ///< descending
  std::vector<std::uint8_t> positive_;  ///< in that order
  std::vector<std::size_t> rows_;       ///< in that order
};

/// The class against the rest. `labels` is [rows].
RankedScores rank(const Scores& scores, std::span<const std::size_t> labels, std::size_t of_class);

/// The mean over the classes that have an area; nothing if none has. Source: "macro", one against the rest.
std::optional<double> mean_auc(std::span<const std::optional<double>> areas);
std::optional<double> mean_auc(const Scores& scores, std::span<const std::size_t> labels);

/// The point of largest sensitivity + specificity - 1, of equals that with the highest threshold; nothing for an empty
/// curve. Source: Youden, Cancer 1950.
std::optional<OperatingPoint> youden_point(std::span<const RocPoint> curve);

/// The most specific point that is at least as sensitive as asked; nothing for an empty curve.
std::optional<OperatingPoint> sensitivity_point(std::span<const RocPoint> curve, double sensitivity);

/// The most sensitive point that is at least as specific as asked; nothing for an empty curve, or if no score is so.
std::optional<OperatingPoint> specificity_point(std::span<const RocPoint> curve, double specificity);

/// A class's rows at a threshold that was chosen elsewhere; nothing unless both kinds occur.
std::optional<OperatingPoint> at_threshold(const Scores& scores, std::span<const std::size_t> labels,
                                           std::size_t of_class, double threshold);

/// A curve for drawing: without the points that lie on a straight line between their neighbours.
std::vector<RocPoint> corners(std::span<const RocPoint> curve);

}  // namespace mi2::evaluation
