#pragma once
// The threshold at which a class's F1 is best, and what such thresholds do to rows.

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "evaluation/confusion.hpp"
#include "evaluation/scores.hpp"

namespace mi2::evaluation {

/// Every class against the rest: score >= threshold is positive. A row may be positive for several classes or for none.
struct Thresholded {
  std::vector<ClassFigures> classes;  ///< all 0 of a class without a threshold
  Averages averages;                  ///< over the classes that have a threshold
};

/// Of each class the threshold among 0, 0.05, .. 0.95 of best F1, of equals the largest; nothing for a class without a
/// row. [classes]. @throws as check().
std::vector<std::optional<double>> best_f1_thresholds(const Scores& scores, std::span<const std::size_t> labels);

/// @param thresholds  [classes]. @throws as check().
Thresholded at_thresholds(const Scores& scores, std::span<const std::size_t> labels,
                          std::span<const std::optional<double>> thresholds);

}  // namespace mi2::evaluation
