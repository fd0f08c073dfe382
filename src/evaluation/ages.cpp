#include "evaluation/ages.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include <fmt/format.h>

#include <mi2/error.hpp>

namespace mi2::evaluation {
namespace {

void check_ages(std::span<const double> guesses, std::span<const double> truth) {
  if (guesses.empty() || guesses.size() != truth.size()) {
    throw Error(Code::kBadArgument, fmt::format("ages: expected a guess for each of at least one row, got {} for {}",
                                                guesses.size(), truth.size()));
  }
  for (std::size_t r = 0; r < truth.size(); ++r) {
    if (!std::isfinite(guesses[r]) || !std::isfinite(truth[r])) {
      throw Error(Code::kBadArgument, fmt::format("ages: row {} has a number that is not finite", r + 1));
    }
  }
}

/// Two-way random effects, absolute agreement, single measurement.
std::optional<double> intraclass(std::span<const double> guesses, std::span<const double> truth) {
  const auto n = static_cast<double>(truth.size());
  if (n < 2) return std::nullopt;
  const double of_guesses = std::accumulate(guesses.begin(), guesses.end(), 0.0) / n;
  const double of_truth = std::accumulate(truth.begin(), truth.end(), 0.0) / n;
  const double all = (of_guesses + of_truth) / 2;
  double between_rows = 0;
  double residual = 0;
  for (std::size_t r = 0; r < truth.size(); ++r) {
    const double row = (guesses[r] + truth[r]) / 2;
    between_rows += 2 * (row - all) * (row - all);
    const double off_guess = guesses[r] - row - of_guesses + all;
    const double off_truth = truth[r] - row - of_truth + all;
    residual += off_guess * off_guess + off_truth * off_truth;
  }
  const double between_raters = n * ((of_guesses - all) * (of_guesses - all) + (of_truth - all) * (of_truth - all));
  const double rows = between_rows / (n - 1);
  const double rest = residual / (n - 1);
  const double whole = rows + rest + 2 * (between_raters - rest) / n;
  if (!(whole > 0)) return std::nullopt;
  return (rows - rest) / whole;
}

}  // namespace

AgeErrors age_errors(std::span<const double> guesses, std::span<const double> truth) {
  check_ages(guesses, truth);
  AgeErrors found;
  found.rows = truth.size();
  const auto n = static_cast<double>(truth.size());
  for (std::size_t r = 0; r < truth.size(); ++r) {
    const double error = guesses[r] - truth[r];
    found.mean_absolute += std::abs(error) / n;
    found.root_mean_square += error * error / n;
    found.bias += error / n;
  }
  found.root_mean_square = std::sqrt(found.root_mean_square);
  if (truth.size() > 1) {
    double squares = 0;
    for (std::size_t r = 0; r < truth.size(); ++r) {
      const double off = guesses[r] - truth[r] - found.bias;
      squares += off * off;
    }
    found.deviation = std::sqrt(squares / (n - 1));
    found.limits = Interval{found.bias - 1.96 * *found.deviation, found.bias + 1.96 * *found.deviation};
  }
  found.intraclass = intraclass(guesses, truth);
  return found;
}

std::optional<double> mean_absolute_error(std::span<const double> guesses, std::span<const double> truth,
                                          std::span<const double> weights) {
  double sum = 0;
  double all = 0;
  for (std::size_t r = 0; r < truth.size(); ++r) {
    const double weight = weights.empty() ? 1.0 : weights[r];
    sum += weight * std::abs(guesses[r] - truth[r]);
    all += weight;
  }
  if (!(all > 0)) return std::nullopt;
  return sum / all;
}

Proportion within(std::span<const double> guesses, std::span<const double> truth, double most) {
  Proportion found{0, truth.size()};
  for (std::size_t r = 0; r < truth.size(); ++r) found.part += std::abs(guesses[r] - truth[r]) <= most ? 1 : 0;
  return found;
}

std::vector<double> ages_by_argmax(const Scores& scores, std::span<const double> ages) {
  std::vector<double> guesses;
  for (const std::size_t c : predictions(scores)) guesses.push_back(ages[c]);
  return guesses;
}

std::vector<double> ages_by_expectation(const Scores& probabilities, std::span<const double> ages) {
  std::vector<double> guesses;
  for (std::size_t r = 0; r < probabilities.rows(); ++r) {
    const auto row = probabilities.row(r);
    guesses.push_back(std::inner_product(row.begin(), row.end(), ages.begin(), 0.0));
  }
  return guesses;
}

double age_by_neighbours(std::span<const double> ages, std::span<const double> cosines) {
  double sum = 0;
  double all = 0;
  for (std::size_t i = 0; i < ages.size(); ++i) {
    const double weight = std::max(0.0, cosines[i]);
    sum += weight * ages[i];
    all += weight;
  }
  if (all > 0) return sum / all;
  return std::accumulate(ages.begin(), ages.end(), 0.0) / static_cast<double>(ages.size());
}

}  // namespace mi2::evaluation
