#pragma once
// How far a figure may be off because the rows are few.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

namespace mi2::evaluation {

struct Interval {
  double low = 0;
  double high = 0;
};

struct BootstrapOptions {
  std::size_t samples = 1000;  ///< 0: no intervals
  double level = 0.95;         ///< between 0 and 1
  std::uint64_t seed = 0;
};

/// Figures of the rows under weights [rows]: how often each row was drawn.
using Statistic = std::function<std::vector<std::optional<double>>(std::span<const double> weights)>;

/// Percentile intervals of each figure over samples drawn with replacement. Each class keeps its number of rows, so
/// that a rare class is in every sample. A figure that is missing from more than half of the samples has no interval.
/// The same seed gives the same intervals on every machine.
/// @throws Error{kBadArgument} for a level outside (0, 1).
/// Source: Efron and Tibshirani, 1993, chapter 13; stratified.
std::vector<std::optional<Interval>> bootstrap(std::span<const std::size_t> labels, const BootstrapOptions& options,
                                               const Statistic& statistic);

}  // namespace mi2::evaluation
