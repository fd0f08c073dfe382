#include "report/worst_rows.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>

namespace mi2::report {
namespace {

std::vector<WorstRow> first_of(std::vector<WorstRow> rows) {
  std::stable_sort(rows.begin(), rows.end(), [](const WorstRow& a, const WorstRow& b) { return a.off > b.off; });
  if (rows.size() > kWorstRows) rows.resize(kWorstRows);
  return rows;
}

/// The highest score of a label that is not true, and the lowest of one that is.
std::optional<WorstRow> confused_row(const Study& study, const evaluation::Scores& scores, std::size_t row) {
  double wrong = -std::numeric_limits<double>::infinity();
  double right = std::numeric_limits<double>::infinity();
  WorstRow found{study.evaluated.ids[row], {}, {}};
  const auto values = scores.row(row);
  for (std::size_t c = 0; c < values.size(); ++c) {
    if (study.evaluated.positive[row * values.size() + c] != 0) {
      if (values[c] >= right) continue;
      right = values[c];
      found.truth = study.labels[c];
    } else if (values[c] > wrong) {
      wrong = values[c];
      found.answer = study.labels[c];
    }
  }
  found.off = wrong - right;
  if (!std::isfinite(found.off) || found.off <= 0) return std::nullopt;
  return found;
}

}  // namespace

std::vector<WorstRow> worst_rows(const Study& study, const evaluation::Scores& scores) {
  std::vector<WorstRow> rows;
  if (study.task == Task::kMany) {
    for (std::size_t r = 0; r < study.evaluated.rows(); ++r) {
      if (auto row = confused_row(study, scores, r)) rows.push_back(std::move(*row));
    }
    return first_of(std::move(rows));
  }
  const std::vector<std::size_t> predicted = evaluation::predictions(scores);
  for (std::size_t r = 0; r < predicted.size(); ++r) {
    if (predicted[r] == study.evaluated.truth[r]) continue;
    rows.push_back({study.evaluated.ids[r], study.labels[study.evaluated.truth[r]], study.labels[predicted[r]],
                    scores.row(r)[predicted[r]]});
  }
  return first_of(std::move(rows));
}

std::vector<WorstRow> worst_ages(const Cases& cases, std::span<const double> guesses) {
  std::vector<WorstRow> rows;
  for (std::size_t r = 0; r < cases.rows(); ++r) {
    rows.push_back({cases.ids[r], fmt::format("{:g}", cases.ages[r]), fmt::format("{:.4g}", guesses[r]),
                    std::abs(guesses[r] - cases.ages[r])});
  }
  return first_of(std::move(rows));
}

}  // namespace mi2::report
