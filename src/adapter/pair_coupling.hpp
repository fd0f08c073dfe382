#pragma once
// From what a support vector machine says of each pair of labels to one probability per label.

#include <cstddef>
#include <span>
#include <vector>

namespace mi2::adapter {

/// Platt's probability of a pair's first label.
double pair_probability(double decision, double a, double b);

/// @param pairs  [labels, labels] row-major: the probability of the row's label against the column's.
/// Source: Wu, Lin and Weng, JMLR 2004, second approach, stopped where libsvm stops.
std::vector<double> couple(std::span<const double> pairs, std::size_t labels);

}  // namespace mi2::adapter
