#pragma once
// What a classifier says of many inputs, and how often its best answers are right.

#include <cstddef>
#include <span>
#include <vector>

namespace mi2::evaluation {

/// Numbers of rows for classes, [rows, classes] row-major: logits or probabilities. The larger, the likelier the class.
struct Scores {
  std::size_t classes = 0;
  std::vector<double> values;

  [[nodiscard]] std::size_t rows() const noexcept { return classes == 0 ? 0 : values.size() / classes; }
  [[nodiscard]] std::span<const double> row(std::size_t r) const noexcept {
    return std::span(values).subspan(r * classes, classes);
  }
  /// One class's numbers, a row each.
  [[nodiscard]] std::vector<double> column(std::size_t c) const;
};

/// @throws Error{kBadArgument} unless there is a row and a class, every row has a true class below `classes`, and every
///         number is finite. `labels` is [rows].
void check(const Scores& scores, std::span<const std::size_t> labels);

/// Each row's likeliest class: the first of equals.
std::vector<std::size_t> predictions(const Scores& scores);

/// The share of rows whose true class is among their k likeliest: no more than k - 1 classes are likelier, and of
/// equally likely ones the first count. `weights` is [rows], or empty for one each. @throws as check().
double top_k_accuracy(const Scores& scores, std::span<const std::size_t> labels, std::size_t k,
                      std::span<const double> weights = {});

/// 1 / (1 + exp(-logit)) of each.
Scores logistic(const Scores& logits);

/// Softmax of each row of logits / temperature, a temperature above 0.
Scores softmax(const Scores& logits, double temperature = 1.0);

}  // namespace mi2::evaluation
