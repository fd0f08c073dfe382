#pragma once
// All figures of a classifier on rows whose class is known.

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "evaluation/bootstrap.hpp"
#include "evaluation/calibration.hpp"
#include "evaluation/confusion.hpp"
#include "evaluation/roc.hpp"
#include "evaluation/scores.hpp"

namespace mi2::evaluation {

/// A figure and its confidence interval, where there is one.
struct Figure {
  std::optional<double> value;
  std::optional<Interval> interval;
};

/// One class against the rest.
struct ClassEvaluation {
  ClassFigures figures;
  Figure auc;
  std::vector<RocPoint> curve;  ///< empty unless the class and another occur
};

struct Evaluation {
  std::size_t rows = 0;
  Figure accuracy;
  Figure balanced_accuracy;
  Figure mean_auc;    ///< over the classes that have one
  Averages averages;  ///< of the likeliest class
  double matthews = 0;
  double log_loss = 0;
  Reliability reliability;
  Confusion confusion{0, {}, {}};
  std::vector<ClassEvaluation> classes;
};

/// @param probabilities  rows sum to 1. @throws as check() and bootstrap().
Evaluation evaluate(const Scores& probabilities, std::span<const std::size_t> labels, const BootstrapOptions& options);

/// What the first gains over the second on the same rows; intervals are of the difference, drawn in pairs.
struct Gain {
  Figure accuracy;
  Figure mean_auc;
};
/// @throws as check() and bootstrap().
Gain compare(const Scores& first, const Scores& second, std::span<const std::size_t> labels,
             const BootstrapOptions& options);

}  // namespace mi2::evaluation
