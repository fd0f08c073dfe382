#pragma once
// The area under the curve of several classes, each against each.

#include <cstddef>
#include <optional>
#include <span>

#include "evaluation/scores.hpp"

namespace mi2::evaluation {

/// The mean over all pairs of classes that occur of the two areas that their rows alone have. Unlike the mean of one
/// class against the rest it does not change with the shares of the classes. Nothing of fewer than two classes.
/// @throws as check().
/// Source: Hand and Till, Machine Learning 2001; equal to scikit-learn's roc_auc_score(multi_class="ovo").
std::optional<double> hand_till(const Scores& scores, std::span<const std::size_t> labels);

}  // namespace mi2::evaluation
