#include "evaluation/pairwise_auc.hpp"

#include <cstdint>
#include <vector>

#include "evaluation/roc.hpp"

namespace mi2::evaluation {
namespace {

/// The area of one class's score among the rows of that class and another.
double area_between(const Scores& scores, std::span<const std::size_t> of, std::span<const std::size_t> other,
                    std::size_t column) {
  std::vector<double> values;
  std::vector<std::uint8_t> positive;
  for (const std::size_t r : of) {
    values.push_back(scores.row(r)[column]);
    positive.push_back(1);
  }
  for (const std::size_t r : other) {
    values.push_back(scores.row(r)[column]);
    positive.push_back(0);
  }
  return RankedScores(values, positive).auc().value_or(0.0);
}

}  // namespace

std::optional<double> hand_till(const Scores& scores, std::span<const std::size_t> labels) {
  check(scores, labels);
  std::vector<std::vector<std::size_t>> rows_of(scores.classes);
  for (std::size_t r = 0; r < labels.size(); ++r) rows_of[labels[r]].push_back(r);
  double sum = 0;
  double pairs = 0;
  for (std::size_t a = 0; a < scores.classes; ++a) {
    for (std::size_t b = a + 1; b < scores.classes; ++b) {
      if (rows_of[a].empty() || rows_of[b].empty()) continue;
      sum += (area_between(scores, rows_of[a], rows_of[b], a) + area_between(scores, rows_of[b], rows_of[a], b)) / 2;
      ++pairs;
    }
  }
  if (pairs == 0) return std::nullopt;
  return sum / pairs;
}

}  // namespace mi2::evaluation
