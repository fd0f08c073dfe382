#pragma once
// The figures of rows under weights, for the bootstrap to ask again and again.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "evaluation/roc.hpp"
#include "evaluation/scores.hpp"
#include "report/cases.hpp"

namespace mi2::report {

using Values = std::vector<std::optional<double>>;

/// Of a calibration error, of equal width.
inline constexpr std::size_t kCalibrationBins = 15;

/// What stands behind one number of RowFigures::under().
struct FigureName {
  std::string key;
  std::string name;
};

/// Of Task::kOne and Task::kMany: the figures of names(), then each label's area, then each label's average precision.
class RowFigures {
 public:
  /// @param scores  probabilities of Task::kOne. @param given  scores from which they were made, if they were.
  RowFigures(const Cases& cases, const evaluation::Scores& scores, const evaluation::Scores* given, Task task);

  [[nodiscard]] const std::vector<FigureName>& names() const noexcept { return names_; }
  /// @param weights  [rows], whole numbers, or empty for one each.
  [[nodiscard]] Values under(std::span<const double> weights) const;

  [[nodiscard]] const std::vector<evaluation::RankedScores>& ranked() const noexcept { return ranked_; }
  [[nodiscard]] const std::vector<std::size_t>& predicted() const noexcept { return predicted_; }

 private:
  void add_answers(Values& values, std::span<const double> weights) const;

  Task task_;
  std::span<const std::size_t> truth_;
  std::vector<FigureName> names_;
  std::vector<evaluation::RankedScores> ranked_;
  std::vector<evaluation::RankedScores> given_;
  std::vector<std::size_t> predicted_;
  std::vector<double> confidence_;
  std::vector<std::uint8_t> right_;
  std::vector<double> squares_;  ///< each row's part of the Brier score
  std::vector<double> losses_;   ///< and of the log loss
};

/// The figure that groups of rows are compared by: the mean area under the curve, or of ages the mean absolute error.
class GroupMetric {
 public:
  GroupMetric(const Cases& cases, const evaluation::Scores& scores, std::span<const std::size_t> rows);
  GroupMetric(std::span<const double> guesses, std::span<const double> truth, std::span<const std::size_t> rows);

  /// @param weights  of all rows, or empty.
  [[nodiscard]] std::optional<double> under(std::span<const double> weights) const;
  [[nodiscard]] std::size_t defined_labels() const;

 private:
  std::vector<std::size_t> rows_;
  std::vector<evaluation::RankedScores> ranked_;
  std::vector<double> guesses_;
  std::vector<double> truth_;
};

/// Two-sided p of no difference, of samples of a difference: how often they lie on the other side of 0.
double bootstrap_p(const std::vector<double>& differences);

/// The mean of what there is; nothing of nothing.
std::optional<double> mean_of(std::span<const std::optional<double>> values);

}  // namespace mi2::report
