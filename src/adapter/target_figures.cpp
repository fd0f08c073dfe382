#include "adapter/target_figures.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "evaluation/confusion.hpp"
#include "evaluation/evaluation.hpp"

namespace mi2::adapter {
namespace {

using evaluation::BootstrapOptions;
using evaluation::Figure;

Figure plain(std::optional<double> value) { return {value, std::nullopt}; }

/// Figures of numbers under weights, with intervals.
std::vector<Figure> with_intervals(const Evaluated& evaluated, const BootstrapOptions& options,
                                   const evaluation::Statistic& statistic) {
  const std::size_t rows = evaluated.numbers.size();
  const std::vector<std::size_t> strata(rows);
  std::vector<Figure> figures;
  for (const std::optional<double>& value : statistic(std::vector<double>(rows, 1.0))) figures.push_back(plain(value));
  const std::size_t units = evaluation::count_groups(strata, evaluated.groups, 1)[0].with;
  if (options.samples == 0) return figures;
  if (units < evaluation::kFewestForInterval) {
    for (Figure& figure : figures)
      figure.why = fmt::format("fewer than {} to draw from", evaluation::kFewestForInterval);
    return figures;
  }
  const auto intervals = evaluation::bootstrap(strata, evaluated.groups, options, statistic);
  for (std::size_t f = 0; f < figures.size(); ++f) figures[f].interval = intervals[f];
  return figures;
}

TargetFigures number_figures(const Evaluated& evaluated, std::optional<double> typical,
                             const BootstrapOptions& options) {
  const std::vector<double>& guesses = evaluated.logits.values;
  const std::vector<double>& truth = evaluated.numbers;
  const evaluation::AgeErrors errors = evaluation::age_errors(guesses, truth);
  const std::vector<double> middle(truth.size(), typical.value_or(0));
  const std::vector<Figure> found = with_intervals(evaluated, options, [&](std::span<const double> weights) {
    double squares = 0;
    double all = 0;
    for (std::size_t r = 0; r < truth.size(); ++r) {
      squares += weights[r] * (guesses[r] - truth[r]) * (guesses[r] - truth[r]);
      all += weights[r];
    }
    return std::vector<std::optional<double>>{evaluation::mean_absolute_error(guesses, truth, weights),
                                              all > 0 ? std::optional(std::sqrt(squares / all)) : std::nullopt};
  });
  TargetFigures figures;
  figures.figures = {{"mean_absolute_error", "mean absolute error", found[0]},
                     {"root_mean_square_error", "root mean square", found[1]},
                     {"bias", "bias", plain(errors.bias)},
                     {"agreement_low", "agreement from", plain(std::nullopt)},
                     {"agreement_high", "agreement to", plain(std::nullopt)},
                     {"intraclass_correlation", "ICC(2,1)", plain(errors.intraclass)}};
  if (errors.limits) {
    figures.figures[3].figure.value = errors.limits->low;
    figures.figures[4].figure.value = errors.limits->high;
  }
  if (typical) {
    figures.figures.push_back({"mean_absolute_error_of_median", "error of median",
                               plain(evaluation::mean_absolute_error(middle, truth, {}))});
  }
  return figures;
}

/// By the expected value, and by the likeliest label.
TargetFigures ordinal_figures(const Evaluated& evaluated, const std::vector<double>& levels,
                              std::optional<double> typical, const BootstrapOptions& options) {
  const evaluation::Scores probabilities = evaluation::softmax(evaluated.logits);
  const std::vector<std::size_t> calls = evaluation::predictions(probabilities);
  const std::vector<double>& truth = evaluated.numbers;
  const std::vector<double> guesses = evaluation::ages_by_expectation(probabilities, levels);
  const std::vector<double> middle(truth.size(), typical.value_or(0));
  const std::vector<Figure> found = with_intervals(evaluated, options, [&](std::span<const double> weights) {
    const evaluation::Confusion confusion(probabilities.classes, evaluated.classes, calls, weights);
    return std::vector<std::optional<double>>{evaluation::mean_absolute_error(guesses, truth, weights),
                                              confusion.kappa(evaluation::KappaWeights::kQuadratic),
                                              confusion.accuracy()};
  });
  TargetFigures figures;
  figures.figures = {{"mean_absolute_error", "mean absolute error", found[0]},
                     {"kappa_quadratic", "quadratic kappa", found[1]},
                     {"accuracy", "accuracy", found[2]},
                     {"bias", "bias", plain(evaluation::age_errors(guesses, truth).bias)}};
  if (typical) {
    figures.figures.push_back({"mean_absolute_error_of_median", "error of median",
                               plain(evaluation::mean_absolute_error(middle, truth, {}))});
  }
  return figures;
}

TargetFigures survival_figures(const Evaluated& evaluated, const BootstrapOptions& options) {
  const std::vector<double>& risks = evaluated.logits.values;
  const evaluation::SurvivalRows rows(risks, evaluated.numbers, evaluated.classes, evaluated.folds);
  const auto events = std::ranges::count(evaluated.classes, std::size_t{1});
  return {{{"c_index", "C-index",
            evaluation::concordance_figure(risks, evaluated.numbers, evaluated.classes, evaluated.folds,
                                           evaluated.groups, options)},
           {"comparable_pairs", "comparable pairs", plain(rows.concordance().pairs)},
           {"events", "events", plain(static_cast<double>(events))}}};
}

TargetFigures finding_figures(const Evaluated& evaluated, const BootstrapOptions& options) {
  const std::vector<double> thresholds(evaluated.logits.classes, kCalled);
  TargetFigures figures;
  figures.findings = evaluation::evaluate_findings(evaluation::logistic(evaluated.logits), evaluated.findings,
                                                   thresholds, options, evaluated.groups);
  const evaluation::FindingsEvaluation& found = *figures.findings;
  figures.figures = {{"mean_auc", "mean AUC", found.mean_auc},
                     {"mean_average_precision", "mean precision", plain(found.mean_average_precision)},
                     {"macro_f1", "macro F1", plain(found.averages.macro.f1)},
                     {"micro_f1", "micro F1", plain(found.averages.micro.f1)},
                     {"exact_match", "exact match", plain(found.exact_match)},
                     {"hamming_loss", "Hamming loss", plain(found.hamming_loss)}};
  return figures;
}

}  // namespace

TargetFigures target_figures(const AdapterDescription& shape, const Evaluated& evaluated, std::optional<double> typical,
                             const BootstrapOptions& options) {
  switch (shape.target) {
    case Target::kFindings:
      return finding_figures(evaluated, options);
    case Target::kNumber:
      return number_figures(evaluated, typical, options);
    case Target::kOrdinal:
      return ordinal_figures(evaluated, levels_of(shape), typical, options);
    case Target::kLabel:
    case Target::kSurvival:
      break;
  }
  return survival_figures(evaluated, options);
}

std::map<std::string, double> target_metrics(const AdapterDescription& shape, const Evaluated& evaluated) {
  std::map<std::string, double> metrics{{"rows", static_cast<double>(evaluated.logits.rows())}};
  for (const TargetFigure& figure : target_figures(shape, evaluated, std::nullopt, {0, 0.95, 0}).figures) {
    if (figure.figure.value) metrics[figure.key] = *figure.figure.value;
  }
  return metrics;
}

}  // namespace mi2::adapter
