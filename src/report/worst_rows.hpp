#pragma once
// The rows that are furthest from right, for people to look at.

#include <span>
#include <vector>

#include "report/analysis.hpp"

namespace mi2::report {

inline constexpr std::size_t kWorstRows = 20;

/// Of one label: wrong answers, the surest first. Of many: rows with a score of a wrong label far above that of a right
/// one.
std::vector<WorstRow> worst_rows(const Study& study, const evaluation::Scores& scores);
std::vector<WorstRow> worst_ages(const Cases& cases, std::span<const double> guesses);

}  // namespace mi2::report
