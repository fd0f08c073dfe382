#pragma once
// Whether a probability of 0.8 is right eight times in ten, and the one number that mends most of it.

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "evaluation/scores.hpp"

namespace mi2::evaluation {

/// Rows whose likeliest class has a probability in (low, high]; the first bin has its low end too.
struct ReliabilityBin {
  double low = 0;
  double high = 0;
  std::uint64_t count = 0;
  double confidence = 0;  ///< mean probability of the likeliest class
  double accuracy = 0;    ///< share of rows that are of it
};

struct Reliability {
  std::vector<ReliabilityBin> bins;  ///< of equal width, empty ones too
  double expected_error = 0;         ///< mean of |confidence - accuracy| over the rows' bins
};

/// @param probabilities  rows sum to 1. @throws as check(); Error{kBadArgument} for no bin.
/// Source: Guo et al., ICML 2017, section 2.
Reliability reliability(const Scores& probabilities, std::span<const std::size_t> labels, std::size_t bins = 10);

/// Mean of -log of the true class's probability, which is taken as at least 1e-15. @throws as check().
double log_loss(const Scores& probabilities, std::span<const std::size_t> labels);

/// What fit_temperature() stays within: on rows that are all right by far, the best temperature would be 0.
inline constexpr double kMinTemperature = 0.02;
inline constexpr double kMaxTemperature = 50;

/// The temperature of least log loss on these rows, which should not be those the logits were trained on.
/// @throws as check().      Source: Guo et al., ICML 2017, section 4.2.
double fit_temperature(const Scores& logits, std::span<const std::size_t> labels);

/// A temperature and how well the rows tell it.
struct FittedTemperature {
  double temperature = 1;
  /// Standard error of its natural logarithm; infinite at a bound and where no row tells anything.
  double log_error = std::numeric_limits<double>::infinity();
};
/// As fit_temperature(). @param groups  as of bootstrap(): rows of one are not independent.
/// Source: the sandwich of Huber, 1967, with sums over clusters.
FittedTemperature fit_temperature_with_error(const Scores& logits, std::span<const std::size_t> labels,
                                             std::span<const std::size_t> groups);

}  // namespace mi2::evaluation
