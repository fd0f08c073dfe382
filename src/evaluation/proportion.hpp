#pragma once
// Shares of rows, and how far they may be off.

#include <cstdint>
#include <optional>

#include "evaluation/figure.hpp"

namespace mi2::evaluation {

/// So many of so many.
struct Proportion {
  std::uint64_t part = 0;
  std::uint64_t whole = 0;

  /// Nothing of none.
  [[nodiscard]] std::optional<double> value() const {
    if (whole == 0) return std::nullopt;
    return static_cast<double>(part) / static_cast<double>(whole);
  }
};

/// Nothing of none. @throws Error{kBadArgument} for a level outside (0, 1) or a part above its whole.
/// Source: Wilson, J. Am. Stat. Assoc. 1927; equal to statsmodels' proportion_confint(method="wilson").
std::optional<Interval> wilson(const Proportion& proportion, double level = 0.95);
/// The exact one, which is never too short. As wilson().
/// Source: Clopper and Pearson, Biometrika 1934; equal to statsmodels' proportion_confint(method="beta").
std::optional<Interval> clopper_pearson(const Proportion& proportion, double level = 0.95);

/// With Wilson's interval. @param why  there is no value if there is nothing to divide by.
Figure figure_of(const Proportion& proportion, double level, const char* why);

/// Of two classifiers on the same rows: how many only the first has right, and how many only the second.
/// @returns the two-sided p of both being as good. Source: McNemar, Psychometrika 1947; exact, from the binomial.
double mcnemar_exact(std::uint64_t only_first, std::uint64_t only_second);

/// What a positive or a negative answer is worth where this share of people has the finding.
struct PredictiveValues {
  std::optional<double> positive;
  std::optional<double> negative;
};
/// By Bayes' rule; nothing where no answer of the kind would occur.
/// @throws Error{kBadArgument} for a prevalence outside (0, 1).
PredictiveValues predictive_values(double sensitivity, double specificity, double prevalence);

}  // namespace mi2::evaluation
