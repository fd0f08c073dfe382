#include "evaluation/bootstrap.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <random>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "evaluation/draw.hpp"

namespace mi2::evaluation {
namespace {

/// Linear between the two nearest of sorted values, as numpy.percentile.
double quantile(std::span<const double> sorted, double share) {
  const double place = share * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(place);
  const std::size_t above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (place - static_cast<double>(below)) * (sorted[above] - sorted[below]);
}

std::optional<Interval> interval_of(std::vector<double>& values, const BootstrapOptions& options) {
  if (values.empty() || values.size() * 2 < options.samples) return std::nullopt;
  std::sort(values.begin(), values.end());
  const double tail = (1.0 - options.level) / 2;
  return Interval{quantile(values, tail), quantile(values, 1.0 - tail)};
}

}  // namespace

std::vector<std::optional<Interval>> bootstrap(std::span<const std::size_t> labels, const BootstrapOptions& options,
                                               const Statistic& statistic) {
  if (!(options.level > 0 && options.level < 1)) {
    throw Error(Code::kBadArgument, fmt::format("bootstrap: level: expected between 0 and 1, got {}", options.level));
  }
  std::map<std::size_t, std::vector<std::size_t>> strata;
  for (std::size_t r = 0; r < labels.size(); ++r) strata[labels[r]].push_back(r);
  std::mt19937_64 random(options.seed);
  std::vector<std::vector<double>> found;
  std::vector<double> weights(labels.size());
  for (std::size_t sample = 0; sample < options.samples; ++sample) {
    std::fill(weights.begin(), weights.end(), 0.0);
    for (const auto& [label, rows] : strata) {
      for (std::size_t i = 0; i < rows.size(); ++i) ++weights[rows[draw(random, rows.size())]];
    }
    const std::vector<std::optional<double>> figures = statistic(weights);
    found.resize(figures.size());
    for (std::size_t f = 0; f < figures.size(); ++f) {
      if (figures[f]) found[f].push_back(*figures[f]);
    }
  }
  std::vector<std::optional<Interval>> intervals;
  for (std::vector<double>& values : found) intervals.push_back(interval_of(values, options));
  return intervals;
}

}  // namespace mi2::evaluation
