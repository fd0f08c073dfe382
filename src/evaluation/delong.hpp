#pragma once
// How far an area under the curve may be off, and whether two of them differ.

#include <cstddef>
#include <optional>
#include <string>

#include "evaluation/figure.hpp"
#include "evaluation/roc.hpp"

namespace mi2::evaluation {

struct AucEstimate {
  double auc = 0;
  std::size_t positives = 0;
  std::size_t negatives = 0;
  std::optional<double> standard_error;  ///< none with a single row of either kind
  std::optional<Interval> logit;         ///< on the logit scale, so that it stays within 0 to 1
  std::optional<Interval> wald;          ///< auc -+ z * standard error, cut at 0 and 1 as R's pROC does
  std::string why;                       ///< something is missing, or is not what it usually is

  /// The area with the interval on the logit scale.
  [[nodiscard]] Figure figure() const { return {auc, logit, why}; }
};

/// Rows count as independent. Of an area of 1 or 0, whose standard error is 0, `logit` is the exact one-sided bound of
/// as many separate pairs as there are, and `why` says so. Nothing unless both kinds occur.
/// Source: DeLong, DeLong and Clarke-Pearson, Biometrics 1988.
std::optional<AucEstimate> delong(const RankedScores& scores, double level = 0.95);

struct AucDifference {
  double difference = 0;  ///< first - second
  std::optional<double> standard_error;
  std::optional<Interval> interval;
  std::optional<double> p;  ///< two-sided, of no difference
  std::string why;
};

/// Two scores of the same rows. Nothing unless both kinds occur.
/// @throws Error{kBadArgument} unless both have the same numbers of rows of each kind.
std::optional<AucDifference> delong_difference(const RankedScores& first, const RankedScores& second,
                                               double level = 0.95);

/// Of two areas that have no row in common.
AucDifference independent_difference(const AucEstimate& first, const AucEstimate& second, double level = 0.95);

}  // namespace mi2::evaluation
