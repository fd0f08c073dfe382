#pragma once
// mi2 evaluate of files: tables of scores or of rankings, and the reports of two models.

#include <optional>
#include <string>
#include <vector>

#include "report/analysis.hpp"
#include "report/cases.hpp"

namespace mi2::cli {

struct TableEvaluation {
  std::string predictions;
  std::string labels;
  std::string attributes;  ///< empty: none
  std::string out;
  std::vector<std::string> compared;  ///< folders of two reports
  std::optional<double> absent_score;
  report::CaseOptions cases;
  report::AnalysisOptions analysis;
};

/// A report of scores, and a summary on standard output. @returns the exit status, as those below.
/// @throws as report::read_predictions(), report::read_study() and report::analyse().
int evaluate_tables(const TableEvaluation& tables);

/// --compare: comparison.json, comparison.html and a summary. @throws as report::read_scored_rows(), report::compare().
int compare_reports(const TableEvaluation& tables);

/// --retrieval: retrieval.json, retrieval.html and a summary.
/// @throws as report::evaluate_retrieval(); Error{kBadArgument} without both tables.
int judge_retrieval(const TableEvaluation& tables);

/// Writes the files of a report into a folder, made if it is not there.
void write_report(const std::string& out, const report::Analysis& analysis);

}  // namespace mi2::cli
