#include "report/label_results.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "evaluation/roc.hpp"

namespace mi2::report {
namespace {

/// Enough for a plot of some hundred pixels.
constexpr std::size_t kMostPoints = 400;

using Curve = std::vector<evaluation::RocPoint>;

/// Every so many points, and the last one.
template <typename Point>
std::vector<Point> thinned(const std::vector<Point>& points) {
  if (points.size() <= kMostPoints) return points;
  std::vector<Point> kept;
  for (std::size_t i = 0; i < kMostPoints; ++i) kept.push_back(points[i * (points.size() - 1) / (kMostPoints - 1)]);
  return kept;
}

std::vector<std::pair<std::string, std::optional<evaluation::OperatingPoint>>> points_of(const Curve& curve) {
  return {{kYoudenRule, evaluation::youden_point(curve)},
          {"sensitivity at least 0.90", evaluation::sensitivity_point(curve, 0.90)},
          {"sensitivity at least 0.95", evaluation::sensitivity_point(curve, 0.95)},
          {"specificity at least 0.90", evaluation::specificity_point(curve, 0.90)},
          {"specificity at least 0.95", evaluation::specificity_point(curve, 0.95)}};
}

/// A label's column, and the rows that are of it.
struct Column {
  std::vector<double> scores;
  std::vector<std::uint8_t> positive;

  [[nodiscard]] evaluation::RankedScores ranked() const { return {scores, positive}; }
};

std::vector<AppliedPoint> applied_points(const Column& chosen_on, const Column& evaluated, const Curve& curve) {
  std::vector<AppliedPoint> found;
  for (const auto& [rule, point] : points_of(curve)) {
    AppliedPoint applied;
    applied.rule = rule;
    if (point) {
      applied.threshold = point->threshold;
      applied.chosen = evaluation::counts_at(chosen_on.scores, chosen_on.positive, point->threshold);
      applied.applied = evaluation::counts_at(evaluated.scores, evaluated.positive, point->threshold);
    }
    found.push_back(std::move(applied));
  }
  return found;
}

/// Recall and precision of the likeliest label.
void add_answers(const Study& study, const std::vector<std::size_t>& predicted, std::size_t label, double level,
                 LabelResult& result) {
  evaluation::Proportion recall;
  evaluation::Proportion precision;
  for (std::size_t r = 0; r < predicted.size(); ++r) {
    const bool right = predicted[r] == study.evaluated.truth[r];
    if (study.evaluated.truth[r] == label) {
      ++recall.whole;
      recall.part += right ? 1 : 0;
    }
    if (predicted[r] == label) {
      ++precision.whole;
      precision.part += right ? 1 : 0;
    }
  }
  result.recall = evaluation::figure_of(recall, level, "no row of this label");
  result.precision = evaluation::figure_of(precision, level, "no row is called so");
}

}  // namespace

std::vector<LabelResult> label_results(const Study& study, const evaluation::Scores& scores,
                                       const std::vector<evaluation::RankedScores>& all_ranked,
                                       const evaluation::Scores& chosen, bool are_probabilities,
                                       const AnalysisOptions& options) {
  std::vector<LabelResult> found;
  std::vector<std::size_t> predicted;
  if (study.task == Task::kOne) predicted = evaluation::predictions(scores);
  for (std::size_t c = 0; c < study.labels.size(); ++c) {
    LabelResult result;
    result.label = study.labels[c];
    const Column column{scores.column(c), study.evaluated.positives_of(c)};
    const evaluation::RankedScores& ranked = all_ranked[c];
    result.positives =
        static_cast<std::size_t>(std::count(column.positive.begin(), column.positive.end(), std::uint8_t{1}));
    result.negatives = column.positive.size() - result.positives;
    result.delong = evaluation::delong(ranked, options.level);
    result.auc.method = "DeLong, logit scale";
    result.auc.figure = result.delong ? result.delong->figure()
                                      : evaluation::undefined(result.positives == 0 ? "no row of this label"
                                                                                    : "every row is of this label");
    const Curve curve = ranked.curve();
    result.curve = thinned(evaluation::corners(curve));
    result.precision_recall = thinned(ranked.precision_recall());
    if (study.validation.rows() > 0) {
      const Column other{chosen.column(c), study.validation.positives_of(c)};
      result.points = applied_points(other, column, other.ranked().curve());
    } else {
      result.points = applied_points(column, column, curve);
    }
    if (are_probabilities) {
      result.line = evaluation::calibration_line(column.scores, column.positive);
      result.decision = evaluation::decision_curve(
          curve, static_cast<double>(result.positives) / static_cast<double>(column.positive.size()));
    } else {
      result.line.why = "the scores are no probabilities";
    }
    if (study.task == Task::kOne) add_answers(study, predicted, c, options.level, result);
    found.push_back(std::move(result));
  }
  return found;
}

}  // namespace mi2::report
