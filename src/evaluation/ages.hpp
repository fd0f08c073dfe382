#pragma once
// Numbers guessed for rows whose number is known, such as bone ages in months.

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "evaluation/proportion.hpp"
#include "evaluation/scores.hpp"

namespace mi2::evaluation {

/// Errors are guess - truth, in the truth's own unit.
struct AgeErrors {
  std::size_t rows = 0;
  double mean_absolute = 0;
  double root_mean_square = 0;
  double bias = 0;                   ///< the mean error
  std::optional<double> deviation;   ///< the errors' standard deviation; none of a single row
  std::optional<Interval> limits;    ///< of agreement: bias -+ 1.96 deviations
  std::optional<double> intraclass;  ///< ICC(2,1); none where neither varies
};

/// @throws Error{kBadArgument} unless both are of the same length, at least one, and finite.
/// Source: Bland and Altman, Lancet 1986; Shrout and Fleiss, Psychological Bulletin 1979, case 2.
AgeErrors age_errors(std::span<const double> guesses, std::span<const double> truth);

/// The mean absolute error alone, under weights [rows]; nothing without weight.
std::optional<double> mean_absolute_error(std::span<const double> guesses, std::span<const double> truth,
                                          std::span<const double> weights);

/// Rows whose error is at most so large.
Proportion within(std::span<const double> guesses, std::span<const double> truth, double most);

/// The age of the likeliest text. @param ages  of each class. [rows]
std::vector<double> ages_by_argmax(const Scores& scores, std::span<const double> ages);
/// The mean of the texts' ages, each with its probability. [rows]
std::vector<double> ages_by_expectation(const Scores& probabilities, std::span<const double> ages);
/// The mean of the nearest known rows' ages, each weighted with its cosine; where no cosine is above 0, unweighted.
/// Both lists [neighbours], at least one.
double age_by_neighbours(std::span<const double> ages, std::span<const double> cosines);

}  // namespace mi2::evaluation
