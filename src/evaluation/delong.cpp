#include "evaluation/delong.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <span>

#include <mi2/error.hpp>

#include "evaluation/distributions.hpp"

namespace mi2::evaluation {
namespace {

double mean_of(std::span<const double> values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

/// Of two lists of one length, at least two long. Of a list with itself: its variance.
double covariance(std::span<const double> a, std::span<const double> b) {
  const double mean_a = mean_of(a);
  const double mean_b = mean_of(b);
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += (a[i] - mean_a) * (b[i] - mean_b);
  return sum / static_cast<double>(a.size() - 1);
}

/// Of the areas of two lists of placements.
double area_covariance(const Placements& a, const Placements& b) {
  return covariance(a.positives, b.positives) / static_cast<double>(a.positives.size()) +
         covariance(a.negatives, b.negatives) / static_cast<double>(a.negatives.size());
}

double root(double variance) { return std::sqrt(std::max(0.0, variance)); }

double logistic(double x) { return 1 / (1 + std::exp(-x)); }

constexpr const char* kSingle = "a single row of one kind: no standard error";

/// Every pair is right, or every one wrong. Of k pairs without a row in common, all right, has probability auc^k.
void bound_extreme(AucEstimate& found, double level) {
  const auto pairs = static_cast<double>(std::min(found.positives, found.negatives));
  const double bound = std::pow(1 - level, 1 / pairs);
  found.logit = found.auc > 0.5 ? Interval{bound, 1} : Interval{0, 1 - bound};
  found.wald.reset();
  found.why = "no pair of rows says otherwise, so the standard error says nothing: an exact one-sided bound";
}

}  // namespace

std::optional<AucEstimate> delong(const RankedScores& scores, double level) {
  const double z = normal_reach(level);
  const Placements placements = scores.placements();
  if (placements.positives.empty()) return std::nullopt;
  AucEstimate found{*scores.auc(), placements.positives.size(), placements.negatives.size(), {}, {}, {}, {}};
  if (found.positives > 1 && found.negatives > 1) {
    found.standard_error = root(area_covariance(placements, placements));
  }
  if (found.auc <= 0 || found.auc >= 1) {
    bound_extreme(found, level);
  } else if (!found.standard_error) {
    found.why = kSingle;
  } else if (*found.standard_error <= 0) {
    found.why = "every row has the same score: the standard error is 0 and says nothing";
  } else {
    const double reach = z * *found.standard_error;
    found.wald = Interval{std::max(0.0, found.auc - reach), std::min(1.0, found.auc + reach)};
    const double centre = std::log(found.auc / (1 - found.auc));
    const double half = reach / (found.auc * (1 - found.auc));
    found.logit = Interval{logistic(centre - half), logistic(centre + half)};
  }
  return found;
}

std::optional<AucDifference> delong_difference(const RankedScores& first, const RankedScores& second, double level) {
  const double z = normal_reach(level);
  const Placements a = first.placements();
  const Placements b = second.placements();
  if (a.positives.size() != b.positives.size() || a.negatives.size() != b.negatives.size()) {
    throw Error(Code::kBadArgument, "AUC difference: expected two scores of the same rows");
  }
  if (a.positives.empty()) return std::nullopt;
  AucDifference found{*first.auc() - *second.auc(), {}, {}, {}, {}};
  if (a.positives.size() < 2 || a.negatives.size() < 2) {
    found.why = kSingle;
    return found;
  }
  found.standard_error = root(area_covariance(a, a) + area_covariance(b, b) - 2 * area_covariance(a, b));
  // Scores of one order have no variance but for rounding.
  if (*found.standard_error < 1e-12) {
    found.standard_error = 0;
    found.why = "both scores put the rows in the same order: there is no difference to test";
    return found;
  }
  const double reach = z * *found.standard_error;
  found.interval = Interval{found.difference - reach, found.difference + reach};
  found.p = normal_p(found.difference / *found.standard_error);
  return found;
}

AucDifference independent_difference(const AucEstimate& first, const AucEstimate& second, double level) {
  AucDifference found{first.auc - second.auc, {}, {}, {}, {}};
  if (!first.standard_error || !second.standard_error) {
    found.why = kSingle;
    return found;
  }
  const double error = std::hypot(*first.standard_error, *second.standard_error);
  found.standard_error = error;
  if (error <= 0) {
    found.why = "both standard errors are 0: nothing to test";
    return found;
  }
  const double reach = normal_reach(level) * error;
  found.interval = Interval{found.difference - reach, found.difference + reach};
  found.p = normal_p(found.difference / error);
  return found;
}

}  // namespace mi2::evaluation
