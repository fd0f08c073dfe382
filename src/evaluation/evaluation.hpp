#pragma once
// All figures of a classifier on rows whose class is known.

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "evaluation/bootstrap.hpp"
#include "evaluation/calibration.hpp"
#include "evaluation/confusion.hpp"
#include "evaluation/figure.hpp"
#include "evaluation/roc.hpp"
#include "evaluation/scores.hpp"

namespace mi2::evaluation {

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

/// Of fewer rows of a class, or of groups where rows are grouped, a bootstrap's interval is far too narrow.
inline constexpr std::size_t kFewestForInterval = 5;

/// A figure has no interval where a class that it rests on, or the rest of the classes, has fewer than
/// kFewestForInterval groups, or where all samples agree, which rows that are all right always do.
/// @param probabilities  rows sum to 1.
/// @param groups         as of bootstrap(): intervals are by group. @throws as check() and bootstrap().
Evaluation evaluate(const Scores& probabilities, std::span<const std::size_t> labels, const BootstrapOptions& options,
                    std::span<const std::size_t> groups = {});

/// What the first gains over the second on the same rows; intervals are of the difference, drawn in pairs. They may be
/// of one number: what is the same twice gains nothing in any sample.
struct Gain {
  Figure accuracy;
  Figure mean_auc;
};
/// @throws as check() and bootstrap().
Gain compare(const Scores& first, const Scores& second, std::span<const std::size_t> labels,
             const BootstrapOptions& options, std::span<const std::size_t> groups = {});

}  // namespace mi2::evaluation
