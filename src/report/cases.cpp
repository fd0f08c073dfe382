#include "report/cases.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <set>
#include <span>
#include <unordered_map>
#include <utility>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "base/numbers.hpp"
#include "report/label_rows.hpp"

namespace mi2::report {
namespace {

/// Columns of an attribute table stand beside those of the labels.
void add_attributes(LabelRows& rows, LabelRows more) {
  std::unordered_map<std::string, std::size_t> row_of;
  for (std::size_t r = 0; r < more.rows.size(); ++r) row_of.emplace(more.rows[r].id, r);
  if (more.has_patients && rows.has_patients) {
    throw Error(Code::kBadFile,
                fmt::format("{}: names patients, and so does {}; expected one of them", more.source, rows.source));
  }
  std::set<std::string> names(rows.attributes.begin(), rows.attributes.end());
  for (const std::string& name : more.attributes) {
    if (!names.insert(name).second) {
      throw Error(Code::kBadFile, fmt::format("{}: has a column that {} has too; expected it in one of them",
                                              more.source, rows.source));
    }
    rows.attributes.push_back(name);
  }
  rows.has_patients = rows.has_patients || more.has_patients;
  for (LabelRow& row : rows.rows) {
    const auto found = row_of.find(row.id);
    if (found == row_of.end()) {
      row.attributes.resize(rows.attributes.size());
      continue;
    }
    LabelRow& other = more.rows[found->second];
    if (more.has_patients) row.patient = std::move(other.patient);
    std::move(other.attributes.begin(), other.attributes.end(), std::back_inserter(row.attributes));
  }
}

/// @returns how many patients are in more than one split.
std::size_t leaked_patients(const LabelRows& rows) {
  std::unordered_map<std::string, vectors::Split> split_of;
  std::set<std::string> leaked;
  for (const LabelRow& row : rows.rows) {
    if (row.patient.empty() || !row.split) continue;
    const auto [earlier, is_new] = split_of.emplace(row.patient, *row.split);
    if (!is_new && earlier->second != *row.split) leaked.insert(row.patient);
  }
  return leaked.size();
}

/// Takes rows of labels one by one, and finds their scores.
class CaseBuilder {
 public:
  CaseBuilder(const Predictions& predictions, const LabelRows& rows, const CaseOptions& options)
      : predictions_(predictions), rows_(rows), options_(options), used_(predictions.ids.size()) {
    for (std::size_t r = 0; r < predictions.ids.size(); ++r) row_of_.emplace(predictions.ids[r], r);
    for (std::size_t c = 0; c < predictions.labels.size(); ++c) label_of_.emplace(predictions.labels[c], c);
  }

  [[nodiscard]] Cases empty() const {
    Cases cases;
    cases.scores.classes = predictions_.labels.size();
    for (const std::string& name : rows_.attributes) cases.attributes.push_back({name, {}});
    return cases;
  }

  void add(const LabelRow& row, Cases& cases, Intake& intake) {
    const auto found = row_of_.find(row.id);
    if (found == row_of_.end()) {
      if (!options_.allow_missing) ++missing_;
      if (missing_ == 1) first_missing_ = row.line;
      ++intake.without_scores;
      return;
    }
    used_[found->second] = true;
    if (rows_.has_patients && row.patient.empty()) {
      throw Error(Code::kBadFile,
                  fmt::format("{}: line {}: the patient is empty, so that nothing shows whose row it is", rows_.source,
                              row.line));
    }
    if (!add_truth(row, cases)) {
      ++intake.of_unscored_labels;
      return;
    }
    cases.ids.push_back(row.id);
    const auto scores = predictions_.scores.row(found->second);
    cases.scores.values.insert(cases.scores.values.end(), scores.begin(), scores.end());
    if (rows_.has_patients) cases.patients.push_back(row.patient);
    for (std::size_t a = 0; a < cases.attributes.size(); ++a) {
      cases.attributes[a].values.push_back(row.attributes[a]);
    }
  }

  /// A row that is not evaluated may have scores.
  void pass(const LabelRow& row) {
    const auto found = row_of_.find(row.id);
    if (found != row_of_.end()) used_[found->second] = true;
  }

  void finish(Intake& intake) const {
    intake.without_labels = static_cast<std::size_t>(std::count(used_.begin(), used_.end(), false));
    if (missing_ == 0) return;
    throw Error(Code::kBadFile,
                fmt::format("{}: {} of {} labelled rows have no scores in {}, the first on line {}; an evaluation of "
                            "those that have says something else: expected all, or --allow-missing",
                            rows_.source, missing_, intake.labelled, predictions_.source, first_missing_));
  }

