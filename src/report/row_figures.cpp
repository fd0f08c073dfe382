#include "report/row_figures.hpp"

#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <utility>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "evaluation/ages.hpp"
#include "evaluation/calibration.hpp"
#include "evaluation/confusion.hpp"

namespace mi2::report {
namespace {

std::optional<double> weighted_mean(std::span<const double> values, std::span<const double> weights) {
  double sum = 0;
  double all = 0;
  for (std::size_t r = 0; r < values.size(); ++r) {
    const double weight = weights.empty() ? 1.0 : weights[r];
    sum += weight * values[r];
    all += weight;
  }
  if (!(all > 0)) return std::nullopt;
  return sum / all;
}

std::vector<evaluation::RankedScores> rank_labels(const Cases& cases, const evaluation::Scores& scores) {
  std::vector<evaluation::RankedScores> ranked;
  for (std::size_t c = 0; c < scores.classes; ++c) ranked.emplace_back(scores.column(c), cases.positives_of(c));
  return ranked;
}

Values areas_of(const std::vector<evaluation::RankedScores>& ranked, std::span<const double> weights) {
  Values areas;
  for (const evaluation::RankedScores& scores : ranked) areas.push_back(scores.auc(weights));
  return areas;
}

}  // namespace

double bootstrap_p(const std::vector<double>& differences) {
  const auto count = static_cast<double>(differences.size());
  const auto below = std::count_if(differences.begin(), differences.end(), [](double d) { return d <= 0; });
  const auto above = std::count_if(differences.begin(), differences.end(), [](double d) { return d >= 0; });
  return std::min(1.0, 2 * (static_cast<double>(std::min(below, above)) + 1) / (count + 1));
}

std::optional<double> mean_of(std::span<const std::optional<double>> values) { return evaluation::mean_auc(values); }

RowFigures::RowFigures(const Cases& cases, const evaluation::Scores& scores, const evaluation::Scores* given, Task task)
    : task_(task), truth_(cases.truth), ranked_(rank_labels(cases, scores)) {
  // The confusion of labels is a table of each by each.
  constexpr std::size_t kMostOfOne = 4096;
  if (task == Task::kOne && scores.classes > kMostOfOne) {
    throw Error(Code::kTooLarge,
                fmt::format("{} labels, of which each row has one; expected at most {}, or --multi-label",
                            scores.classes, kMostOfOne));
  }
  names_ = {{"mean_auc", "mean AUC"}, {"mean_average_precision", "mean average precision"}};
  if (given != nullptr) {
    given_ = rank_labels(cases, *given);
    names_.push_back({"mean_auc_of_given_scores", "mean AUC of the scores as given"});
  }
  if (task != Task::kOne) return;
  for (const auto& [key, name] :
       std::initializer_list<std::pair<const char*, const char*>>{{"accuracy", "accuracy"},
                                                                  {"balanced_accuracy", "balanced accuracy"},
                                                                  {"macro_f1", "macro F1"},
                                                                  {"matthews", "Matthews' correlation"},
                                                                  {"kappa", "Cohen's kappa"},
                                                                  {"kappa_quadratic", "Cohen's kappa, quadratic"},
                                                                  {"ece", "calibration error (15 equal bins)"},
                                                                  {"brier", "Brier score (sum over labels, 0 to 2)"},
                                                                  {"log_loss", "log loss"}}) {
    names_.push_back({key, name});
  }
  predicted_ = evaluation::predictions(scores);
  for (std::size_t r = 0; r < truth_.size(); ++r) {
    const auto row = scores.row(r);
    confidence_.push_back(row[predicted_[r]]);
    right_.push_back(predicted_[r] == truth_[r] ? 1 : 0);
    double square = 0;
    for (std::size_t c = 0; c < row.size(); ++c) {
      const double off = row[c] - (truth_[r] == c ? 1 : 0);
      square += off * off;
    }
    squares_.push_back(square);
    losses_.push_back(-std::log(std::max(row[truth_[r]], 1e-15)));
  }
}

void RowFigures::add_answers(Values& values, std::span<const double> weights) const {
  const evaluation::Confusion confusion(ranked_.size(), truth_, predicted_, weights);
  values.emplace_back(confusion.accuracy());
  values.emplace_back(confusion.balanced_accuracy());
  values.emplace_back(confusion.averages().macro.f1);
  values.push_back(confusion.correlation());
  values.push_back(confusion.kappa());
  values.push_back(confusion.kappa(evaluation::KappaWeights::kQuadratic));
  values.emplace_back(evaluation::reliability_of(confidence_, right_, kCalibrationBins, weights).expected_error);
  values.push_back(weighted_mean(squares_, weights));
  values.push_back(weighted_mean(losses_, weights));
}

Values RowFigures::under(std::span<const double> weights) const {
  const Values areas = areas_of(ranked_, weights);
  Values precisions;
  for (const evaluation::RankedScores& scores : ranked_) precisions.push_back(scores.average_precision(weights));
  Values values{mean_of(areas), mean_of(precisions)};
  if (!given_.empty()) values.push_back(mean_of(areas_of(given_, weights)));
  if (task_ == Task::kOne) add_answers(values, weights);
  values.insert(values.end(), areas.begin(), areas.end());
  values.insert(values.end(), precisions.begin(), precisions.end());
  return values;
}

GroupMetric::GroupMetric(const Cases& cases, const evaluation::Scores& scores, std::span<const std::size_t> rows)
    : rows_(rows.begin(), rows.end()) {
  for (std::size_t c = 0; c < scores.classes; ++c) {
    const std::vector<std::uint8_t> all = cases.positives_of(c);
    std::vector<double> values;
    std::vector<std::uint8_t> positive;
    for (const std::size_t r : rows) {
      values.push_back(scores.row(r)[c]);
      positive.push_back(all[r]);
    }
    ranked_.emplace_back(values, positive);
  }
}

GroupMetric::GroupMetric(std::span<const double> guesses, std::span<const double> truth,
                         std::span<const std::size_t> rows)
    : rows_(rows.begin(), rows.end()) {
  for (const std::size_t r : rows) {
    guesses_.push_back(guesses[r]);
    truth_.push_back(truth[r]);
  }
}

std::optional<double> GroupMetric::under(std::span<const double> weights) const {
  std::vector<double> own;
  if (!weights.empty()) {
    for (const std::size_t r : rows_) own.push_back(weights[r]);
  }
  if (ranked_.empty()) return evaluation::mean_absolute_error(guesses_, truth_, own);
  return mean_of(areas_of(ranked_, own));
}

std::size_t GroupMetric::defined_labels() const {
  const Values areas = areas_of(ranked_, {});
  return static_cast<std::size_t>(
      std::count_if(areas.begin(), areas.end(), [](const auto& area) { return area.has_value(); }));
}

}  // namespace mi2::report
