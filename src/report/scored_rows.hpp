#pragma once
// The file of a report with its rows: what a later comparison with another model needs.

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/table.hpp"
#include "evaluation/scores.hpp"
#include "report/cases.hpp"

namespace mi2::report {

struct ScoredRows {
  std::string source;  ///< what errors call it
  Task task = Task::kOne;
  std::vector<std::string> ids;
  std::vector<std::string> truth;     ///< as text, so that those of two files can be compared
  std::vector<std::string> patients;  ///< [rows], or empty
  std::vector<std::string> labels;    ///< of Task::kAges: ways of guessing
  evaluation::Scores scores;          ///< [rows, labels], of Task::kAges guesses
};

/// @param labels, scores  as ScoredRows has them.
ScoredRows scored_rows_of(const Study& study, std::vector<std::string> labels, evaluation::Scores scores);

std::string to_csv(const ScoredRows& rows);
/// @throws Error{kBadFile} for what to_csv() did not write.
ScoredRows read_scored_rows(base::Table table);

}  // namespace mi2::report
