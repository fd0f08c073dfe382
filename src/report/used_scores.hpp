#pragma once
// From scores as given to those that figures are of.

#include <string>

#include "evaluation/scores.hpp"
#include "report/cases.hpp"

namespace mi2::report {

/// The scores that figures are of.
struct UsedScores {
  evaluation::Scores scores;
  bool are_probabilities = false;
  bool were_made = false;  ///< by a softmax
};

/// Whether every score is from 0 to 1, and, for probabilities, every row's sum is 1 but for the rounding of print.
bool in_unit_range(const evaluation::Scores& scores);
bool are_probabilities(const evaluation::Scores& scores);

/// @param probabilities  whether they are, by the rule for all splits: that of the evaluated rows.
UsedScores used_scores(const Cases& cases, Task task, double scale, bool probabilities);
/// "probabilities", "softmax of the scores x SCALE" or "scores"
std::string name_of(const UsedScores& scores, double scale);

}  // namespace mi2::report
