#include "report/scored_rows.hpp"

#include <cmath>
#include <string_view>
#include <unordered_set>
#include <utility>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "base/csv.hpp"
#include "base/numbers.hpp"
#include "report/predictions.hpp"

namespace mi2::report {
namespace {

constexpr std::string_view kScorePrefix = "score:";
constexpr std::string_view kPatientName = "patient";

/// The second column's name says what the rows' truth is.
std::string_view truth_column(Task task) {
  if (task == Task::kMany) return "labels";
  return task == Task::kOne ? "label" : "age";
}

[[noreturn]] void refuse(const base::Table& table, const std::string& what) {
  throw Error(Code::kBadFile, fmt::format("{}: expected the rows.csv of a report, got {}", table.name(), what));
}

}  // namespace

ScoredRows scored_rows_of(const Study& study, std::vector<std::string> labels, evaluation::Scores scores) {
  const Cases& cases = study.evaluated;
  ScoredRows found{{}, study.task, cases.ids, {}, cases.patients, std::move(labels), std::move(scores)};
  for (std::size_t r = 0; r < cases.rows(); ++r) {
    std::string truth;
    if (study.task == Task::kOne) {
      truth = study.labels[cases.truth[r]];
    } else if (study.task == Task::kAges) {
      base::append_number(truth, cases.ages[r]);
    } else {
      for (std::size_t c = 0; c < study.labels.size(); ++c) {
        if (cases.positive[r * study.labels.size() + c] == 0) continue;
        truth += fmt::format("{}{}", truth.empty() ? "" : "|", study.labels[c]);
      }
    }
    found.truth.push_back(std::move(truth));
  }
  return found;
}

std::string to_csv(const ScoredRows& rows) {
  std::string text = fmt::format("id,{}", truth_column(rows.task));
  if (!rows.patients.empty()) text += fmt::format(",{}", kPatientName);
  for (const std::string& label : rows.labels) {
    text += ',' + base::csv_field(fmt::format("{}{}", kScorePrefix, label));
  }
  text += '\n';
  for (std::size_t r = 0; r < rows.ids.size(); ++r) {
    text += base::csv_field(rows.ids[r]) + ',' + base::csv_field(rows.truth[r]);
    if (!rows.patients.empty()) text += ',' + base::csv_field(rows.patients[r]);
    for (const double score : rows.scores.row(r)) {
      text += ',';
      base::append_number(text, score);
    }
    text += '\n';
  }
  return text;
}

ScoredRows read_scored_rows(base::Table table) {
  ScoredRows found;
  found.source = table.name();
  const std::vector<std::string>& header = table.header();
  if (header.size() < 3 || header[0] != "id") refuse(table, "another first column, or fewer than three");
  bool is_known = false;
  for (const Task task : {Task::kOne, Task::kMany, Task::kAges}) {
    if (header[1] != truth_column(task)) continue;
    found.task = task;
    is_known = true;
  }
  if (!is_known) refuse(table, "another second column");
  const bool has_patients = header[2] == kPatientName;
  const std::size_t first = has_patients ? 3 : 2;
  for (std::size_t c = first; c < header.size(); ++c) {
    if (!header[c].starts_with(kScorePrefix)) refuse(table, fmt::format("a column {} that is no score", c + 1));
    found.labels.push_back(header[c].substr(kScorePrefix.size()));
  }
  if (found.labels.empty() || table.rows().empty()) refuse(table, "no score");
  found.scores.classes = found.labels.size();
  std::unordered_set<std::string> ids;
  for (base::CsvRow& row : table.take_rows()) {
    if (!ids.insert(row.fields[0]).second) refuse(table, fmt::format("an id twice on line {}", row.line));
    for (std::size_t c = first; c < row.fields.size(); ++c) {
      const std::optional<double> score = base::parse_finite(row.fields[c]);
      const bool is_right = score && (found.task != Task::kAges || std::abs(*score) <= kMostAge);
      if (!is_right) refuse(table, fmt::format("no number on line {}", row.line));
      found.scores.values.push_back(*score);
    }
    found.ids.push_back(std::move(row.fields[0]));
    found.truth.push_back(std::move(row.fields[1]));
    if (has_patients) found.patients.push_back(std::move(row.fields[2]));
  }
  return found;
}

}  // namespace mi2::report
