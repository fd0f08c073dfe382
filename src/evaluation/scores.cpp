#include "evaluation/scores.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include <mi2/error.hpp>

namespace mi2::evaluation {

std::vector<double> Scores::column(std::size_t c) const {
  std::vector<double> numbers(rows());
  for (std::size_t r = 0; r < numbers.size(); ++r) numbers[r] = values[r * classes + c];
  return numbers;
}

void check(const Scores& scores, std::span<const std::size_t> labels) {
  if (scores.rows() == 0 || scores.values.size() != scores.rows() * scores.classes) {
    throw Error(Code::kBadArgument,
                fmt::format("metrics: expected whole rows of {1} classes, at least one, got {0} scores",
                            scores.values.size(), scores.classes));
  }
  if (labels.size() != scores.rows()) {
    throw Error(Code::kBadArgument,
                fmt::format("metrics: {} true classes for {} rows of scores", labels.size(), scores.rows()));
  }
  for (std::size_t r = 0; r < labels.size(); ++r) {
    if (labels[r] >= scores.classes) {
      throw Error(Code::kBadArgument,
                  fmt::format("metrics: row {}: true class {} of {} classes", r + 1, labels[r], scores.classes));
    }
    const auto row = scores.row(r);
    if (!std::all_of(row.begin(), row.end(), [](double value) { return std::isfinite(value); })) {
      throw Error(Code::kBadArgument, fmt::format("metrics: row {} has a score that is not finite", r + 1));
    }
  }
}

std::vector<std::size_t> predictions(const Scores& scores) {
  std::vector<std::size_t> best(scores.rows());
  for (std::size_t r = 0; r < best.size(); ++r) {
    const auto row = scores.row(r);
    best[r] = static_cast<std::size_t>(std::max_element(row.begin(), row.end()) - row.begin());
  }
  return best;
}

double top_k_accuracy(const Scores& scores, std::span<const std::size_t> labels, std::size_t k,
                      std::span<const double> weights) {
  check(scores, labels);
  double right = 0;
  double all = 0;
  for (std::size_t r = 0; r < labels.size(); ++r) {
    const auto row = scores.row(r);
    std::size_t before = 0;
    for (std::size_t c = 0; c < row.size(); ++c) {
      if (row[c] > row[labels[r]] || (row[c] == row[labels[r]] && c < labels[r])) ++before;
    }
    const double weight = weights.empty() ? 1.0 : weights[r];
    all += weight;
    if (before < k) right += weight;
  }
  return right / all;
}

Scores logistic(const Scores& logits) {
  Scores found = logits;
  for (double& value : found.values) value = 1.0 / (1.0 + std::exp(-value));
  return found;
}

Scores softmax(const Scores& logits, double temperature) {
  Scores probabilities{logits.classes, std::vector<double>(logits.values.size())};
  for (std::size_t r = 0; r < logits.rows(); ++r) {
    const auto row = logits.row(r);
    const double top = *std::max_element(row.begin(), row.end());
    double* const to = probabilities.values.data() + r * logits.classes;
    double sum = 0;
    for (std::size_t c = 0; c < row.size(); ++c) sum += to[c] = std::exp((row[c] - top) / temperature);
    for (std::size_t c = 0; c < row.size(); ++c) to[c] /= sum;
  }
  return probabilities;
}

}  // namespace mi2::evaluation