 private:
  /// @returns false if the row is to be left out.
  bool add_truth(const LabelRow& row, Cases& cases) {
    if (options_.task == Task::kAges) {
      const std::optional<double> age = base::parse_finite(row.label);
      if (!age || std::abs(*age) > kMostAge) {
        throw Error(Code::kBadFile, fmt::format("{}: line {}: expected a number of at most {:g} as label", rows_.source,
                                                row.line, kMostAge));
      }
      cases.ages.push_back(*age);
      return true;
    }
    if (options_.task == Task::kOne) {
      const std::optional<std::size_t> label = find_label(row.label, row.line);
      if (label) cases.truth.push_back(*label);
      return label.has_value();
    }
    std::vector<std::uint8_t> positive(predictions_.labels.size());
    if (positive.size() == 1 && (row.label == "0" || row.label == "1")) {
      cases.positive.push_back(row.label == "1" ? 1 : 0);
      return true;
    }
    for (const std::string& name : split_labels(row.label)) {
      const std::optional<std::size_t> label = find_label(name, row.line);
      if (!label) return false;
      positive[*label] = 1;
    }
    cases.positive.insert(cases.positive.end(), positive.begin(), positive.end());
    return true;
  }

  [[nodiscard]] std::optional<std::size_t> find_label(const std::string& name, std::size_t line) const {
    const auto found = label_of_.find(name);
    if (found != label_of_.end()) return found->second;
    if (options_.drop_unscored) return std::nullopt;
    throw Error(Code::kBadFile, fmt::format("{}: line {}: {} has no scores of its label '{}', so that no answer to it "
                                            "can be right; expected one of the {} labels, or --drop-unscored",
                                            rows_.source, line, predictions_.source, name, predictions_.labels.size()));
  }

  const Predictions& predictions_;
  const LabelRows& rows_;
  const CaseOptions& options_;
  std::unordered_map<std::string, std::size_t> row_of_;
  std::unordered_map<std::string, std::size_t> label_of_;
  std::vector<bool> used_;
  std::size_t missing_ = 0;
  std::size_t first_missing_ = 0;
};

bool has_rows_of(const LabelRows& rows, vectors::Split split) {
  return std::any_of(rows.rows.begin(), rows.rows.end(), [&](const LabelRow& row) { return row.split == split; });
}

}  // namespace

std::string_view name_of(Task task) noexcept {
  if (task == Task::kMany) return "many labels";
  return task == Task::kOne ? "one label" : "ages";
}

std::vector<std::uint8_t> Cases::positives_of(std::size_t label) const {
  std::vector<std::uint8_t> found(rows());
  for (std::size_t r = 0; r < found.size(); ++r) {
    found[r] =
        positive.empty() ? static_cast<std::uint8_t>(truth[r] == label ? 1 : 0) : positive[r * scores.classes + label];
  }
  return found;
}

Study read_study(Predictions predictions, base::Table labels, std::optional<base::Table> attributes,
                 const CaseOptions& asked) {
  CaseOptions options = asked;
  // With a single label there is nothing to choose from.
  if (options.task == Task::kOne && predictions.labels.size() == 1) options.task = Task::kMany;
  // Nothing is "none of the labels" only where several were asked for: of a single finding nobody knows then.
  LabelRows rows = read_label_rows(std::move(labels), asked);
  if (attributes) add_attributes(rows, read_attribute_rows(std::move(*attributes)));
  Study study;
  study.task = options.task;
  study.probabilities = options.probabilities;
  study.intake.predicted = predictions.ids.size();
  study.intake.labelled = rows.rows.size();
  study.intake.has_splits = rows.has_splits;
  study.intake.leaked_patients = leaked_patients(rows);
  if (study.intake.leaked_patients > 0 && !options.allow_leak) {
    throw Error(
        Code::kBadFile,
        fmt::format("{}: patients in more than one split: {}; what was trained on then says something of what is "
                    "tested: expected none, or --allow-leak",
                    rows.source, study.intake.leaked_patients));
  }
  CaseBuilder builder(predictions, rows, options);
  study.evaluated = builder.empty();
  study.validation = builder.empty();
  const bool has_test = has_rows_of(rows, vectors::Split::kTest);
  const vectors::Split evaluated = has_test ? vectors::Split::kTest : vectors::Split::kValidation;
  for (const LabelRow& row : rows.rows) {
    if (!row.split || *row.split == evaluated) {
      builder.add(row, study.evaluated, study.intake);
    } else if (*row.split == vectors::Split::kValidation) {
      builder.add(row, study.validation, study.intake);
    } else {
      builder.pass(row);
      ++study.intake.of_training;
    }
  }
  builder.finish(study.intake);
  if (study.evaluated.rows() == 0) {
    throw Error(Code::kBadArgument, fmt::format("{}: no row is left to evaluate, of {} rows with {} of another split",
                                                rows.source, study.intake.labelled, study.intake.of_training));
  }
  study.labels = std::move(predictions.labels);
  return study;
}

}  // namespace mi2::report
