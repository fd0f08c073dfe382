#include "report/checklist.hpp"
#include "report/version.hpp"

#include <fmt/format.h>

namespace mi2::report {
namespace {

std::string flow_of(const Analysis& analysis) {
  const Intake& intake = analysis.intake;
  return fmt::format(
      "{} labelled rows; {} of other splits, {} without scores and {} of labels without scores left out; "
      "{} scored rows without a label left out; {} evaluated, {} for the choice of operating points",
      intake.labelled, intake.of_training, intake.without_scores, intake.of_unscored_labels, intake.without_labels,
      analysis.rows, analysis.validation_rows);
}

std::string split_of(const Analysis& analysis) {
  if (!analysis.intake.has_splits) return "the table of labels names no split: what was trained on is not known here";
  if (!analysis.patients) return "by the table's split column; whether patients are in several is not known";
  return fmt::format("by the table's split column; {} patients in more than one split",
                     analysis.intake.leaked_patients);
}

std::string groups_of(const Analysis& analysis) {
  std::string names;
  for (const AttributeResult& attribute : analysis.attributes) {
    names += fmt::format("{}{}", names.empty() ? "" : "; ", attribute.name);
  }
  return names;
}

}  // namespace

std::vector<ChecklistItem> checklist(const Analysis& analysis) {
  std::vector<ChecklistItem> items{
      {"Intended use and clinical role", ""},
      {"Rationale and objectives", ""},
      {"Source of the data, dates and sites", ""},
      {"Ethics approval and consent", ""},
      {"Inclusion and exclusion, with counts", flow_of(analysis)},
      {"Number of participants and of images",
       analysis.patients ? fmt::format("{} patients, {} rows", *analysis.patients, analysis.rows)
                         : fmt::format("{} rows; patients are not named", analysis.rows)},
      {"Reference standard, and qualifications of its readers", ""},
      {"Vocabulary of labels",
       fmt::format("{} labels, {} of them with rows of both kinds", analysis.labels.size(), analysis.defined_labels)},
      {"Splits and the level at which they are disjoint", split_of(analysis)},
      {"External or internal validation", ""},
      {"Model, version and weights", ""},
      {"What the scores are", analysis.scores},
      {"Software", fmt::format("statistics: mi2 {}", kVersion)},
      {"Metrics with intervals", "see the figures above"},
      {"How uncertainty was computed",
       fmt::format("{:.0f}% intervals; {} bootstrap samples, seed {}; DeLong and Wilson where named",
                   100 * analysis.options.level, analysis.samples, analysis.options.seed)},
      {"Selection of thresholds", analysis.task == Task::kAges   ? "none"
                                  : analysis.validation_rows > 0 ? "on validation rows, applied to the evaluated rows"
                                                                 : "on the evaluated rows themselves: optimistic"},
      {"Calibration", analysis.reliability ? "see the figures above" : "the scores are no probabilities of one label"},
      {"Performance by group", groups_of(analysis)},
      {"Analysis of failures", analysis.worst.empty() ? "" : "the worst errors are listed by id"},
      {"Registration, protocol and funding", ""},
      {"Availability of code and model", ""},
      {"Compute and energy", analysis.compute}};
  return items;
}

}  // namespace mi2::report
