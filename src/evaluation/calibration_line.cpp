// The line of logistic recalibration, by Newton's method.

#include <algorithm>
#include <array>
#include <cmath>

#include "evaluation/calibration.hpp"

namespace mi2::evaluation {
namespace {

/// A line, its log likelihood, and what Newton's method needs of it.
struct LineFit {
  double likelihood = 0;
  double by_intercept = 0;  ///< the likelihood's derivatives
  double by_slope = 0;
  double curve_ii = 0;  ///< minus its second derivatives
  double curve_is = 0;
  double curve_ss = 0;
};

LineFit fit_at(std::span<const double> x, std::span<const std::uint8_t> positive, double intercept, double slope) {
  LineFit fit;
  for (std::size_t r = 0; r < x.size(); ++r) {
    const double logit = intercept + slope * x[r];
    const double e = std::exp(-std::abs(logit));
    const double p = logit >= 0 ? 1 / (1 + e) : e / (1 + e);
    fit.likelihood -= std::log1p(e) + std::max(logit, 0.0) - (positive[r] != 0 ? logit : 0.0);
    const double off = positive[r] - p;
    const double spread = e / ((1 + e) * (1 + e));
    fit.by_intercept += off;
    fit.by_slope += off * x[r];
    fit.curve_ii += spread;
    fit.curve_is += spread * x[r];
    fit.curve_ss += spread * x[r] * x[r];
  }
  return fit;
}

struct FittedLine {
  double intercept = 0;
  double slope = 1;
};

/// @param with_slope  whether the slope is fitted too. @returns nothing if no line is best.
std::optional<FittedLine> best_line(std::span<const double> x, std::span<const std::uint8_t> positive,
                                    bool with_slope) {
  FittedLine line;
  LineFit fit = fit_at(x, positive, line.intercept, line.slope);
  for (int step = 0; step < 200; ++step) {
    double move_intercept = fit.by_intercept / fit.curve_ii;
    double move_slope = 0;
    if (with_slope) {
      const double determinant = fit.curve_ii * fit.curve_ss - fit.curve_is * fit.curve_is;
      if (!(determinant > 0)) return std::nullopt;
      move_intercept = (fit.curve_ss * fit.by_intercept - fit.curve_is * fit.by_slope) / determinant;
      move_slope = (fit.curve_ii * fit.by_slope - fit.curve_is * fit.by_intercept) / determinant;
    }
    if (!std::isfinite(move_intercept) || !std::isfinite(move_slope)) return std::nullopt;
    // The error after a step of Newton's is about the square of the step.
    if (std::abs(move_intercept) < 1e-8 * (1 + std::abs(line.intercept)) &&
        std::abs(move_slope) < 1e-8 * (1 + std::abs(line.slope))) {
      return FittedLine{line.intercept + move_intercept, line.slope + move_slope};
    }
    double share = 1;
    bool better = false;
    while (!better && share > 1e-12) {
      const LineFit next =
          fit_at(x, positive, line.intercept + share * move_intercept, line.slope + share * move_slope);
      better = next.likelihood > fit.likelihood;
      if (better) {
        line = {line.intercept + share * move_intercept, line.slope + share * move_slope};
        fit = next;
      }
      share /= 2;
    }
    if (!better) return line;  // none within rounding
  }
  return std::nullopt;
}

/// Whether one threshold parts the two kinds, so that ever steeper lines fit ever better.
bool are_parted(std::span<const double> x, std::span<const std::uint8_t> positive) {
  constexpr double kMost = 1e300;
  std::array<double, 2> low{kMost, kMost};
  std::array<double, 2> high{-kMost, -kMost};
  for (std::size_t r = 0; r < x.size(); ++r) {
    const std::size_t kind = positive[r] != 0 ? 1 : 0;
    low[kind] = std::min(low[kind], x[r]);
    high[kind] = std::max(high[kind], x[r]);
  }
  return high[0] <= low[1] || high[1] <= low[0];
}

}  // namespace

CalibrationLine calibration_line(std::span<const double> probabilities, std::span<const std::uint8_t> positive) {
  CalibrationLine found;
  const auto positives = static_cast<std::size_t>(std::count(positive.begin(), positive.end(), std::uint8_t{1}));
  if (positives == 0 || positives == positive.size()) {
    found.why = "all rows are of one kind";
    return found;
  }
  std::vector<double> logits;
  for (const double probability : probabilities) {
    const double p = std::clamp(probability, 1e-15, 1 - 1e-15);
    logits.push_back(std::log(p / (1 - p)));
  }
  if (const auto line = best_line(logits, positive, false)) found.in_large = line->intercept;
  if (are_parted(logits, positive)) {
    found.why = "the probabilities part the rows, or are all the same: no slope fits best";
  } else if (const auto line = best_line(logits, positive, true)) {
    found.intercept = line->intercept;
    found.slope = line->slope;
  } else {
    found.why = "no line fits best";
  }
  return found;
}

}  // namespace mi2::evaluation
