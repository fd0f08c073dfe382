#pragma once
// Rows whose label is a number.

#include "base/progress.hpp"
#include "report/analysis.hpp"

namespace mi2::report {

/// Fills in what Task::kAges has. @throws Error{kBadArgument} for columns that are no ages.
void analyse_ages(const Study& study, Analysis& analysis, const base::OnProgress& progress);

}  // namespace mi2::report
