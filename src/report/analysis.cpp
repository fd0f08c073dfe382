#include "report/analysis.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <set>
#include <span>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "base/table.hpp"
#include "evaluation/pairwise_auc.hpp"
#include "report/age_analysis.hpp"
#include "report/label_results.hpp"
#include "report/row_figures.hpp"
#include "report/sampling.hpp"
#include "report/subgroups.hpp"
#include "report/used_scores.hpp"
#include "report/warnings.hpp"
#include "report/worst_rows.hpp"

namespace mi2::report {
namespace {

void check_options(const AnalysisOptions& options) {
  if (!(options.scale > 0) || !std::isfinite(options.scale)) {
    throw Error(Code::kBadArgument, fmt::format("--scale: expected a number above 0, got {}", options.scale));
  }
  const std::vector<double>& bands = options.groups.age_bands;
  if (bands.empty() || std::adjacent_find(bands.begin(), bands.end(), std::greater_equal<>()) != bands.end()) {
    throw Error(Code::kBadArgument, "--age-bands: expected ascending ages");
  }
}

/// The place of a label that an option names; nothing if it names none.
std::optional<std::size_t> place_of_label(const std::vector<std::string>& labels, const std::string& name,
                                          const char* option) {
  if (name.empty()) return std::nullopt;
  const auto found = std::find(labels.begin(), labels.end(), name);
  if (found != labels.end()) return static_cast<std::size_t>(found - labels.begin());
  throw Error(Code::kBadArgument,
              fmt::format("{}: expected one of the {} labels of the scores, got '{}'", option, labels.size(), name));
}

/// --no-finding, or a label that everybody calls so.
std::optional<std::size_t> no_finding_of(const std::vector<std::string>& labels, const std::string& chosen) {
  if (!chosen.empty()) return place_of_label(labels, chosen, "--no-finding");
  for (std::size_t c = 0; c < labels.size(); ++c) {
    const std::string low = base::lower_ascii(labels[c]);
    if (low == "no finding" || low == "normal" || low == "healthy") return c;
  }
  return std::nullopt;
}

void name_figures(const RowFigures& figures, const Values& values,
                  const std::vector<std::optional<evaluation::Interval>>& intervals, const std::string& method,
                  bool by_patient, Analysis& analysis) {
  for (std::size_t i = 0; i < figures.names().size(); ++i) {
    const FigureName& name = figures.names()[i];
    analysis.figures.push_back({name.key, name.name,
                                sampled_figure(values[i], intervals[i],
                                               "no label has rows of both kinds, or all rows "
                                               "are of one label or answer",
                                               analysis.samples),
                                method});
  }
  NamedFigure& headline = analysis.figures.front();
  headline.name = fmt::format("mean AUC over {} of {} labels", analysis.defined_labels, analysis.labels.size());
  // Two labels whose scores add to 1 have one curve. DeLong's interval counts rows as independent.
  const auto& first = analysis.label_results.front().delong;
  if (!by_patient && analysis.labels.size() == 2 && analysis.samples == 0 && first && headline.figure.value &&
      std::abs(*headline.figure.value - first->auc) < 1e-12) {
    headline.figure = first->figure();
    headline.method = "DeLong, logit scale";
  }
}

/// Figures that have no interval, and that of accuracy from its own distribution.
void add_plain_figures(const Cases& cases, const UsedScores& used, bool by_patient, Analysis& analysis) {
  if (analysis.task != Task::kOne) return;
  const evaluation::Scores& scores = used.scores;
  const auto plain = [&](const char* key, const char* name, std::optional<double> value) {
    evaluation::Figure figure = evaluation::undefined("all rows are of one label");
    if (value) figure = {value, std::nullopt};
    analysis.figures.push_back({key, name, std::move(figure), ""});
  };
  const evaluation::Brier brier = evaluation::brier(scores, cases.truth);
  plain("brier_half", "Brier score, half the sum (0 to 1)", brier.half);
  plain("brier_skill", "Brier skill over the labels' shares", brier.skill);
  plain("ece_classwise", "calibration error, mean over labels (15 equal bins)",
        evaluation::classwise_error(scores, cases.truth));
  plain("ece_adaptive", "calibration error (15 bins of equally many rows)",
        evaluation::adaptive_error(scores, cases.truth));
  // All pairs of many labels would take longer than all else.
  if (scores.classes <= 300) {
    plain("hand_till", "Hand and Till's AUC (each label against each)", evaluation::hand_till(scores, cases.truth));
  }
  if (scores.classes > 5) {
    plain("top_5_accuracy", "top 5 accuracy", evaluation::top_k_accuracy(scores, cases.truth, 5));
  }
  if (by_patient) return;
  for (NamedFigure& figure : analysis.figures) {
    if (figure.key != "accuracy") continue;
    const auto right =
        static_cast<std::uint64_t>(std::llround(*figure.figure.value * static_cast<double>(cases.rows())));
    figure.figure = {figure.figure.value, evaluation::wilson({right, cases.rows()}, analysis.options.level)};
    figure.method = "Wilson";
  }
}

/// The threshold of groups' sensitivity: Youden's of the positive label.
std::optional<PositiveLabel> positive_point(const Analysis& analysis, std::optional<std::size_t> positive) {
  if (!positive) return std::nullopt;
  for (const AppliedPoint& point : analysis.label_results[*positive].points) {
    if (point.rule == kYoudenRule && point.threshold) return PositiveLabel{*positive, *point.threshold};
  }
  return std::nullopt;
}

std::optional<std::size_t> positive_label(const Analysis& analysis, std::optional<std::size_t> no_finding) {
  if (const auto chosen = place_of_label(analysis.labels, analysis.options.groups.positive, "--positive"))
    return chosen;
  if (analysis.labels.size() == 1) return 0;
  if (analysis.labels.size() == 2 && no_finding) return 1 - *no_finding;
  return std::nullopt;
}

/// @param values, intervals  each label's area, then each label's average precision.
void add_label_intervals(std::span<const std::optional<double>> values,
                         std::span<const std::optional<evaluation::Interval>> intervals, bool by_patient,
                         const std::string& method, Analysis& analysis) {
  for (std::size_t c = 0; c < analysis.labels.size(); ++c) {
    LabelResult& label = analysis.label_results[c];
    const std::size_t precision = c + analysis.labels.size();
    // DeLong's interval counts rows as independent.
    if (by_patient && label.delong) {
      label.auc.figure = sampled_figure(values[c], intervals[c], "", analysis.samples);
      label.auc.method = method;
    }
    label.average_precision.figure =
        sampled_figure(values[precision], intervals[precision], "no row of this label", analysis.samples);
    label.average_precision.method = method;
  }
}

void analyse_labels(const Study& study, Analysis& analysis, const base::OnProgress& progress) {
  const Cases& cases = study.evaluated;
  const bool look_so = study.task == Task::kMany ? in_unit_range(cases.scores) : are_probabilities(cases.scores);
  const bool probabilities = study.probabilities.value_or(look_so);
  const UsedScores used = used_scores(cases, study.task, analysis.options.scale, probabilities);
  const UsedScores chosen = used_scores(study.validation, study.task, analysis.options.scale, probabilities);
  analysis.scores = name_of(used, analysis.options.scale);
  const RowFigures figures(cases, used.scores, used.were_made ? &cases.scores : nullptr, study.task);
  const Sampling sampling = sampling_of(cases, {analysis.samples, analysis.options.level, analysis.options.seed});
  analysis.label_results =
      label_results(study, used.scores, figures.ranked(), chosen.scores, used.are_probabilities, analysis.options);
  for (const LabelResult& label : analysis.label_results) analysis.defined_labels += label.delong ? 1 : 0;

  const auto no_finding = no_finding_of(analysis.labels, analysis.options.groups.no_finding);
  SubgroupInputs inputs{&cases, &used.scores, {}, used.are_probabilities, {}, no_finding, {}, {}, {}};
  inputs.positive = positive_point(analysis, positive_label(analysis, no_finding));
  inputs.predicted = figures.predicted();
  inputs.options = analysis.options.groups;
  inputs.level = analysis.options.level;
  Subgroups subgroups(inputs, group_rows(cases, analysis.options.groups, analysis.warnings));

  const Values values = figures.under({});
  const auto intervals = draw_samples(
      sampling, values.size() + subgroups.under({}).size(),
      [&](std::span<const double> weights) {
        Values all = figures.under(weights);
        const Values more = subgroups.sampled(weights);
        all.insert(all.end(), more.begin(), more.end());
        return all;
      },
      progress);
  const std::string method = method_of(sampling);
  const bool by_patient = !sampling.groups.empty();
  name_figures(figures, values, intervals, method, by_patient, analysis);
  const std::size_t named = figures.names().size();
  add_label_intervals(std::span(values).subspan(named), std::span(intervals).subspan(named), by_patient, method,
                      analysis);
  add_plain_figures(cases, used, by_patient, analysis);
  if (study.task == Task::kOne) {
    analysis.confusion = evaluation::Confusion(analysis.labels.size(), cases.truth, figures.predicted());
    analysis.reliability = evaluation::reliability(used.scores, cases.truth, kCalibrationBins);
  }
  analysis.attributes = subgroups.results(std::span(intervals).subspan(values.size()));
  analysis.worst = worst_rows(study, used.scores);
  analysis.scored = scored_rows_of(study, analysis.labels, used.scores);
}

}  // namespace

std::size_t samples_for(std::size_t rows, std::size_t columns) {
  constexpr double kMostWork = 5e8;  // numbers looked at: some seconds, of many labels half a minute
  constexpr std::size_t kUsual = 2000;
  constexpr std::size_t kFewest = 500;
  // The confusion of labels is a table of each by each.
  const double work = static_cast<double>(rows) * static_cast<double>(columns + 2) +
                      static_cast<double>(columns) * static_cast<double>(columns);
  const auto affordable = static_cast<std::size_t>(kMostWork / std::max(work, 1.0));
  if (affordable >= kUsual) return kUsual;
  return affordable >= kFewest ? affordable : 0;
}

Analysis analyse(const Study& study, const AnalysisOptions& options, const base::OnProgress& progress) {
  check_options(options);
  Analysis analysis;
  analysis.task = study.task;
  analysis.intake = study.intake;
  analysis.options = options;
  analysis.labels = study.labels;
  analysis.rows = study.evaluated.rows();
  analysis.validation_rows = study.validation.rows();
  analysis.cohort = describe_cohort(study, options.groups);
  analysis.samples = options.samples.value_or(samples_for(analysis.rows, study.labels.size()));
  if (!study.evaluated.patients.empty()) {
    analysis.patients =
        std::set<std::string_view>(study.evaluated.patients.begin(), study.evaluated.patients.end()).size();
  }
  if (study.task == Task::kAges) {
    analyse_ages(study, analysis, progress);
  } else {
    analyse_labels(study, analysis, progress);
  }
  add_warnings(study, analysis);
  return analysis;
}

}  // namespace mi2::report
