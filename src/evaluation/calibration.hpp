#pragma once
// Whether a probability of 0.8 is right eight times in ten, and the one number that mends most of it.

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
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

/// As reliability(), of confidences in [0, 1] and whether each row is right (0 or 1). `weights` is [rows], whole
/// numbers, or empty for one each. Both lists [rows], at least one. @throws Error{kBadArgument} for no bin.
Reliability reliability_of(std::span<const double> confidence, std::span<const std::uint8_t> right, std::size_t bins,
                           std::span<const double> weights = {});

/// As Reliability::expected_error, of each class's probability in place of the likeliest one's, and the mean of that
/// over the classes. @throws as reliability().      Source: Kull et al., NeurIPS 2019.
double classwise_error(const Scores& probabilities, std::span<const std::size_t> labels, std::size_t bins = 15);

/// As Reliability::expected_error, in bins of as nearly as possible equally many rows, by confidence. Which of several
/// rows of one confidence is in which bin depends on their order. @throws as reliability().
/// Source: Nguyen and O'Connor, EMNLP 2015.
double adaptive_error(const Scores& probabilities, std::span<const std::size_t> labels, std::size_t bins = 15);

/// Mean squared differences of probabilities and what is true.
struct Brier {
  double sum = 0;               ///< over all classes, from 0 to 2. Source: Brier, 1950; scikit-learn's for many classes
  double half = 0;              ///< sum / 2, from 0 to 1: of two classes the usual form
  std::optional<double> skill;  ///< 1 - sum / that of saying each class's share; nothing with a single class
};
/// @throws as check().
Brier brier(const Scores& probabilities, std::span<const std::size_t> labels);

/// Logistic regression of what is true on the logit of a probability: 0 and 1 where that is calibrated.
struct CalibrationLine {
  std::optional<double> intercept;
  std::optional<double> slope;     ///< below 1: too extreme
  std::optional<double> in_large;  ///< the intercept if the slope is 1: above 0 where probabilities are too low
  std::string why;                 ///< something is missing
};
/// Probabilities are taken as within 1e-15 of 0 and 1. Both lists [rows]; positive is 0 or 1.
/// Source: Cox, Biometrika 1958; equal to scikit-learn's LogisticRegression without a penalty.
CalibrationLine calibration_line(std::span<const double> probabilities, std::span<const std::uint8_t> positive);

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
