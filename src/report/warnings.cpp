#include "report/warnings.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace mi2::report {
namespace {

constexpr std::size_t kFewRows = 10;

/// "'a', 'b' and 3 more"
std::string some_of(const std::vector<std::string>& names) {
  constexpr std::size_t kMost = 5;
  std::string text;
  for (std::size_t i = 0; i < std::min(names.size(), kMost); ++i) {
    text += fmt::format("{}'{}'", i > 0 ? ", " : "", names[i]);
  }
  return names.size() > kMost ? fmt::format("{} and {} more", text, names.size() - kMost) : text;
}

void warn_of_intake(const Analysis& analysis, std::vector<std::string>& warnings) {
  const Intake& intake = analysis.intake;
  if (intake.leaked_patients > 0) {
    warnings.push_back(
        fmt::format("patients in more than one split: {}; what was trained on says something of what is "
                    "evaluated, and figures look better than they are",
                    intake.leaked_patients));
  }
  if (intake.without_scores > 0) {
    warnings.push_back(
        fmt::format("{} of {} labelled rows have no scores and are left out: if they are not a random "
                    "part, the figures are of others",
                    intake.without_scores, intake.labelled));
  }
  if (intake.of_unscored_labels > 0) {
    warnings.push_back(
        fmt::format("{} rows are of labels without scores and are left out: all of them are mistakes of "
                    "the model that no figure shows",
                    intake.of_unscored_labels));
  }
  if (intake.without_labels > 0) {
    warnings.push_back(
        fmt::format("{} of {} scored rows have no label and are left out", intake.without_labels, intake.predicted));
  }
}

void warn_of_labels(const Analysis& analysis, std::vector<std::string>& warnings) {
  std::vector<std::string> absent;
  std::vector<std::string> few;
  std::vector<std::string> extreme;
  for (const LabelResult& label : analysis.label_results) {
    if (!label.delong) {
      absent.push_back(label.label);
    } else if (std::min(label.positives, label.negatives) < kFewRows) {
      few.push_back(label.label);
    }
    if (label.delong && (label.delong->auc <= 0 || label.delong->auc >= 1)) extreme.push_back(label.label);
  }
  if (!absent.empty()) {
    warnings.push_back(
        fmt::format("{} of {} labels have no row, or every one: {} have no AUC, and means are over the "
                    "other {}",
                    absent.size(), analysis.labels.size(), some_of(absent), analysis.defined_labels));
  }
  if (!few.empty()) {
    warnings.push_back(
        fmt::format("{} of {} labels have fewer than {} rows of one kind, and their figures say little: "
                    "{}",
                    few.size(), analysis.labels.size(), kFewRows, some_of(few)));
  }
  if (!extreme.empty()) {
    warnings.push_back(
        fmt::format("the AUC of {} is exactly 0 or 1: its interval is a one-sided bound, not a standard "
                    "error's",
                    some_of(extreme)));
  }
}

void warn_of_scores(const Study& study, const Analysis& analysis, std::vector<std::string>& warnings) {
  if (study.task == Task::kAges && study.labels.size() == 1) return;
  const auto& scores = study.evaluated.scores.values;
  const auto [low, high] = std::minmax_element(scores.begin(), scores.end());
  if (analysis.scores.starts_with("softmax") && analysis.options.scale == 1 && *low >= -1 && *high <= 1) {
    warnings.emplace_back(
        "all scores are between -1 and 1: if they are cosines, --scale is the model's logit scale, "
        "and without it the softmax is nearly flat");
  }
  if (*low == *high) warnings.emplace_back("every score is the same: the model says nothing of any row");
}

}  // namespace

void add_warnings(const Study& study, Analysis& analysis) {
  std::vector<std::string>& warnings = analysis.warnings;
  warn_of_intake(analysis, warnings);
  warn_of_labels(analysis, warnings);
  warn_of_scores(study, analysis, warnings);
  if (study.task != Task::kAges && analysis.validation_rows == 0) {
    warnings.emplace_back(
        "there are no validation rows: operating points were chosen on the rows that they are "
        "evaluated on, and look better than they are");
  }
  if (!analysis.patients) {
    warnings.emplace_back(
        "no column names patients: rows count as independent, and if several are of one person, "
        "intervals are too narrow");
  }
  if (analysis.samples == 0) warnings.emplace_back("no bootstrap was made: figures of all labels have no interval");
  for (const AttributeResult& attribute : analysis.attributes) {
    for (const std::string& fault : attribute.faults) {
      warnings.push_back(fmt::format("groups of {}: {}", attribute.name, fault));
    }
  }
}

}  // namespace mi2::report
